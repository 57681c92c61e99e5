import t from 'tap'
import { httpDate } from '../../../core/base/http-date.ts'

t.test('it is the present time, made once a second', async (t) => {
  const now = t.capture(Date.prototype, 'toUTCString', Date.prototype.toUTCString)
  const before = Math.floor(Date.now() / 1000)
  const dates = new Set(Array.from({ length: 1000 }, httpDate))
  for (const date of dates) {
    t.match(date, /^[A-Z][a-z]{2}, \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d GMT$/)
    t.ok(Date.parse(date) / 1000 >= before)
  }
  t.ok(now().length <= 2)
})
