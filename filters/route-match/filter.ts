import * as z from 'zod'
import { defineFilter, EndpointsKey, outOfServiceReply, RouteSlot, reply } from '../../core/index.ts'
import { nearestEndpoints } from './nearest-endpoints.ts'
import { isPathTraversal } from './path-traversal.ts'
import { explainRoute } from './route-explanation.ts'
import { routePatterns } from './route-patterns.ts'
import { RoutesByHost } from './routes-by-host.ts'

const options = z.strictObject({
  prefix: z
    .string()
    .regex(/^(?:\/[^?#\s\\]*)?$/, 'expected a path such as /orchestrator, or an empty string')
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

export const routeMatch = defineFilter({
  name: 'route-match',
  apiVersion: 1,
  summary: 'Decides which endpoint a request goes to, by path and host.',
  options,
  offline: true,
  writes: [RouteSlot],
  needs: [EndpointsKey],
  create({ prefix, debug }, env) {
    const endpoints = env.service(EndpointsKey)
    const routes = new RoutesByHost(prefix, endpoints)
    const traversal = reply(400, 'path_traversal', { detail: 'The path has dot segments or backslashes.' })
    const noRoute = reply(404, 'no_route', { detail: 'No endpoint has this path.' })

    function unknown(path: string) {
      const near = nearestEndpoints(path, prefix, endpoints)
      if (near.length === 0) return noRoute
      return reply(404, 'no_route', { detail: `Did you mean ${near.join(', ')}?`, extra: { nearest: near } })
    }

    return {
      request(x) {
        const { path } = x.request
        if (isPathTraversal(path)) return traversal
        const route = routes.find(x.downstream.host, path)
        if (route === undefined) return debug ? unknown(path) : noRoute
        const blocked = outOfServiceReply(route.endpoint)
        if (blocked !== undefined) return blocked
        x.set(RouteSlot, route)
      },
      explain({ request: { path }, downstream: { host } }) {
        return isPathTraversal(path) ? [] : explainRoute(host, path, prefix, endpoints)
      },
      patterns: (endpoint) => routePatterns(endpoint, prefix, routes),
    }
  },
})
