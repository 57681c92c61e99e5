import type { Settings } from '../../config/read/settings.ts'
import type { TrafficCounter } from '../../plugins/statistics/traffic-counter.ts'
import type { Runtime } from '../chain/runtime.ts'
import type { AccessLog } from '../observe/access-log.ts'
import type { RootLogger } from '../observe/root-logger.ts'
import type { ExchangeRecords } from './exchange-records.ts'
import type { Gateway } from './gateway.ts'
import type { LogLevels } from './log-levels.ts'
import { count } from './traffic-counting.ts'

/** What settings change, besides a gateway. */
export interface SettingsParts {
  readonly runtime: Runtime
  readonly logger: RootLogger
  readonly accessLog: AccessLog
  readonly exchanges: ExchangeRecords
  readonly traffic: TrafficCounter
  readonly levels: LogLevels
}

/**
 * Applies the settings that can change without a restart.
 * @param processes that serve requests, and share the memory of the gateway
 */
export function applySettings(
  gateway: Gateway,
  { runtime, logger, accessLog, levels, traffic, exchanges }: SettingsParts,
  next: Settings,
  processes = 1,
): void {
  const style = { isoTime: next.logTime === 'iso', levelNames: next.logLevelNames }
  void logger.setFormat(next.logFormat, style)
  accessLog.configure(next.accessLog, style)
  levels.configure(next.logLevel, (level) => {
    logger.setLevel(level)
    runtime.accessLog = next.accessLog.enabled && isLogged(level) ? accessLog : undefined
  })
  gateway.trust(next.trustedProxies, next.trustForwardedHost)
  gateway.clean(next.clientHeaders)
  gateway.limit(next.downstream)
  exchanges.configure(next, gateway)
  count(traffic, runtime, next.statistics, processes)
  gateway.overload.limit({ ...next.overload, maxMemory: next.overload.maxMemory / processes })
}

const isLogged = (level: string): boolean => ['trace', 'debug', 'info'].includes(level)
