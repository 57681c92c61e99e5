import type {
  Attempt,
  Clock,
  Endpoint,
  Exchange,
  ExchangeObserver,
  Finished,
  Meter,
  Outcome,
  Target,
} from '../../core/index.ts'
import {
  ABORTED,
  BREAKER_OPENS,
  BYTES_RECEIVED,
  BYTES_SENT,
  CLIENT_ERRORS,
  type Figures,
  LOCAL_REPLIES,
  REQUESTS,
  RETRIES,
  SERVER_ERRORS,
} from './figures.ts'
import { type Counted, StepCounters, Subject } from './step-counters.ts'
import { GATEWAY, keyOf } from './subject-keys.ts'

interface EndpointSubjects {
  readonly own: Subject
  readonly targets: Map<Target, Subject>
}

/**
 * Counts the traffic of this process by endpoint and target. On the path of a request it reads no clock and allocates nothing: two
 * look-ups and some additions.
 */
export class TrafficCounter implements ExchangeObserver {
  readonly #clock: Clock
  readonly #skipped: ReadonlySet<string>
  readonly #counters: StepCounters
  readonly #gateway = new Subject(GATEWAY)
  readonly #subjects = new WeakMap<Endpoint, EndpointSubjects>()
  /** Requests and attempts that counted for no endpoint or target. */
  #unassigned = 0

  /** @param skipped names of listeners that lead to no endpoints */
  constructor(clock: Clock, meter: Meter, skipped: ReadonlySet<string> = new Set()) {
    this.#clock = clock
    this.#skipped = skipped
    this.#counters = new StepCounters(clock)
    meter.register({
      name: 'weir_statistics_uncounted_total',
      help: 'Requests and attempts that the statistics could not count for their endpoint or target, and figures that nobody took.',
      type: 'counter',
      collect: () => [
        { labels: { what: 'subject' }, value: this.#unassigned },
        { labels: { what: 'late' }, value: this.#counters.lost },
      ],
    })
  }

  /** @param stepMs length of a step; milliseconds. @param maxBytes memory for what was counted */
  configure(stepMs: number, maxBytes: number): void {
    this.#counters.configure(stepMs, maxBytes)
  }

  /** Hands over what was counted. See `StepCounters.cut`. */
  cut(taken: Readonly<Record<string, number>>): Promise<Counted> {
    return this.#counters.cut(taken)
  }

  finished(finished: Finished): void {
    const { exchange: x, status, error, durationMs, listener } = finished
    if (listener !== undefined && this.#skipped.has(listener)) return
    if (x === undefined) return this.#unparsed(status)
    const figures = this.#figuresOf(x.endpoint, x.startedAt + durationMs)
    const { counts } = figures
    counts[REQUESTS]!++
    let failed = status >= 500
    if (finished.outcome === 'aborted') {
      if (error === undefined || error.source === 'downstream') counts[ABORTED]!++
      else failed = true
    }
    if (failed) counts[SERVER_ERRORS]!++
    else if (status >= 400) counts[CLIENT_ERRORS]!++
    if (x.response?.local !== undefined) counts[LOCAL_REPLIES]!++
    const { attempts = 0, bytesReceived = 0, bytesSent = 0 } = finished
    if (attempts > 1) counts[RETRIES]! += attempts - 1
    counts[BYTES_RECEIVED]! += bytesReceived
    counts[BYTES_SENT]! += bytesSent
    figures.took(durationMs)
  }

  attempted(x: Exchange, { target, number, startedAt }: Attempt, { result, status, totalMs }: Outcome): void {
    const { endpoint } = x
    if (endpoint === undefined || target === undefined) return
    const figures = this.#counters.of(this.#targetOf(endpoint, target), startedAt + totalMs)
    if (figures === undefined) return void this.#unassigned++
    const { counts } = figures
    counts[REQUESTS]!++
    if (result === 'failure' || (status !== undefined && status >= 500)) counts[SERVER_ERRORS]!++
    else if (status !== undefined && status >= 400) counts[CLIENT_ERRORS]!++
    if (result === 'ignored') counts[ABORTED]!++
    if (number > 1) counts[RETRIES]!++
    figures.took(totalMs)
  }

  /** A breaker has opened. @param target URL of the target that it guards; undefined: it guards the endpoint */
  breakerOpened(endpoint: string, target: string | undefined): void {
    const now = this.#clock.now()
    const keys = target === undefined ? [keyOf(endpoint)] : [keyOf(endpoint), keyOf(endpoint, target)]
    for (const key of keys) {
      const figures = this.#counters.of(new Subject(key), now)
      if (figures === undefined) this.#unassigned++
      else figures.counts[BREAKER_OPENS]!++
    }
  }

  /** Bytes that were no request: they took no time that could be told. */
  #unparsed(status: number): void {
    if (status === 0) return
    const { counts } = this.#figuresOf(undefined, this.#clock.now())
    counts[REQUESTS]!++
    counts[LOCAL_REPLIES]!++
    counts[status >= 500 ? SERVER_ERRORS : CLIENT_ERRORS]!++
  }

  #figuresOf(endpoint: Endpoint | undefined, ended: number): Figures {
    if (endpoint !== undefined) {
      const figures = this.#counters.of(this.#subjectsOf(endpoint).own, ended)
      if (figures !== undefined) return figures
      this.#unassigned++
    }
    return this.#counters.always(this.#gateway, ended)
  }

  #subjectsOf(endpoint: Endpoint): EndpointSubjects {
    let subjects = this.#subjects.get(endpoint)
    if (subjects === undefined) {
      subjects = { own: new Subject(keyOf(endpoint.id)), targets: new Map() }
      this.#subjects.set(endpoint, subjects)
    }
    return subjects
  }

  #targetOf(endpoint: Endpoint, target: Target): Subject {
    const { targets } = this.#subjectsOf(endpoint)
    let subject = targets.get(target)
    if (subject === undefined) {
      subject = new Subject(keyOf(endpoint.id, target.url))
      targets.set(target, subject)
    }
    return subject
  }
}
