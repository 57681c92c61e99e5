import {
  type Attributes,
  type Context,
  type Span,
  type SpanKind,
  type SpanOptions,
  type Tracer,
  trace,
} from '@opentelemetry/api'
import type { Exchange } from '../../../core/api/exchange.ts'
import type { Finished } from '../../../core/api/filter.ts'
import { ManualClock } from '../../../core/testing.ts'
import { Ids } from '../../../plugins/telemetry/ids.ts'
import { OtelTracing } from '../../../plugins/telemetry/otel-tracing.ts'
import { propagatorOf } from '../../../plugins/telemetry/propagation.ts'
import type { Sampler } from '../../../plugins/telemetry/sampler.ts'

export const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736'
export const SPAN = '00f067aa0ba902b7'
export const target = { url: 'http://up:81/b', origin: 'http://up:81', host: 'up:81', basePath: '/b', weight: 1 }

interface Seen {
  name: string
  kind: SpanKind | undefined
  parent: string | undefined
  spanId: string
  start: number
  end: number | undefined
  ends: number
  error: boolean
  attributes: Attributes
  readonly events: { name: string; attributes: Attributes | undefined; at: number }[]
}

/** A tracer that keeps what it is asked for. */
class Recorder {
  readonly spans: Seen[] = []
  readonly #ids: Ids

  constructor(ids: Ids) {
    this.#ids = ids
  }

  startSpan(name: string, options: SpanOptions = {}, context?: Context): Span {
    const parent = context && trace.getSpanContext(context)
    const seen: Seen = {
      name,
      kind: options.kind,
      parent: parent?.spanId,
      spanId: this.#ids.generateSpanId(),
      start: options.startTime as number,
      end: undefined,
      ends: 0,
      error: false,
      attributes: { ...options.attributes },
      events: [],
    }
    this.spans.push(seen)
    const spanContext = { traceId: parent?.traceId ?? this.#ids.generateTraceId(), spanId: seen.spanId, traceFlags: 1 }
    const span = {
      spanContext: () => spanContext,
      setAttribute: (key: string, value: string) => Object.assign(seen.attributes, { [key]: value }),
      setAttributes: (attributes: Attributes) => Object.assign(seen.attributes, attributes),
      addEvent: (name: string, attributes: Attributes | undefined, at: number) => {
        seen.events.push({ name, attributes, at })
      },
      setStatus: ({ code }: { code: number }) => {
        seen.error = code === 2
      },
      updateName: (to: string) => {
        seen.name = to
      },
      end: (at: number) => {
        seen.end = at
        seen.ends++
      },
    }
    return span as unknown as Span
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
  const recorder = new Recorder(ids)
  const clock = new ManualClock()
  const tracing = new OtelTracing({
    tracer: recorder as unknown as Tracer,
    ids,
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
