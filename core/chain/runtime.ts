import { Counter } from '../api/counter.ts'
import type { Exchange } from '../api/exchange.ts'
import type { Finished } from '../api/filter.ts'
import type { Logger } from '../api/logger.ts'
import type { Meter } from '../api/meter.ts'
import type { Clock } from '../base/clock.ts'
import type { TimerWheel } from '../base/timer-wheel.ts'
import type { AccessLog } from '../observe/access-log.ts'
import { FilterDurations } from '../observe/filter-durations.ts'
import { traceIdOf } from '../observe/traceparent.ts'
import type { Tracing } from '../observe/tracing.ts'
import type { Step } from './compiled-chain.ts'

/** What every request shares: time, logs, traces, and the count of what went wrong. */
export class Runtime {
  readonly clock: Clock
  readonly timers: TimerWheel
  readonly logger: Logger
  readonly meter: Meter
  readonly tracing: Tracing | undefined
  readonly durations: FilterDurations
  /** Undefined while it is off. */
  accessLog: AccessLog | undefined
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
    this.durations = new FilterDurations(this.meter)
    this.meter.register({
      name: 'weir_filter_errors_total',
      help: 'Hooks of filters that threw or rejected',
      type: 'counter',
      collect: () => this.#filterErrors.samples(),
    })
  }

  /** A request's head is there: its sampling is decided here, once. */
  begin(x: Exchange): void {
    if (this.tracing === undefined) x.traceId = traceIdOf(x.request.headers)
    else x.trace = this.tracing.begin(x)
  }

  /** A hook threw: counted, logged, and the process goes on. */
  filterError(x: Exchange | undefined, filter: string, hook: string, error: unknown): void {
    this.#filterErrors.add({ filter, hook })
    const fields = {
      err: error,
      filter,
      hook,
      request_id: x?.requestId,
      trace_id: x?.traceId,
      endpoint: x?.endpoint?.id,
    }
    this.logger.error(fields, `filter "${filter}" failed in its ${hook} hook`)
  }

  /** Phase `log`: every filter once, then the trace and the access line. Nothing here can hurt the exchange. */
  log(steps: readonly Step[], finished: Finished): void {
    const { exchange } = finished
    for (const step of steps) {
      try {
        step.filter.log!(finished)
      } catch (error) {
        this.filterError(exchange, step.name, 'log', error)
      }
    }
    if (exchange?.trace !== undefined) this.tracing?.finish(exchange, finished)
    this.accessLog?.write(finished)
  }
}
