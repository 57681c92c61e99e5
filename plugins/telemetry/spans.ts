import { type Context, type Span, SpanKind, SpanStatusCode, type Tracer, trace } from '@opentelemetry/api'
import type { Attempt, Clock, Exchange, FilterStep, Finished, Outcome, RecordingTrace } from '../../core/index.ts'
import {
  attemptAttributes,
  finishedAttributes,
  methodName,
  serverAttributes,
  settledAttributes,
  stepAttributes,
} from './attributes.ts'
import type { Propagator } from './propagation.ts'

export interface SpanParts {
  /** Records every span that it starts: exchanges that are not sampled never reach it. */
  readonly tracer: Tracer
  readonly propagator: Propagator
  readonly clock: Clock
  /** Query keys, in lower case, whose values stay out of `url.full`. */
  readonly secrets: ReadonlySet<string>
}

/**
 * The spans of one sampled exchange: a server span, a client span per attempt, and a span per filter, which is created at the end
 * from the recorded steps.
 */
export class ExchangeSpans implements RecordingTrace {
  readonly traceId: string
  readonly steps = new Map<string, FilterStep>()
  readonly #parts: SpanParts
  readonly #server: Span
  readonly #within: Context
  readonly #continued: boolean
  /** Zero of the monotonic clock in milliseconds since the Unix epoch: read once, so that all spans agree. */
  readonly #epoch: number
  readonly #attempts = new Map<Attempt, Span>()
  #over = false

  /**
   * @param context context with the caller's span, if there is one
   * @param continued whether the trace began elsewhere
   */
  constructor(parts: SpanParts, x: Exchange, context: Context, continued: boolean) {
    this.#parts = parts
    this.#continued = continued
    this.#epoch = parts.clock.wall() - parts.clock.now()
    this.#server = parts.tracer.startSpan(
      methodName(x.request.method),
      { kind: SpanKind.SERVER, startTime: this.#epoch + x.startedAt, attributes: serverAttributes(x) },
      context,
    )
    this.#within = trace.setSpan(context, this.#server)
    this.traceId = this.#server.spanContext().traceId
  }

  now(): number {
    return this.#parts.clock.now()
  }

  attribute(name: string, value: string | number | boolean): void {
    if (!this.#over) this.#server.setAttribute(name, value)
  }

  event(name: string, attributes?: Readonly<Record<string, string | number | boolean>>): void {
    if (!this.#over) this.#server.addEvent(name, attributes, this.#epoch + this.now())
  }

  beginAttempt(x: Exchange, attempt: Attempt): void {
    if (this.#over || attempt.target === undefined) return
    const span = this.#parts.tracer.startSpan(
      methodName(x.request.method),
      {
        kind: SpanKind.CLIENT,
        startTime: this.#epoch + attempt.startedAt,
        attributes: attemptAttributes(x, attempt, this.#parts.secrets),
      },
      this.#within,
    )
    this.#attempts.set(attempt, span)
    const { traceId, spanId } = span.spanContext()
    this.#parts.propagator.inject(x.request.headers, traceId, spanId, true, this.#continued)
  }

  endAttempt(attempt: Attempt, outcome: Outcome): void {
    const span = this.#attempts.get(attempt)
    if (span === undefined) return
    this.#attempts.delete(attempt)
    span.setAttributes(settledAttributes(outcome))
    if (outcome.result === 'failure' || (outcome.status ?? 0) >= 400) span.setStatus({ code: SpanStatusCode.ERROR })
    span.end(this.#epoch + attempt.startedAt + outcome.totalMs)
  }

  /** Ends all open spans. Later calls do nothing. */
  finish(x: Exchange, finished: Finished): void {
    if (this.#over) return
    this.#over = true
    const end = this.now()
    for (const step of this.steps.values()) {
      const { tracer } = this.#parts
      const options = { startTime: this.#epoch + step.startedAt, attributes: stepAttributes(step) }
      const span = tracer.startSpan(`filter ${step.name}`, options, this.#within)
      if (step.verdict === 'error') span.setStatus({ code: SpanStatusCode.ERROR })
      span.end(this.#epoch + (step.endedAt ?? end))
    }
    for (const span of this.#attempts.values()) span.end(this.#epoch + end)
    this.#attempts.clear()
    const server = this.#server
    if (x.route !== undefined) server.updateName(`${methodName(x.request.method)} ${x.route.template}`)
    server.setAttributes(finishedAttributes(x, finished))
    if (finished.status >= 500) server.setStatus({ code: SpanStatusCode.ERROR })
    server.end(this.#epoch + end)
  }
}
