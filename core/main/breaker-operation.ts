import type { BreakerView } from '../control/endpoint-control.ts'
import type { BreakerOperation } from '../fleet/messages.ts'
import type { EndpointRegistry } from '../state/registry.ts'
import { breakersOf } from './endpoint-activity.ts'

/** Trips or resets breakers of this process. @returns all breakers of the endpoint afterwards; undefined: there is no such endpoint */
export function operateBreakers(
  registry: EndpointRegistry,
  { operation, endpoint, which }: BreakerOperation,
): readonly BreakerView[] | undefined {
  const state = registry.get(endpoint)
  if (state === undefined) return undefined
  const filter = which?.filter
  const target = which?.target
  for (const breaker of state.breakers) {
    if (filter !== undefined && breaker.filter !== filter) continue
    if (target !== undefined && (breaker.target ?? null) !== target) continue
    breaker[operation]()
  }
  return breakersOf(state)
}
