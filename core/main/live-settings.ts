import type { Settings } from '../../config/read/settings.ts'
import type { TrafficCounter } from '../../plugins/statistics/traffic-counter.ts'
import type { Runtime } from '../chain/runtime.ts'
import type { AccessLog } from '../observe/access-log.ts'
import type { RootLogger } from '../observe/root-logger.ts'
import type { Gateway } from './gateway.ts'
import { count } from './traffic-counting.ts'

/** What settings change, besides a gateway. */
export interface SettingsParts {
  readonly runtime: Runtime
  readonly logger: RootLogger
  readonly accessLog: AccessLog
  readonly traffic: TrafficCounter
}

/**
 * Applies the settings that can change without a restart.
 * @param processes that serve requests, and share the memory of the gateway
 */
export function applySettings(
  gateway: Gateway,
  { runtime, logger, accessLog, traffic }: SettingsParts,
  next: Settings,
  processes = 1,
): void {
  logger.setLevel(next.logLevel)
  const style = { isoTime: next.logTime === 'iso', levelNames: next.logLevelNames }
  void logger.setFormat(next.logFormat, style)
  accessLog.configure(next.accessLog, style)
  runtime.accessLog = next.accessLog.enabled && isLogged(next.logLevel) ? accessLog : undefined
  gateway.trust(next.trustedProxies, next.trustForwardedHost)
  gateway.clean(next.clientHeaders)
  gateway.limit(next.downstream)
  count(traffic, runtime, next.statistics, processes)
  gateway.overload.limit({ ...next.overload, maxMemory: next.overload.maxMemory / processes })
}

const isLogged = (level: string): boolean => ['trace', 'debug', 'info'].includes(level)
