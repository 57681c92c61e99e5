import type { Settings } from '../../config/read/settings.ts'
import type { TrafficCounter } from '../../plugins/statistics/traffic-counter.ts'
import { startTelemetry } from '../../plugins/telemetry/telemetry.ts'
import { systemClock } from '../base/clock.ts'
import { TimerWheel } from '../base/timer-wheel.ts'
import { Runtime } from '../chain/runtime.ts'
import { OwnReports } from '../control/reports.ts'
import { BatchedAccessLog } from '../observe/access-log.ts'
import { Metrics } from '../observe/metrics.ts'
import type { RootLogger } from '../observe/root-logger.ts'
import { surviveUnhandledErrors } from '../observe/unhandled-errors.ts'
import { ExchangeRecords } from './exchange-records.ts'
import { VERSION } from './services.ts'
import { makeTrafficCounter } from './traffic-counting.ts'

/** What every process of the gateway has, whatever it does. */
export interface ProcessParts {
  readonly logger: RootLogger
  readonly metrics: Metrics
  readonly accessLog: BatchedAccessLog
  readonly runtime: Runtime
  /** What this process tells of itself. */
  readonly reports: OwnReports
  readonly exchanges: ExchangeRecords
  /** Of the statistics. */
  readonly traffic: TrafficCounter
  /** Writes the rest of the log. */
  flush(): void
  /** Sends the last spans, and writes the rest of the log. */
  stop(): Promise<void>
}

/** Starts them. @param worker number of this worker; undefined: there is one process alone, or this is the primary */
export async function startProcessParts(
  logger: RootLogger,
  settings: Settings,
  worker?: number,
): Promise<ProcessParts> {
  const metrics = new Metrics({
    process: true,
    onError: (metric, error) => logger.error({ metric, err: error }, 'a metric could not be collected'),
  })
  metrics.register({
    name: 'weir_build_info',
    help: 'The version of Weir and of Node.',
    type: 'gauge',
    aggregate: 'max',
    collect: () => [{ labels: { version: VERSION, node: process.versions.node }, value: 1 }],
  })
  const timers = new TimerWheel({ onError: (error) => logger.error({ err: error }, 'a deadline failed') })
  surviveUnhandledErrors(logger, metrics)
  const telemetry = await startTelemetry(settings.tracing, { log: logger, meter: metrics, worker })
  const accessLog = new BatchedAccessLog({ destination: logger.destination, timers, meter: metrics, worker })
  const runtime = new Runtime({ clock: systemClock, timers, logger, meter: metrics, tracing: telemetry?.tracing })
  const reports = new OwnReports()
  const flush = (): void => {
    runtime.repeated.flush()
    accessLog.flushSync()
    logger.flushSync()
  }
  return {
    logger,
    metrics,
    accessLog,
    runtime,
    reports,
    exchanges: new ExchangeRecords(runtime, reports, worker),
    traffic: makeTrafficCounter(runtime, reports),
    flush,
    stop: async () => {
      await telemetry?.stop()
      flush()
    },
  }
}
