import t from 'tap'
import { Silence } from '../../../core/fleet/silence.ts'

t.test('silence adds up until a word', async (t) => {
  const silence = new Silence(100)
  t.strictSame([silence.tick(100), silence.tick(120)], [100, 220])
  silence.broken()
  t.equal(silence.tick(100), 100)
})

t.test('a tick that comes late says nothing of the worker', async (t) => {
  const silence = new Silence(100)
  t.strictSame([silence.tick(100), silence.tick(3_600_000), silence.tick(100)], [100, 100, 200])
})
