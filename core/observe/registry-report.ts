import type { Logger } from '../api/logger.ts'
import type { Meter, Metric, Sample } from '../api/meter.ts'
import type { EndpointRegistry } from '../state/registry.ts'
import type { RegistryEvent } from '../state/registry-event.ts'
import type { TargetState } from '../state/target-state.ts'

/** Events that are logged as warnings. */
const isBad = (event: RegistryEvent): boolean =>
  event.type === 'target_ejected' || ('to' in event && ['unhealthy', 'open'].includes(event.to))

/** Events that are logged for debugging only: a start or a reload causes thousands of them. */
const isUsual = (event: RegistryEvent): boolean =>
  event.type === 'endpoint_added' ||
  event.type === 'endpoint_removed' ||
  (event.type === 'target_health' && event.from === 'unknown' && event.to === 'healthy')

const WORDS: Readonly<Record<RegistryEvent['type'], string>> = {
  endpoint_added: 'endpoint added',
  endpoint_removed: 'endpoint removed',
  endpoint_status: 'endpoint changed its status',
  target_health: 'target changed its health',
  target_ejected: 'target ejected: it gets no traffic for a while',
  target_returned: 'target returned: it gets traffic again',
  breaker_state: 'breaker changed its state',
}

/** Logs every change of state. */
export function logRegistry(registry: EndpointRegistry, log: Logger): void {
  registry.subscribe((event) => {
    const { type, at: _at, ...fields } = event
    if (isUsual(event)) log.debug(fields, WORDS[type])
    else if (isBad(event)) log.warn(fields, WORDS[type])
    else log.info(fields, WORDS[type])
  })
}

/**
 * Registers metrics of every target.
 * @param what `health` is what the whole gateway knows, `traffic` what this process did
 */
export function meterRegistry(registry: EndpointRegistry, meter: Meter, what: readonly ('health' | 'traffic')[]): void {
  for (const { read, ...metric } of TARGET_METRICS)
    if (what.includes(metric.name === HEALTH ? 'health' : 'traffic'))
      meter.register({ ...metric, collect: () => samplesOf(registry, read) })
}

const HEALTH = 'weir_endpoint_health'

/** Metrics of every target; read for every scrape. */
const TARGET_METRICS: readonly (Omit<Metric, 'collect'> & { readonly read: (target: TargetState) => number })[] = [
  {
    name: HEALTH,
    help: 'Whether a target may be called (1), or checks or live traffic found it bad (0).',
    type: 'gauge',
    read: ({ sound }) => (sound ? 1 : 0),
  },
  {
    name: 'weir_target_requests_total',
    help: 'Attempts at a target that are over.',
    type: 'counter',
    read: ({ attempts }) => attempts,
  },
  {
    name: 'weir_target_failures_total',
    help: 'Attempts at a target that failed: it was not reached, was too slow, or broke off.',
    type: 'counter',
    read: ({ failures }) => failures,
  },
  {
    name: 'weir_target_outstanding',
    help: 'Attempts at a target that are in flight, open tunnels included.',
    type: 'gauge',
    read: ({ outstanding }) => outstanding,
  },
]

function samplesOf(registry: EndpointRegistry, read: (target: TargetState) => number): Sample[] {
  const samples: Sample[] = []
  for (const { targets } of registry.all())
    for (const target of targets) samples.push({ labels: target.labels, value: read(target) })
  return samples
}
