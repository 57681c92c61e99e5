import type { Counted } from '../../plugins/statistics/step-counters.ts'
import { defineService, GatewayStatusKey, type ServiceKey } from '../api/service.ts'
import type { Clock } from '../base/clock.ts'
import { startTimer } from '../base/timer.ts'
import { ConfigControlKey } from '../control/config-control.ts'
import { EndpointControlKey } from '../control/endpoint-control.ts'
import { HealthControlKey } from '../control/health-control.ts'
import { LogControlKey } from '../control/log-control.ts'
import { RecentExchangesKey } from '../control/recent-exchanges.ts'
import { RouterControlKey } from '../control/router-control.ts'
import { StatisticsKey } from '../control/statistics.ts'
import { TokenIssuerKey } from '../control/tokens.ts'
import type { FleetProbes } from '../fleet/fleet-probes.ts'
import type { ServiceCall } from '../fleet/messages.ts'
import type { ProbeSlots } from '../state/probe-slots.ts'
import { VERSION } from './services.ts'

/** Takes what a worker has counted for the statistics when it stops. */
export const StatisticsIntakeKey: ServiceKey<{ take(counted: Counted): Promise<void> }> =
  defineService('statistics-intake')

/** Services that are with the primary, and their methods; each returns a promise of plain data. */
const REMOTE: readonly (readonly [key: ServiceKey<unknown>, methods: readonly string[]])[] = [
  [GatewayStatusKey, ['live', 'ready', 'checks', 'metrics']],
  [ConfigControlKey, ['status', 'reload', 'validate', 'diff', 'schema']],
  [
    EndpointControlKey,
    ['list', 'get', 'register', 'change', 'remove', 'enable', 'disable', 'tripBreakers', 'resetBreakers'],
  ],
  [HealthControlKey, ['checkNow']],
  [RecentExchangesKey, ['list', 'explain']],
  [StatisticsKey, ['summary', 'summaries', 'history']],
  [StatisticsIntakeKey, ['take']],
  [LogControlKey, ['status', 'setLevel']],
  [RouterControlKey, ['routes', 'explain', 'test']],
  [TokenIssuerKey, ['respond']],
]

/** The services of a worker: each call of a method goes to the primary. */
export function remoteServices(
  call: (call: ServiceCall) => Promise<unknown>,
): ReadonlyMap<ServiceKey<unknown>, unknown> {
  return new Map(
    REMOTE.map(([key, methods]) => [
      key,
      {
        version: VERSION,
        ...Object.fromEntries(
          methods.map((method) => [method, (...args: unknown[]) => call({ service: key.name, method, args })]),
        ),
      },
    ]),
  )
}

const PROBES = 'probes'
/** How long an exchange waits for an answer; milliseconds. */
const PROBE_MS = 50
/** A primary that has not answered for this long hangs, and workers probe alone; milliseconds. */
const HANGS_MS = 1000

/** The probes of a worker's breakers, given out by the primary. */
export function remoteProbes(call: (call: ServiceCall) => Promise<unknown>, clock: Clock): ProbeSlots {
  /** When the first probe was asked for that has no answer. */
  let unansweredSince: number | undefined
  const report: ProbeSlots['report'] = (...args) =>
    void call({ service: PROBES, method: 'report', args }).catch(() => {})
  return {
    async ask(...args) {
      const askedAt = clock.now()
      const late = Promise.withResolvers<boolean>()
      let tooLate = false
      const timer = startTimer(PROBE_MS, () => {
        tooLate = true
        unansweredSince ??= askedAt
        late.resolve(clock.now() - unansweredSince >= HANGS_MS)
      })
      // It rejects where the primary is gone.
      const answer = call({ service: PROBES, method: 'ask', args }).then(
        (granted) => {
          unansweredSince = undefined
          if (granted === true && tooLate) report(args[0], 'ignored')
          return granted === true
        },
        () => true,
      )
      const granted = await Promise.race([answer, late.promise])
      timer.cancel()
      return granted
    },
    report,
  }
}

/** Calls a service of this process for a worker. Rejects for what is none. */
export async function callService(
  services: ReadonlyMap<ServiceKey<unknown>, unknown>,
  { service, method, args }: ServiceCall,
  probes?: FleetProbes,
): Promise<unknown> {
  if (service === PROBES && probes !== undefined) {
    const [breaker, ...rest] = args
    if (method === 'ask') return probes.ask(breaker as string, rest[0] as number, rest[1] as number)
    return probes.report(breaker as string, rest[0] as 'success')
  }
  const [key] = REMOTE.find(([{ name }, methods]) => name === service && methods.includes(method)) ?? []
  if (key === undefined) throw new Error(`there is no ${method} of the service "${service}"`)
  const found = services.get(key) as Record<string, (...given: readonly unknown[]) => Promise<unknown>>
  return found[method]!(...args)
}
