import t from 'tap'
import { logReload } from '../../../config/live/reload-log.ts'
import type { ConfigStatus, ReloadOutcome } from '../../../core/control/config-control.ts'
import { RecordingLogger } from '../../../core/testing.ts'

/** The lines of a load. */
function linesOf(result: Partial<ReloadOutcome>) {
  const log = new RecordingLogger()
  const status = { endpoints: 3 } as ConfigStatus
  const whole = { outcome: 'applied', version: 'v', duration_ms: 7, problems: [], warnings: [], ...result } as const
  logReload(log, whole, status, 'file')
  return log.lines
}

const fields = { trigger: 'file', version: 'v', duration_ms: 7 }
const at = { file: 'weir.yaml', line: 4, col: 2, path: 'endpoints[0].url' }

t.test('a load that changes something has its warnings, with their places', async (t) => {
  const warnings = [
    { ...at, message: 'a' },
    { file: 'weir.yaml', path: '', message: 'b' },
  ]
  t.strictSame(linesOf({ outcome: 'applied', warnings }), [
    { level: 'info', fields: { ...fields, endpoints: 3 }, message: 'configuration reloaded' },
    { level: 'warn', fields: { place: 'weir.yaml:4:2 endpoints[0].url' }, message: 'a' },
    { level: 'warn', fields: { place: 'weir.yaml' }, message: 'b' },
  ])
})

t.test('one that changes nothing is one line', async (t) => {
  t.strictSame(linesOf({ outcome: 'unchanged', warnings: [{ ...at, message: 'a' }] }), [
    { level: 'info', fields, message: 'configuration reloaded: nothing has changed' },
  ])
})

t.test('one that fails has its problems, and their number', async (t) => {
  for (const [count, said] of [
    [1, '1 problem'],
    [2, '2 problems'],
  ] as const) {
    const problems = Array.from({ length: count }, () => ({ ...at, message: 'wrong' }))
    t.strictSame(linesOf({ outcome: 'failed', problems }), [
      ...problems.map(() => ({
        level: 'error',
        fields: { place: 'weir.yaml:4:2 endpoints[0].url' },
        message: 'wrong',
      })),
      {
        level: 'error',
        fields,
        message: `configuration not reloaded: ${said}; the previous configuration stays in use`,
      },
    ])
  }
})
