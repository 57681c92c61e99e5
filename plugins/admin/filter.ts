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
import { AdminApi } from './api/admin-api.ts'
import type { AdminParts } from './api/admin-parts.ts'
import { OPERATIONS } from './api/api-table.ts'
import { EventRing } from './api/event-ring.ts'
import { PROBES } from './api/meta-operations.ts'
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
  changes: z
    .enum(['file', 'memory', 'off'])
    .default('file')
    .describe('Where changes of endpoints go: into their document, or into memory alone; `off` refuses them (403).'),
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
  create: ({ allowed_hosts: allowed, probes_only: probesOnly, roles, changes }, env): TerminalFilter => {
    const api = new AdminApi(probesOnly ? PROBES : OPERATIONS, partsOf(env), { roles, changes, log: env.log })
    if (probesOnly) return { call: (x) => api.serve(x) }
    const guard = new BrowserGuard(allowed)
    return { call: (x) => guard.refuse(x.request) ?? api.serve(x) }
  },
})

function partsOf(env: FilterEnv): AdminParts {
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
    events: events && new EventRing({ events, timers: env.timers, stopping }),
  }
}
