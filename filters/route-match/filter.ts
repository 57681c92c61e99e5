import * as z from 'zod'
import {
  defineFilter,
  EndpointsKey,
  type LocalReply,
  type NoRoute,
  normalPattern,
  outOfServiceReply,
  RouteSlot,
  RoutesKey,
  reply,
} from '../../core/index.ts'
import { looseNeighbours } from './loose-neighbours.ts'
import { nearestEndpoints } from './nearest-endpoints.ts'
import { explainRoute, rejectedEndpoints } from './route-explanation.ts'
import { routePatterns } from './route-patterns.ts'

const options = z.strictObject({
  prefix: z
    .string()
    .regex(/^(?:\/[^?#{}\s\\]*)?$/, 'expected a path such as /orchestrator, or an empty string')
    .superRefine((prefix, context) => {
      const normal = normalPattern(prefix)
      if (typeof normal !== 'string') context.addIssue({ code: 'custom', message: `expected ${normal.expected}` })
    })
    .transform((prefix) => prefix.replace(/\/+$/, ''))
    .prefault('/orchestrator')
    .describe('Path in front of `{version}/{name}` and `{name}`; `""` for none.'),
  debug: z
    .boolean()
    .default(false)
    .describe(
      '`true` names the nearest endpoints in a 404. Not for production: it tells strangers which endpoints exist.',
    ),
})

const STATUS: Readonly<Record<NoRoute['reason'], number>> = {
  no_route: 404,
  method_not_allowed: 405,
  path_traversal: 400,
  path_invalid: 400,
  path_ambiguous: 400,
  path_too_long: 414,
  query_too_long: 414,
  field_too_long: 431,
}

export const routeMatch = defineFilter({
  name: 'route-match',
  apiVersion: 1,
  summary: 'Decides which endpoint a request goes to: by path, host, method, header, query and cookie.',
  prompt: true,
  options,
  offline: true,
  writes: [RouteSlot],
  needs: [EndpointsKey, RoutesKey],
  create({ prefix, debug }, env) {
    const endpoints = env.service(EndpointsKey)
    const routes = env.service(RoutesKey).under(prefix)
    for (const { loose, strict, origin } of looseNeighbours(endpoints))
      env.warn(
        `"${loose.id}" needs no token, and its paths contain those of "${strict.id}" at ${origin}: if the upstream reads paths more loosely, such as in any case, it serves "${strict.id}" to everybody. Give "${loose.id}" narrower paths`,
      )

    return {
      request(x) {
        // Another filter has decided already.
        if (x.route !== undefined) return
        const { method, path, query, headers } = x.request
        const route = routes.find({ host: x.downstream.host, method, path, query, headers })
        if (!('endpoint' in route)) {
          const near = debug && route.reason === 'no_route' ? nearestEndpoints(path, prefix, endpoints) : []
          return refusal(route, method, near)
        }
        const blocked = outOfServiceReply(route.endpoint)
        if (blocked !== undefined) return blocked
        x.set(RouteSlot, route)
      },
      explain: ({ request, downstream: { host } }) =>
        explainRoute({ ...request, query: request.query, host }, prefix, endpoints),
      rejected: ({ request, downstream: { host } }) =>
        rejectedEndpoints({ ...request, query: request.query, host }, routes),
      patterns: (endpoint) => routePatterns(endpoint, prefix, routes),
    }
  },
})

function refusal({ reason, detail, methods }: NoRoute, method: string, near: readonly string[]): LocalReply {
  if (methods !== undefined) {
    const headers = { Allow: [...new Set([...methods, 'OPTIONS'])].join(', ') }
    // RFC 9110 §9.3.7: OPTIONS asks which methods there are.
    return method === 'OPTIONS' ? reply(204, 'options', { headers }) : reply(405, reason, { headers, detail })
  }
  if (near.length === 0) return reply(STATUS[reason], reason, { detail })
  return reply(404, reason, { detail: `Did you mean ${near.join(', ')}?`, extra: { nearest: near } })
}
