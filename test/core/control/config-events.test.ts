import t from 'tap'
import type { ServiceKey } from '../../../core/api/service.ts'
import { ConfigKey, OwnConfigEvents } from '../../../core/control/config-events.ts'
import { GatewayEventsKey, OwnGatewayEvents } from '../../../core/control/gateway-events.ts'
import { defineFilter } from '../../../core/index.ts'
import { RecordingLogger } from '../../../core/testing/recording-logger.ts'
import { specOf, startGateway } from '../../../core/testing.ts'

const anything = { '~standard': { version: 1, vendor: 'test', validate: (value: unknown) => ({ value }) } } as never
const changed = { added: [], removed: [], changed: [] }

t.test('over 1,000 reloads no listener of a disposed instance is left', async (t) => {
  const log = new RecordingLogger()
  const config = new OwnConfigEvents(log)
  const events = new OwnGatewayEvents(log)
  config.starting('0')
  const told: string[] = []
  const versions: string[] = []
  const listener = defineFilter<{ n: number }>({
    name: 'listener',
    apiVersion: 1,
    options: anything,
    needs: [ConfigKey, GatewayEventsKey],
    create: ({ n }, env) => {
      versions.push(env.service(ConfigKey).version())
      env.service(GatewayEventsKey).subscribe(() => {})
      env.service(ConfigKey).onReload(({ version }) => void told.push(`${version} to ${n}`))
      return { call: () => ({ status: 204 }) } as never
    },
    terminal: true,
  })
  const spec = (n: number) => specOf([], [['listener', { n }]])
  const gw = await startGateway(spec(0), {
    filters: [listener],
    services: new Map<ServiceKey<unknown>, unknown>([
      [ConfigKey, config],
      [GatewayEventsKey, events],
    ]),
  })
  t.teardown(() => gw.close())
  for (let n = 1; n <= 1000; n++) {
    await gw.gateway.load(spec(n))
    config.reloaded({ version: String(n), at: n, trigger: 'file', changed })
  }
  t.ok(config.size <= 2, `${config.size} listeners`)
  t.equal(events.size, config.size)
  t.equal(told.at(-1), '1000 to 1000')
  t.equal(config.version(), '1000')
  t.strictSame(versions.slice(0, 3), ['0', '0', '1'], 'create is before the swap')
  await gw.close()
  t.equal(config.size, 0)
})
