import type { Attempt, Outcome } from '../api/attempt.ts'
import { Counter } from '../api/counter.ts'
import { enterHook, type HookWatch, leaveHook } from '../api/current-hook.ts'
import type { WeirError } from '../api/errors.ts'
import type { Exchange } from '../api/exchange.ts'
import type { Finished } from '../api/filter.ts'
import type { HookError } from '../api/hook-error.ts'
import type { Logger } from '../api/logger.ts'
import type { Meter } from '../api/meter.ts'
import { Recording } from '../api/recording.ts'
import type { Clock } from '../base/clock.ts'
import { isThenable } from '../base/thenable.ts'
import type { TimerWheel } from '../base/timer-wheel.ts'
import { causeCode } from '../observe/access-fields.ts'
import type { AccessLog } from '../observe/access-log.ts'
import { filterOf } from '../observe/error-origin.ts'
import type { ExchangeObserver } from '../observe/exchange-observer.ts'
import { FilterDurations } from '../observe/filter-durations.ts'
import type { LiveExplain } from '../observe/live-explain.ts'
import { RepeatedLines } from '../observe/repeated-lines.ts'
import { traceIdOf } from '../observe/traceparent.ts'
import type { Tracing } from '../observe/tracing.ts'
import type { HookStep } from './compiled-chain.ts'

/** What all requests share: time, logs, traces, and the counts of errors. */
export class Runtime implements HookWatch {
  readonly clock: Clock
  readonly timers: TimerWheel
  readonly logger: Logger
  readonly meter: Meter
  readonly tracing: Tracing | undefined
  readonly durations: FilterDurations
  /** Undefined while it is off. */
  accessLog: AccessLog | undefined
  /** Undefined while no exchange may be explained. */
  explain: LiveExplain | undefined
  /** Told of every attempt and every exchange that is over. */
  observers: readonly ExchangeObserver[] = []
  /** For warnings that clients and upstreams can cause at will. */
  readonly repeated: RepeatedLines
  readonly #filterErrors = new Counter<'filter' | 'hook'>()

  constructor(parts: {
    clock: Clock
    timers: TimerWheel
    logger: Logger
    meter: Meter
    tracing?: Tracing | undefined
    accessLog?: AccessLog | undefined
  }) {
    this.clock = parts.clock
    this.timers = parts.timers
    this.logger = parts.logger
    this.meter = parts.meter
    this.tracing = parts.tracing
    this.accessLog = parts.accessLog
    this.repeated = new RepeatedLines(this.logger, this.clock, this.timers)
    this.durations = new FilterDurations(this.meter)
    this.meter.register({
      name: 'weir_filter_errors_total',
      help: 'Hooks of filters that threw, rejected, took too long, or returned what they may not.',
      type: 'counter',
      collect: () => this.#filterErrors.samples(),
    })
  }

  /** The head of a request is there: decides, once, whether its trace is sampled, and whether it is explained. */
  begin(x: Exchange): void {
    const explains = this.explain?.begin(x) === true
    if (this.tracing === undefined) x.traceId = traceIdOf(x.request.headers)
    else x.trace = this.tracing.begin(x)
    if (explains || x.trace !== undefined) x.recording = new Recording(x, this.clock, explains)
  }

  /**
   * Counts and logs the error of a hook.
   * @param filter name in the chain; undefined where only the stack of the error can tell
   */
  filterError(x: Exchange | undefined, filter: string | undefined, hook: string, error: unknown): void {
    const name = filter ?? filterOf(error) ?? 'unknown'
    this.#filterErrors.add({ filter: name, hook })
    const fields = { err: error, filter: name, hook, ...contextOf(x) }
    try {
      this.logger.error(fields, `filter "${name}" failed in its ${hook} hook`)
    } catch {
      // Whatever it threw, others have to go on.
    }
  }

  /** Warns of an attempt that failed: a line per endpoint and code, then how many more. */
  upstreamFailed(x: Exchange, { number, target }: Attempt, error: WeirError): void {
    const { code, title } = error
    const fields = { error: code, cause: causeCode(error), detail: title, target: target?.host, attempt: number }
    const key = `upstream ${code} ${x.endpoint?.id}`
    this.repeated.warn(key, { ...contextOf(x), ...fields }, 'an attempt at an upstream failed')
  }

  /** Tells an observer of all traffic from now on, or no longer. */
  observe(observer: ExchangeObserver, on: boolean): void {
    const others = this.observers.filter((known) => known !== observer)
    this.observers = on ? [...others, observer] : others
  }

  /** Tells the observers of an attempt that is over. */
  attempted(x: Exchange, attempt: Attempt, outcome: Outcome): void {
    for (const observer of this.observers) {
      try {
        observer.attempted?.(x, attempt, outcome)
      } catch (error) {
        this.filterError(x, 'engine', 'settled', error)
      }
    }
  }

  /** Logs that a hook blocked the event loop, and with it every other request, for `ms` milliseconds. */
  hookBlocked(x: Exchange, filter: string, hook: string, ms: number): void {
    const fields = { filter, hook, blocked_ms: Math.round(ms), ...contextOf(x) }
    this.logger.warn(fields, `filter "${filter}" blocked the event loop for ${Math.round(ms)} ms in its ${hook} hook`)
  }

  /** Ignores what a hook returned that can't change the exchange any more. A promise that rejects is an error of the hook. */
  ignoreResult(result: unknown, x: Exchange | undefined, filter: string, hook: string): void {
    if (isThenable(result)) result.then(undefined, (error: unknown) => this.filterError(x, filter, hook, error))
  }

  /**
   * Phase `log`: every filter once, then the trace, the observers, and the access line. What a hook throws stops none of them.
   * @param watch of the exchange, where there is one
   */
  log(steps: readonly HookStep[], finished: Finished, watch: HookWatch = this): void {
    const { exchange } = finished
    for (const step of steps) {
      const { name, hook, filter } = step
      enterHook(step, watch)
      try {
        this.ignoreResult(filter.log!(finished), exchange, name, hook)
      } catch (error) {
        this.filterError(exchange, name, hook, error)
      } finally {
        leaveHook(step, undefined)
      }
    }
    exchange?.recording?.finish()
    if (exchange?.trace !== undefined) this.tracing?.finish(exchange, finished)
    for (const observer of this.observers) this.#tell(observer, finished)
    this.accessLog?.write(finished)
  }

  #tell(observer: ExchangeObserver, finished: Finished): void {
    try {
      observer.finished(finished)
    } catch (error) {
      this.filterError(finished.exchange, 'engine', 'log', error)
    }
  }

  /** For hooks that run without an exchange. */
  report({ filter, hook, cause }: HookError): void {
    this.filterError(undefined, filter, hook, cause)
  }

  running(): void {}
  returned(): void {}
}

const contextOf = (x: Exchange | undefined): object => ({
  request_id: x?.requestId,
  trace_id: x?.traceId,
  endpoint: x?.endpoint?.id,
})
