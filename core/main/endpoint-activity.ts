import type { BreakerView, EndpointActivity } from '../control/endpoint-control.ts'
import type { EndpointState } from '../state/endpoint-state.ts'
import type { BreakerPhase } from '../state/endpoint-status.ts'
import type { EndpointRegistry } from '../state/registry.ts'

/** What the traffic of this process did to its endpoints, by id. Plain data. */
export function activityOf(registry: EndpointRegistry): Map<string, EndpointActivity> {
  return new Map(
    Array.from(registry.all(), (state) => [
      state.id,
      {
        targets: state.targets.map(({ url, outstanding, attempts, failures }) => ({
          url,
          outstanding,
          attempts,
          failures,
        })),
        breakers: breakersOf(state),
      },
    ]),
  )
}

export const breakersOf = ({ breakers }: EndpointState): readonly BreakerView[] =>
  Array.from(breakers, ({ filter, target, phase }) => ({ filter, target: target ?? null, phase }))

const PHASES: readonly BreakerPhase[] = ['closed', 'half_open', 'open']

/** The same of several processes together: numbers are added up, and of a breaker the worst phase counts. */
export function mergeActivity(
  all: Iterable<ReadonlyMap<string, EndpointActivity>>,
): ReadonlyMap<string, EndpointActivity> {
  const merged = new Map<string, EndpointActivity>()
  for (const one of all) for (const [id, activity] of one) merged.set(id, joined(merged.get(id), activity))
  return merged
}

function joined(a: EndpointActivity | undefined, b: EndpointActivity): EndpointActivity {
  if (a === undefined) return b
  return {
    targets: b.targets.map((target) => {
      const other = a.targets.find(({ url }) => url === target.url)
      if (other === undefined) return target
      const { outstanding, attempts, failures } = other
      return {
        url: target.url,
        outstanding: target.outstanding + outstanding,
        attempts: target.attempts + attempts,
        failures: target.failures + failures,
      }
    }),
    breakers: mergeBreakers(a.breakers, b.breakers),
  }
}

/** Breakers of one endpoint in two processes. */
export const mergeBreakers = (a: readonly BreakerView[], b: readonly BreakerView[]): readonly BreakerView[] =>
  b.map((breaker) => {
    const other = a.find(({ filter, target }) => filter === breaker.filter && target === breaker.target)
    const worse = other !== undefined && PHASES.indexOf(other.phase) > PHASES.indexOf(breaker.phase)
    return worse ? other : breaker
  })
