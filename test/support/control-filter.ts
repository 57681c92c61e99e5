// A plugin for tests: the endpoint control over HTTP. A request for /control carries operation and arguments as JSON.
import { type ChangeOptions, defineFilter, EndpointControlKey, reply } from '../../core/index.ts'

/** What is asked of it. */
export type Asked = readonly [
  operation:
    | 'list'
    | 'get'
    | 'register'
    | 'change'
    | 'remove'
    | 'enable'
    | 'disable'
    | 'tripBreakers'
    | 'resetBreakers',
  ...args: unknown[],
]

export default defineFilter({
  name: 'control',
  apiVersion: 1,
  needs: [EndpointControlKey],
  create: (_options, env) => {
    const control = env.service(EndpointControlKey)
    return {
      async request(x) {
        if (x.request.path !== '/control') return
        const [operation, ...args] = JSON.parse((await x.request.body.buffer(1024 ** 2)).toString()) as Asked
        const operations = control as unknown as Record<string, (...given: unknown[]) => unknown>
        const result = await operations[operation]!(...(args as [unknown, ChangeOptions]))
        const headers = { 'Content-Type': 'application/json' }
        return reply(200, 'controlled', { body: JSON.stringify(result ?? null), headers })
      },
    }
  },
})
