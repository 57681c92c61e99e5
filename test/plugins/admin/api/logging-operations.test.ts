import t from 'tap'
import { type LogControl, LogControlKey, type LogLevel } from '../../../../core/index.ts'
import { startAdmin } from '../../../support/admin-client.ts'

t.test('the level of the log', async (t) => {
  let level: LogLevel = 'info'
  const status = async () => ({ level, configured: 'info' as const })
  const log: LogControl = {
    status,
    setLevel: (next) => {
      level = next
      return status()
    },
  }
  const { admin, gateway } = await startAdmin(t, undefined, { services: [[LogControlKey, log]] })
  t.match((await admin.ask('GET /logging')).json(), { level: 'info', configured: 'info' })
  t.match((await admin.ask('PUT /logging', { body: { level: 'debug' } })).json(), {
    level: 'debug',
    configured: 'info',
  })
  for (const body of [{ level: 'loud' }, {}, { level: 'info', for: '5m' }])
    t.match((await admin.ask('PUT /logging', { body })).json(), {
      status: 422,
      errors: [{ pointer: /^\/(level|for)$/ }],
    })
  t.match(
    gateway.logs.filter(({ message }) => message === 'admin change'),
    [
      { fields: { operation: 'setLogging', outcome: 'begun' } },
      { fields: { operation: 'setLogging', outcome: 'debug' } },
    ],
    'one line before it, too: afterwards the log may be silent',
  )
})
