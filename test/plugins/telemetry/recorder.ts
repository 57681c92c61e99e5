import type { Attributes, SpanKind } from '@opentelemetry/api'
import type { Exchange } from '../../../core/api/exchange.ts'
import type { Finished } from '../../../core/api/filter.ts'
import { ManualClock } from '../../../core/testing.ts'
import { Ids } from '../../../plugins/telemetry/ids.ts'
import { OtelTracing } from '../../../plugins/telemetry/otel-tracing.ts'
import { propagatorOf } from '../../../plugins/telemetry/propagation.ts'
import type { Sampler } from '../../../plugins/telemetry/sampler.ts'
import { spanLimitsOf } from '../../../plugins/telemetry/span-limits.ts'
import type { TraceRecord, TraceSink } from '../../../plugins/telemetry/span-record.ts'

export const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736'
export const SPAN = '00f067aa0ba902b7'
export const target = { url: 'http://up:81/b', origin: 'http://up:81', host: 'up:81', basePath: '/b', weight: 1 }

interface Seen {
  name: string
  kind: SpanKind
  parent: string | undefined
  spanId: string
  start: number
  end: number
  error: boolean
  attributes: Attributes
  readonly events: readonly { name: string; attributes: Attributes | undefined; at: number }[]
}

/** Keeps the spans that it gets. */
class Recorder implements TraceSink {
  readonly spans: Seen[] = []
  readonly traces: TraceRecord[] = []

  add(trace: TraceRecord): void {
    this.traces.push(trace)
    for (const { name, kind, parentId, spanId, startedAt, endedAt, error, attributes, events } of trace.spans)
      this.spans.push({
        name,
        kind,
        parent: parentId,
        spanId,
        start: startedAt,
        end: endedAt,
        error,
        attributes: { ...attributes },
        events,
      })
  }

  named(name: string): Seen {
    const found = this.spans.find((span) => span.name === name)
    if (found === undefined) throw new Error(`no span "${name}" among ${this.spans.map((span) => span.name)}`)
    return found
  }
}

/** Tracing with its parts in the test's hand. */
export function make(sampler: Sampler = () => true) {
  const ids = new Ids()
  const recorder = new Recorder()
  const clock = new ManualClock()
  const tracing = new OtelTracing({
    ids,
    sink: recorder,
    limits: spanLimitsOf({}),
    sampler,
    propagator: propagatorOf(undefined, () => {}),
    clock,
    secrets: new Set(['token']),
  })
  return { tracing, recorder, clock, epoch: clock.wall() }
}

export const finished = (x: Exchange, rest: Partial<Finished> = {}): Finished => ({
  exchange: x,
  outcome: 'completed',
  status: 200,
  error: undefined,
  durationMs: 0,
  ...rest,
})
