import { type Attributes, SpanKind } from '@opentelemetry/api'
import type { Attempt, Clock, Exchange, Finished, Outcome, RecordingTrace, RemoteSpan } from '../../core/index.ts'
import {
  addFinished,
  addSelf,
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
import { isKept, type KeepRules, keepsNothing, type RouteSampler } from './trace-policy.ts'

export interface SpanParts {
  readonly ids: Ids
  readonly sink: TraceSink
  readonly limits: SpanLimits
  readonly propagator: Propagator
  readonly clock: Clock
  /** Query keys, in lower case, whose values stay out of `url.full`. */
  readonly secrets: ReadonlySet<string>
  /** What is kept although it was not sampled. Default: nothing. */
  readonly keep?: KeepRules | undefined
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
  readonly #parts: SpanParts
  readonly #spanId: string
  readonly #caller: RemoteSpan | undefined
  readonly #link: RemoteSpan | undefined
  #sampled: boolean | RouteSampler
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

  /**
   * @param caller span of the caller, if the trace began elsewhere
   * @param link span of a caller that is not trusted: the trace begins here
   * @param sampled a function decides when the route is known
   */
  constructor(
    parts: SpanParts,
    x: Exchange,
    traceId: string,
    caller: RemoteSpan | undefined,
    link: RemoteSpan | undefined,
    sampled: boolean | RouteSampler,
  ) {
    this.#parts = parts
    this.#caller = caller
    this.#link = link
    this.#sampled = sampled
    this.#traceState = caller === undefined ? undefined : x.request.headers.joined('tracestate')
    this.#epoch = parts.clock.wall() - parts.clock.now()
    this.#spanId = parts.ids.span()
    this.#attributes = serverAttributes(x)
    this.traceId = traceId
  }

  get sampled(): boolean {
    return this.#sampled === true
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
    this.#events.push({
      name: `${name}`,
      at: this.#epoch + this.#parts.clock.now(),
      attributes: attributes && { ...attributes },
    })
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
    propagator.inject(x.request.headers, this.traceId, spanId, this.#isSampled(x), this.#caller !== undefined)
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
    if (!this.#isSampled(x) && !isKept(this.#parts.keep ?? keepsNothing, finished)) return
    const { recording } = x
    const end = recording?.at ?? this.#parts.clock.now()
    const method = methodName(x.request.method)
    addFinished(this.#attributes, x, finished)
    if (recording !== undefined) addSelf(this.#attributes, recording.selfMs)
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
        link: this.#link,
        droppedEvents: this.#droppedEvents,
        error: finished.status >= 500,
      },
    ]
    for (const { attempt, spanId, attributes, endedAt, error } of this.#attempts) {
      const step = recording?.attempts.find((one) => one.attempt === attempt)
      if (step !== undefined) addSelf(attributes, step.selfMs)
      spans.push(this.#child(method, SpanKind.CLIENT, spanId, attempt.startedAt, endedAt ?? end, attributes, error))
    }
    for (const step of recording?.steps.values() ?? []) {
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

  /** Decided once: what went upstream stays true. */
  #isSampled(x: Exchange): boolean {
    if (typeof this.#sampled === 'function') this.#sampled = this.#sampled(x)
    return this.#sampled
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
