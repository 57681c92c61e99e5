import * as z from 'zod'
import type { EndpointView } from '../../../core/index.ts'
import { type AnyOperation, operation } from './api-operation.ts'
import { breakerPhase, count, endpointHealth, endpointStatus, targetHealth } from './api-schemas.ts'
import { json, noEndpoint } from './contents.ts'
import { page, pageOf, pageQuery } from './pagination.ts'

const tag = 'health'
const role = 'viewer'

const checks = z.record(z.string(), z.boolean()).describe('The conditions of readiness, by name.')
const numbers = <K extends string>(keys: readonly K[]) =>
  z.strictObject(Object.fromEntries(keys.map((key) => [key, count()])) as Record<K, ReturnType<typeof count>>)

const counts = z
  .strictObject({
    endpoints: numbers(['total', ...endpointStatus.options]),
    targets: numbers(['total', ...targetHealth.options, 'ejected']),
    breakers: numbers(['total', ...breakerPhase.options]),
  })
  .meta({ id: 'HealthSummary' })

const health = z
  .strictObject({
    status: z
      .enum(['healthy', 'degraded', 'unhealthy'])
      .describe(
        '`unhealthy`: it takes no traffic. `degraded`: it does, but an endpoint or a target is unhealthy, or a breaker open.',
      ),
    checks,
    summary: counts,
  })
  .meta({ id: 'Health' })

const processHealth = z
  .strictObject({ live: z.boolean(), ready: z.boolean(), checks, version: z.string().describe('Of Weir.') })
  .meta({ id: 'ProcessHealth' })

const breaker = z
  .strictObject({ endpoint: z.string(), filter: z.string(), target: z.string().nullable(), phase: breakerPhase })
  .meta({ id: 'EndpointBreaker' })

const checkResult = z
  .strictObject({
    endpoint: z.string(),
    target: z.string(),
    passed: z.boolean(),
    reason: z.string(),
    health: targetHealth.describe('After this check.'),
    duration_ms: z.number().min(0),
  })
  .meta({ id: 'HealthCheckResult' })

const healthPage = pageOf(endpointHealth, 'EndpointHealth')
const breakerPage = pageOf(breaker, 'Breaker')

/** How many there are in each state. */
export function summaryOf(endpoints: readonly EndpointView[]): z.infer<typeof counts> {
  const targets = endpoints.flatMap((endpoint) => endpoint.targets)
  const breakers = endpoints.flatMap((endpoint) => endpoint.breakers)
  const by = <K extends string>(keys: readonly K[], of: readonly string[]): Record<K | 'total', number> =>
    ({
      total: of.length,
      ...Object.fromEntries(keys.map((key) => [key, of.filter((one) => one === key).length])),
    }) as Record<K | 'total', number>
  return {
    endpoints: by(
      endpointStatus.options,
      endpoints.map(({ status }) => status),
    ),
    targets: {
      ...by(
        targetHealth.options,
        targets.map((target) => target.health),
      ),
      ejected: targets.filter(({ ejected }) => ejected).length,
    },
    breakers: by(
      breakerPhase.options,
      breakers.map(({ phase }) => phase),
    ),
  }
}

const healthOf = ({ id, status, changed_at, targets, breakers }: EndpointView) => ({
  id,
  status,
  changed_at,
  targets,
  breakers,
})

const isBad = ({ status, targets }: EndpointView): boolean =>
  status === 'unhealthy' || targets.some((target) => target.ejected || target.health === 'unhealthy')

const breakersOf = (endpoints: readonly EndpointView[]) =>
  endpoints.flatMap(({ id, breakers }) => breakers.map((one) => ({ endpoint: id, ...one })))
const keyOfBreaker = ({ endpoint, filter, target }: z.infer<typeof breaker>): string =>
  JSON.stringify([endpoint, filter, target])

export const HEALTH: readonly AnyOperation[] = [
  operation({
    id: 'getHealth',
    method: 'GET',
    path: '/health',
    tag,
    role,
    summary: 'The state of the gateway as a whole',
    responses: {
      200: { about: 'It takes traffic.', schema: health },
      503: { about: 'It takes none.', schema: health },
    },
    handle: async ({ parts: { status, endpoints } }) => {
      const [ready, checked, list] = await Promise.all([status.ready(), status.checks(), endpoints.list()])
      const summary = summaryOf(list)
      const bad =
        summary.endpoints.unhealthy + summary.targets.unhealthy + summary.targets.ejected + summary.breakers.open
      const state = !ready ? 'unhealthy' : bad > 0 ? 'degraded' : 'healthy'
      return json(
        ready ? 200 : 503,
        { status: state, checks: checked, summary },
        ready ? {} : { headers: { 'Retry-After': '1' } },
      )
    },
  }),
  operation({
    id: 'getHealthStatus',
    method: 'GET',
    path: '/health/status',
    tag,
    role,
    summary: 'Whether the process is alive and takes traffic, and why not',
    responses: { 200: { about: 'The state, whatever it is.', schema: processHealth } },
    handle: async ({ parts: { status } }) => {
      const [live, ready, checked] = await Promise.all([status.live(), status.ready(), status.checks()])
      return json(200, { live, ready, checks: checked, version: status.version })
    },
  }),
  operation({
    id: 'listEndpointHealth',
    method: 'GET',
    path: '/health/endpoints',
    tag,
    role,
    summary: 'The state of each endpoint, with its targets and breakers',
    query: pageQuery,
    responses: {
      200: { about: 'A page, in the order of the configuration.', schema: healthPage },
    },
    handle: async ({ parts, query, x }) =>
      page((await parts.endpoints.list()).map(healthOf), ({ id }) => id, query, x.request.query),
  }),
  operation({
    id: 'getEndpointHealth',
    method: 'GET',
    path: '/health/endpoints/{id}',
    tag,
    role,
    summary: 'The state of one endpoint',
    responses: { 200: { about: 'Its state.', schema: endpointHealth } },
    handle: async ({ parts, id }) => {
      const found = await parts.endpoints.get(id)
      return found === undefined ? noEndpoint(id) : json(200, healthOf(found))
    },
  }),
  operation({
    id: 'listUnhealthy',
    method: 'GET',
    path: '/health/unhealthy',
    tag,
    role,
    summary: 'Endpoints that are unhealthy, or have a target that is unhealthy or ejected',
    query: pageQuery,
    responses: {
      200: { about: 'A page, in the order of the configuration.', schema: healthPage },
    },
    handle: async ({ parts, query, x }) =>
      page((await parts.endpoints.list()).filter(isBad).map(healthOf), ({ id }) => id, query, x.request.query),
  }),
  operation({
    id: 'getHealthSummary',
    method: 'GET',
    path: '/health/summary',
    tag,
    role,
    summary: 'How many endpoints, targets and breakers are in each state',
    responses: { 200: { about: 'The numbers.', schema: counts } },
    handle: async ({ parts }) => json(200, summaryOf(await parts.endpoints.list())),
  }),
  ...[false, true].map((open) =>
    operation({
      id: open ? 'listOpenBreakers' : 'listBreakers',
      method: 'GET',
      path: open ? '/health/circuit-breakers/open' : '/health/circuit-breakers',
      tag,
      role,
      summary: open ? 'Breakers that are open' : 'All breakers',
      query: pageQuery,
      responses: { 200: { about: 'A page, in the order of the configuration.', schema: breakerPage } },
      handle: async ({ parts, query, x }) => {
        const all = breakersOf(await parts.endpoints.list())
        return page(open ? all.filter(({ phase }) => phase === 'open') : all, keyOfBreaker, query, x.request.query)
      },
    }),
  ),
  operation({
    id: 'checkEndpoint',
    method: 'POST',
    path: '/health/check/{id}',
    tag,
    role: 'operator',
    audited: true,
    summary: 'Checks the targets of an endpoint now',
    about: 'The results count like those of other checks. Targets without a health check are left out.',
    responses: {
      200: {
        about: 'What the checks found.',
        schema: z.strictObject({ results: z.array(checkResult) }).meta({ id: 'HealthCheckResults' }),
      },
    },
    handle: async ({ parts, id }) => {
      if ((await parts.endpoints.get(id)) === undefined) return noEndpoint(id)
      const results = await parts.health.checkNow(id)
      return json(200, { results: results.map(({ durationMs, ...rest }) => ({ ...rest, duration_ms: durationMs })) })
    },
  }),
]
