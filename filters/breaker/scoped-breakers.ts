import { type Attempt, type Endpoint, type FilterEnv, RegistryKey, type TargetState } from '../../core/index.ts'
import { Guard } from './breaker.ts'
import { type BreakerRules, STATE_VERSION } from './breaker-state.ts'
import { BreakerGauges } from './gauges.ts'

/** The guards of one instance. */
export interface Guards {
  /** Undefined for an attempt at nothing that is guarded. */
  of(attempt: Attempt): Guard | undefined
  /**
   * Seconds until it is worth asking again, if there is no target left that may be tried and breakers are the reason;
   * otherwise undefined. Where one breaker guards the endpoint it is asked when the attempt is made.
   */
  exhausted(): number | undefined
  release(): void
}

/** Takes hold of the guard of the endpoint, or of those of its targets. */
export function holdGuards(
  env: FilterEnv,
  endpoint: Endpoint,
  rules: BreakerRules,
  scope: 'endpoint' | 'target',
): Guards {
  const { clock, meter } = env
  const registry = env.service(RegistryKey)
  // By target; that of the endpoint has no name.
  const all = env.share('guards', { version: STATE_VERSION, make: () => new Map<string, Guard>() })
  const gauges = env.share<BreakerGauges>('gauges', {
    scope: 'factory',
    version: STATE_VERSION,
    make: () => new BreakerGauges(meter),
    close: (value) => value.close(),
  })
  const home = registry.of(endpoint)
  const held = new Map<string, Guard>()
  const hold = (target: string | undefined, known: TargetState | undefined): Guard => {
    const key = target ?? ''
    let guard = all.get(key)
    if (guard === undefined) {
      guard = new Guard({ filter: env.name, endpoint: endpoint.id, target, registry, clock })
      all.set(key, guard)
      gauges.add(guard)
    }
    guard.hold(rules, home, known)
    held.set(key, guard)
    return guard
  }
  const release = (): void => {
    for (const [key, guard] of held) {
      if (!guard.release(rules)) continue
      all.delete(key)
      gauges.remove(guard)
    }
  }
  if (scope === 'endpoint') {
    const one = hold(undefined, undefined)
    return { of: () => one, exhausted: () => undefined, release }
  }
  const known = new Map(endpoint.targets.map((target) => [target.url, home.target(target, clock.wall())]))
  for (const [url, state] of known) hold(url, state)
  return {
    of: ({ target }) => (target === undefined ? undefined : held.get(target.url)),
    exhausted: () => exhausted(held, [...known.values()]),
    release,
  }
}

function exhausted(guards: ReadonlyMap<string, Guard>, targets: readonly TargetState[]): number | undefined {
  let soonest: number | undefined
  for (const target of targets) {
    if (target.weight === 0 || !target.sound) continue
    if (target.available) return undefined
    const wait = guards.get(target.url)!.retryAfter()
    soonest = Math.min(soonest ?? wait, wait)
  }
  return soonest
}
