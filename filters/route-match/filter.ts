import * as z from 'zod'
import {
  defineFilter,
  EndpointsKey,
  normalPath,
  normalPattern,
  outOfServiceReply,
  type PathFault,
  RouteSlot,
  reply,
} from '../../core/index.ts'
import { nearestEndpoints } from './nearest-endpoints.ts'
import { explainRoute } from './route-explanation.ts'
import { routePatterns } from './route-patterns.ts'
import { RoutesByHost } from './routes-by-host.ts'

const options = z.strictObject({
  prefix: z
    .string()
    .regex(/^(?:\/[^?#\s\\]*)?$/, 'expected a path such as /orchestrator, or an empty string')
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
    const noRoute = reply(404, 'no_route', { detail: 'No endpoint has this path.' })

    const refused = ({ reason, expected }: PathFault) => reply(400, reason, { detail: `Expected ${expected}.` })

    function unknown(path: string) {
      const near = nearestEndpoints(path, prefix, endpoints)
      if (near.length === 0) return noRoute
      return reply(404, 'no_route', { detail: `Did you mean ${near.join(', ')}?`, extra: { nearest: near } })
    }

    return {
      request(x) {
        const { path } = x.request
        const normal = normalPath(path)
        if (typeof normal !== 'string') return refused(normal)
        const route = routes.find(x.downstream.host, normal, path)
        if (route === undefined) return debug ? unknown(normal) : noRoute
        const blocked = outOfServiceReply(route.endpoint)
        if (blocked !== undefined) return blocked
        x.set(RouteSlot, route)
      },
      explain({ request: { path }, downstream: { host } }) {
        const normal = normalPath(path)
        return typeof normal === 'string' ? explainRoute(host, normal, prefix, endpoints) : []
      },
      patterns: (endpoint) => routePatterns(endpoint, prefix, routes),
    }
  },
})
