import t from 'tap'
import { OwnReports } from '../../../core/control/reports.ts'

t.test('a report is asked by its name, and gets what is asked', async (t) => {
  const reports = new OwnReports()
  reports.add('sum', (args) => (args as number[]).reduce((a, b) => a + b))
  reports.add('nothing', () => undefined)
  t.strictSame(await reports.ask('sum', [1, 2]), [3])
  t.strictSame(await reports.ask('nothing'), [])
  t.strictSame(await reports.ask('unknown'), [])
  t.throws(() => reports.add('sum', () => 0), { message: 'there is a report "sum" already' })
})
