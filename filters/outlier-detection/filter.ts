import { defineFilter, EndpointRegistryKey, matchesStatus, type TargetState } from '../../core/index.ts'
import { Ejections } from './ejections.ts'
import { type Options, options } from './options.ts'
import type { OutlierRules } from './outlier-state.ts'

export const outlierDetection = defineFilter<Options>({
  name: 'outlier-detection',
  apiVersion: 1,
  summary: 'Ejects a failing target for a while, and leaves its traffic to the other targets of the endpoint.',
  prompt: true,
  options,
  perEndpoint: true,
  offline: true,
  needs: [EndpointRegistryKey],
  create(options, env) {
    const { endpoint, clock, timers } = env
    if (endpoint === undefined) throw new Error('outlier detection needs an endpoint, and was created without one')
    const rules = rulesOf(options)
    if (rules.consecutiveFailures === Infinity && rules.failureShare === Infinity)
      env.warn('consecutive_failures and failure_percentage_threshold are both off: no target is ever ejected')
    const registry = env.service(EndpointRegistryKey)
    const known = registry.of(endpoint)
    const ejections = env.share('ejections', {
      version: 1,
      make: () => new Ejections(registry, timers, clock),
      close: (kept) => {
        known.recoveries.delete(kept.recovered)
        kept.close()
      },
    })
    known.recoveries.add(ejections.recovered)
    const states = new Map<string, TargetState>(
      endpoint.targets.map((target) => [target.url, known.target(target, clock.wall())]),
    )
    // A table, because it is looked up for every attempt.
    const failing = Uint8Array.from({ length: 1000 }, (_, status) =>
      matchesStatus(options.failure_statuses, status) ? 1 : 0,
    )
    return {
      settled(x, { target, startedAt }, { result, status }) {
        const state = target === undefined ? undefined : states.get(target.url)
        if (state === undefined || result === 'ignored') return
        const failed = result === 'failure' || (status !== undefined && failing[status] === 1)
        const reason = ejections.settled(state, rules, { failed, startedAt })
        if (reason !== undefined)
          x.trace?.event('weir.ejection', { 'weir.target': state.url, 'weir.ejection.reason': reason })
      },
      explain: () => explained(options),
      dispose: () => ejections.prune(),
    }
  },
})

function rulesOf(options: Options): OutlierRules {
  const { consecutive_failures: row, failure_percentage_threshold: share } = options
  return {
    consecutiveFailures: typeof row === 'number' ? row : Infinity,
    failureShare: typeof share === 'number' ? share / 100 : Infinity,
    requestVolume: options.failure_percentage_request_volume,
    window: options.interval,
    baseEjection: options.base_ejection_time,
    maxEjection: options.max_ejection_time,
    maxEjected: options.max_ejection_percent / 100,
  }
}

function explained(options: Options): string[] {
  const { consecutive_failures: row, failure_percentage_threshold: share, failure_statuses: bad } = options
  const when = [
    ...(typeof row === 'number' ? [`${row} failures in a row`] : []),
    ...(typeof share === 'number'
      ? [`${share} % failures of at least ${options.failure_percentage_request_volume} in ${options.interval / 1000} s`]
      : []),
  ]
  return [
    `ejects a target after ${when.join(', or ') || 'nothing'} (${[...bad, 'no response'].join(', ')})`,
    `for ${options.base_ejection_time / 1000} s, longer each time; at most ${options.max_ejection_percent} % of the targets at once`,
    'only the running gateway knows which targets are ejected',
  ]
}
