// A plugin for tests: services over HTTP. A request for /call carries service, method and arguments as JSON; /told returns what was told
// of events and reloads since the instance was made, with the process.
import {
  ConfigControlKey,
  ConfigKey,
  defineFilter,
  EndpointControlKey,
  GatewayEventsKey,
  LogControlKey,
  RouterControlKey,
  reply,
  type ServiceKey,
} from '../../core/index.ts'

const SERVICES = {
  config: ConfigControlKey,
  endpoints: EndpointControlKey,
  log: LogControlKey,
  router: RouterControlKey,
}

/** What is asked of it. */
export type Call = readonly [service: keyof typeof SERVICES, method: string, ...args: unknown[]]

type Method = (...given: unknown[]) => unknown

const headers = { 'Content-Type': 'application/json' }

export default defineFilter({
  name: 'services',
  apiVersion: 1,
  needs: [...Object.values(SERVICES), ConfigKey, GatewayEventsKey],
  create: (_options, env) => {
    const events: unknown[] = []
    const reloads: unknown[] = []
    const config = env.service(ConfigKey)
    const first = config.version()
    env.service(GatewayEventsKey).subscribe((event) => void events.push(event))
    config.onReload((event) => {
      reloads.push({ ...event, running: config.version() })
      env.log.debug({ reload: event.version }, 'told of a reload')
      if (event.changed.added.includes('v1/bad')) throw new Error('a listener that fails')
    })
    return {
      async request(x) {
        const { path } = x.request
        if (path === '/told') {
          const told = { pid: process.pid, first, version: config.version(), events, reloads }
          return reply(200, 'told', { body: JSON.stringify(told), headers })
        }
        if (path !== '/call') return
        const [service, method, ...args] = JSON.parse((await x.request.body.buffer(8 * 1024 ** 2)).toString()) as Call
        const called = env.service(SERVICES[service] as ServiceKey<unknown>) as Record<string, Method>
        const result = await called[method]!(...args)
        return reply(200, 'called', { body: JSON.stringify(result ?? null), headers })
      },
    }
  },
})
