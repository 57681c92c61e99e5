import t from 'tap'
import { restartProblems } from '../../../config/live/needs-restart.ts'
import { parse } from '../support.ts'

t.test('what is read at the start alone, and nothing else', async (t) => {
  const settings = (text: string) => parse(`listen: 8000\n${text}`).settings
  const live = settings('tracing: { enabled: true }\n')
  t.strictSame(restartProblems(live, settings('debug: true\ntracing: { enabled: true }\n')), [])
  t.strictSame(restartProblems(live, settings('tracing: { enabled: false }\n')), [
    {
      path: ['tracing'],
      message: '"tracing" changes only with a restart; nothing of this configuration was applied',
    },
  ])
})
