import type { Attempt, Outcome } from '../../api/attempt.ts'
import type { Exchange } from '../../api/exchange.ts'
import type { FilterStep } from '../../api/recording.ts'
import type { Clock } from '../../base/clock.ts'
import type { RecordingTrace, Tracing } from '../../observe/tracing.ts'

type Attributes = Record<string, string | number | boolean>

/** A span as OpenTelemetry would get it. */
export interface RecordedSpan {
  /** `request`, `filter {name}`, or `attempt {number}`. */
  readonly name: string
  /** Of the span `request`: what filters noted with `x.trace.attribute`. */
  readonly attributes: Readonly<Attributes>
  /** Of the span `request`: what filters noted with `x.trace.event`. */
  readonly events: readonly { readonly name: string; readonly attributes: Readonly<Attributes> }[]
  /** Of a filter: what its last inbound hook decided. Of an attempt: how it ended. */
  readonly verdict: FilterStep['verdict'] | Outcome['result']
  /** Reason of the local reply, or code of the error. */
  readonly reason: string | undefined
  /** Monotonic milliseconds. */
  readonly startedAt: number
  readonly endedAt: number
}

/** The trace of one exchange, kept in memory. */
export class MemoryTrace implements RecordingTrace {
  readonly traceId: string
  readonly #clock: Clock
  readonly #startedAt: number
  readonly #attributes: Attributes = {}
  readonly #events: { name: string; attributes: Attributes }[] = []
  readonly #attempts: RecordedSpan[] = []

  constructor(traceId: string, clock: Clock) {
    this.traceId = traceId
    this.#clock = clock
    this.#startedAt = clock.now()
  }

  attribute(name: string, value: string | number | boolean): void {
    this.#attributes[name] = value
  }

  event(name: string, attributes: Readonly<Attributes> = {}): void {
    this.#events.push({ name, attributes: { ...attributes } })
  }

  beginAttempt(): void {}

  endAttempt({ number, startedAt }: Attempt, { result, error, totalMs }: Outcome): void {
    const reason = error?.code
    const times = { startedAt, endedAt: startedAt + totalMs }
    this.#attempts.push({ name: `attempt ${number}`, attributes: {}, events: [], verdict: result, reason, ...times })
  }

  /** Every span, the request's own first. @param isShown filters that are left out are the test kit's own */
  spans(steps: Iterable<FilterStep>, isShown: (filter: string) => boolean): RecordedSpan[] {
    const now = this.#clock.now()
    const request = { name: 'request', attributes: this.#attributes, events: this.#events, verdict: undefined }
    const filters = [...steps]
      .filter(({ name }) => isShown(name))
      .map(({ name, verdict, reason, startedAt, endedAt = now }): RecordedSpan => {
        return { name: `filter ${name}`, attributes: {}, events: [], verdict, reason, startedAt, endedAt }
      })
    return [{ ...request, reason: undefined, startedAt: this.#startedAt, endedAt: now }, ...filters, ...this.#attempts]
  }
}

/** Traces every exchange, but those that a test wants untraced, in memory. Trace ids are counted, so that they repeat. */
export class RecordingTracing implements Tracing {
  readonly #clock: Clock
  readonly #untraced = new WeakSet<Exchange>()
  #count = 0

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** As if it were not sampled. To be called before the exchange begins. */
  skip(x: Exchange): void {
    this.#untraced.add(x)
  }

  begin(x: Exchange): RecordingTrace | undefined {
    x.traceId = (++this.#count).toString(16).padStart(32, '0')
    return this.#untraced.has(x) ? undefined : new MemoryTrace(x.traceId, this.#clock)
  }

  finish(): void {}
}
