import { type Attempt, type Endpoint, EndpointRegistryKey, type FilterEnv, type TargetState } from '../../core/index.ts'
import { Breaker } from './breaker.ts'
import { type BreakerRules, STATE_VERSION } from './breaker-state.ts'
import { BreakerGauges } from './gauges.ts'

/** The breakers of one filter instance. */
export interface ScopedBreakers {
  /** The breaker of an attempt; undefined if none guards its target. */
  of(attempt: Attempt): Breaker | undefined
  /**
   * Seconds until the next probe, if open breakers leave no target that may be called; otherwise undefined. Always undefined
   * if one breaker guards the endpoint: that one decides when the attempt is made.
   */
  exhausted(): number | undefined
  /** Breakers for whose probes the other processes of the gateway must be asked; undefined: none. */
  due(): readonly Breaker[] | undefined
  release(): void
}

/** Holds the breaker of the endpoint, or those of its targets. */
export function holdBreakers(
  env: FilterEnv,
  endpoint: Endpoint,
  rules: BreakerRules,
  scope: 'endpoint' | 'target',
): ScopedBreakers {
  const { clock, meter } = env
  const registry = env.service(EndpointRegistryKey)
  // By URL of the target; the key of the endpoint's breaker is empty.
  const all = env.share('breakers', { version: STATE_VERSION, make: () => new Map<string, Breaker>() })
  const gauges = env.share<BreakerGauges>('gauges', {
    scope: 'factory',
    version: STATE_VERSION,
    make: () => new BreakerGauges(meter),
    close: (value) => value.close(),
  })
  const home = registry.of(endpoint)
  const held = new Map<string, Breaker>()
  const hold = (target: string | undefined, known: TargetState | undefined): Breaker => {
    const key = target ?? ''
    let breaker = all.get(key)
    if (breaker === undefined) {
      breaker = new Breaker({ filter: env.name, endpoint: endpoint.id, target, registry, clock }, home)
      all.set(key, breaker)
      gauges.add(breaker)
    }
    breaker.hold(rules, home, known)
    held.set(key, breaker)
    return breaker
  }
  const release = (): void => {
    for (const [key, breaker] of held) {
      if (!breaker.release(rules)) continue
      all.delete(key)
      gauges.remove(breaker)
    }
  }
  const due = (): readonly Breaker[] | undefined => {
    if (registry.probeSlots === undefined) return undefined
    const found = [...held.values()].filter(({ isDue }) => isDue)
    return found.length === 0 ? undefined : found
  }
  if (scope === 'endpoint') {
    const one = hold(undefined, undefined)
    return { of: () => one, exhausted: () => undefined, due, release }
  }
  const known = new Map(endpoint.targets.map((target) => [target.url, home.target(target, clock.wall())]))
  for (const [url, state] of known) hold(url, state)
  return {
    of: ({ target }) => (target === undefined ? undefined : held.get(target.url)),
    exhausted: () => exhausted(held, [...known.values()]),
    due,
    release,
  }
}

function exhausted(breakers: ReadonlyMap<string, Breaker>, targets: readonly TargetState[]): number | undefined {
  let soonest: number | undefined
  for (const target of targets) {
    if (target.weight === 0 || !target.sound) continue
    if (target.available) return undefined
    const wait = breakers.get(target.url)!.retryAfter()
    soonest = Math.min(soonest ?? wait, wait)
  }
  return soonest
}
