import * as z from 'zod'
import {
  ConfigControlKey,
  defineFilter,
  EndpointControlKey,
  type FilterEnv,
  GatewayEventsKey,
  GatewayStatusKey,
  HealthControlKey,
  LogControlKey,
  RecentExchangesKey,
  RouterControlKey,
  StatisticsKey,
  type TerminalFilter,
} from '../../core/index.ts'
import type { AdminParts } from './api/admin-parts.ts'
import type { EventRing } from './api/event-ring.ts'
import { BrowserGuard } from './browser-guard.ts'

const HOST = /^(?:(?:\*\.)?[a-z0-9_-]+(?:\.[a-z0-9_-]+)*|\[[0-9a-f:.]+\])$/i

const roleNames = (own: string) => z.array(z.string().min(1)).default([own])

const options = z.strictObject({
  probes_only: z
    .boolean()
    .default(false)
    .describe('`true` serves `/livez` and `/readyz` alone, under any host: they show nothing that is worth a guard.'),
  allowed_hosts: z
    .array(z.string().regex(HOST, 'expected a host name without a port, such as admin.example.com'))
    .default([])
    .describe(
      'Host names that it is served under, besides `localhost` and IP addresses; `*.example.com` means every name below it.',
    ),
  roles: z
    .strictObject({
      viewer: roleNames('viewer').describe('Roles of callers who may read.'),
      operator: roleNames('operator').describe('Roles of callers who may change things, too.'),
    })
    .prefault({})
    .describe('The names of the roles, where a filter of the chain says who calls.'),
})

/** Terminal filter of the admin listener: the admin API, for operators, orchestrators and Prometheus. */
export const admin = defineFilter<z.infer<typeof options>>({
  name: 'admin',
  apiVersion: 1,
  summary: 'Serves the admin API: health, configuration, endpoints, statistics, events, /livez, /readyz and /metrics.',
  options,
  terminal: true,
  needs: [GatewayStatusKey, ConfigControlKey, EndpointControlKey, HealthControlKey],
  wants: [StatisticsKey, RecentExchangesKey, RouterControlKey, LogControlKey, GatewayEventsKey],
  create: async ({ allowed_hosts: allowed, probes_only: probesOnly, roles }, env): Promise<TerminalFilter> => {
    // Loaded where it is used: workers have no admin listener.
    const [{ AdminApi }, { OPERATIONS }, { EventRing }, { PROBES }] = await Promise.all([
      import('./api/admin-api.ts'),
      import('./api/api-table.ts'),
      import('./api/event-ring.ts'),
      import('./api/meta-operations.ts'),
    ])
    const api = new AdminApi(probesOnly ? PROBES : OPERATIONS, partsOf(env, EventRing), {
      roles,
      log: env.log,
    })
    if (probesOnly) return { call: (x) => api.serve(x) }
    const guard = new BrowserGuard(allowed)
    return { call: (x) => guard.refuse(x.request) ?? api.serve(x) }
  },
})

function partsOf(env: FilterEnv, Ring: typeof EventRing): AdminParts {
  const status = env.service(GatewayStatusKey)
  const events = env.serviceIf(GatewayEventsKey)
  const stopping = async (): Promise<boolean> => (await status.checks()).running === false
  return {
    status,
    config: env.service(ConfigControlKey),
    endpoints: env.service(EndpointControlKey),
    health: env.service(HealthControlKey),
    statistics: env.serviceIf(StatisticsKey),
    exchanges: env.serviceIf(RecentExchangesKey),
    router: env.serviceIf(RouterControlKey),
    log: env.serviceIf(LogControlKey),
    events: events && new Ring({ events, timers: env.timers, stopping }),
  }
}
