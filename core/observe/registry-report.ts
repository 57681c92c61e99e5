import type { Logger } from '../api/logger.ts'
import type { Meter, Metric, Sample } from '../api/meter.ts'
import type { EndpointRegistry } from '../state/registry.ts'
import type { RegistryEvent } from '../state/registry-event.ts'
import type { TargetState } from '../state/target-state.ts'

/** Events that people are woken for; the rest is info. */
const isBad = (event: RegistryEvent): boolean =>
  event.type === 'target_ejected' || ('to' in event && ['unhealthy', 'open'].includes(event.to))

/** What a start, or a reload, would say of thousands; the configuration's own line says how many there are. */
const isUsual = (event: RegistryEvent): boolean =>
  event.type === 'endpoint_added' ||
  event.type === 'endpoint_removed' ||
  (event.type === 'target_health' && event.from === 'unknown' && event.to === 'healthy')

const WORDS: Readonly<Record<RegistryEvent['type'], string>> = {
  endpoint_added: 'endpoint added',
  endpoint_removed: 'endpoint removed',
  endpoint_status: 'endpoint changed its status',
  target_health: 'target changed its health',
  target_ejected: 'target ejected: it is left alone for a while',
  target_returned: 'target returned: it gets traffic again',
  breaker_state: 'breaker changed its state',
}

/** Writes every transition to the log, and the present state of every target to the metrics. */
export function reportRegistry(registry: EndpointRegistry, log: Logger, meter: Meter): void {
  registry.subscribe((event) => {
    const { type, at: _at, ...fields } = event
    if (isUsual(event)) log.debug(fields, WORDS[type])
    else if (isBad(event)) log.warn(fields, WORDS[type])
    else log.info(fields, WORDS[type])
  })
  for (const { read, ...metric } of TARGET_METRICS) {
    meter.register({ ...metric, collect: () => samplesOf(registry, read) })
  }
}

/** What is told of every target; read when a scrape comes. */
const TARGET_METRICS: readonly (Omit<Metric, 'collect'> & { readonly read: (target: TargetState) => number })[] = [
  {
    name: 'weir_endpoint_health',
    help: 'Whether a target of an endpoint may be called (1): neither checks nor live traffic found it bad (0).',
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
    help: 'Attempts at a target that failed: not reached, too slow, or broken off.',
    type: 'counter',
    read: ({ failures }) => failures,
  },
  {
    name: 'weir_target_outstanding',
    help: 'Attempts at a target that are in flight, open tunnels among them.',
    type: 'gauge',
    read: ({ outstanding }) => outstanding,
  },
]

function samplesOf(registry: EndpointRegistry, read: (target: TargetState) => number): Sample[] {
  const samples: Sample[] = []
  for (const { id, targets } of registry.all())
    for (const target of targets) samples.push({ labels: { endpoint: id, target: target.url }, value: read(target) })
  return samples
}
