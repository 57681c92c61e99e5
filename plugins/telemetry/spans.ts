import { type Attributes, SpanKind } from '@opentelemetry/api'
import type {
  Attempt,
  Clock,
  Exchange,
  FilterStep,
  Finished,
  Outcome,
  RecordingTrace,
  RemoteSpan,
} from '../../core/index.ts'
import {
  addFinished,
  addSettled,
  attemptAttributes,
  methodName,
  serverAttributes,
  stepAttributes,
} from './attributes.ts'
import type { Ids } from './ids.ts'
import type { Propagator } from './propagation.ts'
import type { SpanLimits } from './span-limits.ts'
import type { SpanEvent, SpanRecord, TraceSink } from './span-record.ts'

export interface SpanParts {
  readonly ids: Ids
  readonly sink: TraceSink
  readonly limits: SpanLimits
  readonly propagator: Propagator
  readonly clock: Clock
  /** Query keys, in lower case, whose values stay out of `url.full`. */
  readonly secrets: ReadonlySet<string>
}

/** A client span; its id went upstream. */
interface AttemptSpan {
  readonly attempt: Attempt
  readonly spanId: string
  readonly attributes: Attributes
  /** Monotonic milliseconds; undefined while it is open. */
  endedAt: number | undefined
  error: boolean
}

/** Filters of all configurations are few, but a process may live for many of them. */
const NAMES = 1024
const names = new Map<string, string>()

/** The span's name of a filter: always the same string, which is flat, so that it can be written fast. */
function spanName(filter: string): string {
  const known = names.get(filter)
  if (known !== undefined) return known
  const name = `filter ${filter}`
  if (names.size < NAMES) names.set(filter, name)
  return name
}

const NO_EVENTS: readonly SpanEvent[] = Object.freeze([])

/**
 * What is known of one sampled exchange: plain notes while it lasts, and spans when it is over. There is a server span, a client
 * span per attempt, and a span per filter.
 */
export class ExchangeSpans implements RecordingTrace {
  readonly traceId: string
  readonly steps = new Map<string, FilterStep>()
  readonly #parts: SpanParts
  readonly #spanId: string
  readonly #caller: RemoteSpan | undefined
  readonly #traceState: string | undefined
  /** Zero of the monotonic clock in milliseconds since the Unix epoch: read once, so that all spans agree. */
  readonly #epoch: number
  readonly #attributes: Attributes
  readonly #attempts: AttemptSpan[] = []
  /** Attributes that filters have set. */
  #count = 0
  #droppedAttributes = 0
  #events: SpanEvent[] | undefined
  #droppedEvents = 0
  #over = false

  /** @param caller span of the caller, if the trace began elsewhere */
  constructor(parts: SpanParts, x: Exchange, traceId: string, caller: RemoteSpan | undefined) {
    this.#parts = parts
    this.#caller = caller
    this.#traceState = caller === undefined ? undefined : x.request.headers.joined('tracestate')
    this.#epoch = parts.clock.wall() - parts.clock.now()
    this.#spanId = parts.ids.span()
    this.#attributes = serverAttributes(x)
    this.traceId = traceId
  }

  now(): number {
    return this.#parts.clock.now()
  }

  attribute(name: string, value: string | number | boolean): void {
    if (this.#over) return
    if (!Object.hasOwn(this.#attributes, name) && ++this.#count > this.#parts.limits.attributes)
      this.#droppedAttributes++
    else this.#attributes[name] = value
  }

  event(name: string, attributes?: Readonly<Record<string, string | number | boolean>>): void {
    if (this.#over) return
    this.#events ??= []
    this.#events.push({ name: `${name}`, at: this.#epoch + this.now(), attributes: attributes && { ...attributes } })
    // As the SDK does: the last ones stay.
    if (this.#events.length <= this.#parts.limits.events) return
    this.#events.shift()
    this.#droppedEvents++
  }

  beginAttempt(x: Exchange, attempt: Attempt): void {
    if (this.#over || attempt.target === undefined) return
    const { ids, propagator, secrets } = this.#parts
    const spanId = ids.span()
    const attributes = attemptAttributes(x, attempt, secrets)
    this.#attempts.push({ attempt, spanId, attributes, endedAt: undefined, error: false })
    propagator.inject(x.request.headers, this.traceId, spanId, true, this.#caller !== undefined)
  }

  endAttempt(attempt: Attempt, outcome: Outcome): void {
    const span = this.#attempts.find((one) => one.attempt === attempt)
    if (this.#over || span === undefined || span.endedAt !== undefined) return
    span.endedAt = attempt.startedAt + outcome.totalMs
    span.error = outcome.result === 'failure' || (outcome.status ?? 0) >= 400
    addSettled(span.attributes, outcome)
  }

  /** Makes the spans, of which those still open end now. Later calls do nothing. */
  finish(x: Exchange, finished: Finished): void {
    if (this.#over) return
    this.#over = true
    const end = this.now()
    const method = methodName(x.request.method)
    addFinished(this.#attributes, x, finished)
    const spans: SpanRecord[] = [
      {
        name: x.route === undefined ? method : `${method} ${x.route.template}`,
        kind: SpanKind.SERVER,
        spanId: this.#spanId,
        parentId: this.#caller?.spanId,
        startedAt: this.#epoch + x.startedAt,
        endedAt: this.#epoch + end,
        attributes: this.#attributes,
        droppedAttributes: this.#droppedAttributes,
        events: this.#events ?? NO_EVENTS,
        droppedEvents: this.#droppedEvents,
        error: finished.status >= 500,
      },
    ]
    for (const { attempt, spanId, attributes, endedAt, error } of this.#attempts)
      spans.push(this.#child(method, SpanKind.CLIENT, spanId, attempt.startedAt, endedAt ?? end, attributes, error))
    for (const step of this.steps.values()) {
      const { name, startedAt, endedAt = end, verdict } = step
      const id = this.#parts.ids.span()
      const attributes = stepAttributes(step)
      spans.push(
        this.#child(spanName(name), SpanKind.INTERNAL, id, startedAt, endedAt, attributes, verdict === 'error'),
      )
    }
    const { traceId } = this
    this.#parts.sink.add({ traceId, traceState: this.#traceState, callerSampled: this.#caller?.sampled, spans })
  }

  #child(
    name: string,
    kind: SpanKind,
    spanId: string,
    startedAt: number,
    endedAt: number,
    attributes: Attributes,
    error: boolean,
  ): SpanRecord {
    return {
      name,
      kind,
      spanId,
      parentId: this.#spanId,
      startedAt: this.#epoch + startedAt,
      endedAt: this.#epoch + endedAt,
      attributes,
      droppedAttributes: 0,
      events: NO_EVENTS,
      droppedEvents: 0,
      error,
    }
  }
}
