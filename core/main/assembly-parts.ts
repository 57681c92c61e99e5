import type { LoadedConfig, Loads } from '../../config/live/config-loader.ts'
import type { TrafficCounter } from '../../plugins/statistics/traffic-counter.ts'
import type { ServiceKey } from '../api/service.ts'
import type { Catalog } from '../build/catalog.ts'
import type { Runtime } from '../chain/runtime.ts'
import type { ConfigSource } from '../control/config-source.ts'
import type { PluginCode } from '../control/plugin-code.ts'
import type { OwnReports } from '../control/reports.ts'
import type { AccessLog } from '../observe/access-log.ts'
import type { Metrics } from '../observe/metrics.ts'
import type { RootLogger } from '../observe/root-logger.ts'
import type { ExchangeRecords } from './exchange-records.ts'
import type { Workers } from './workers.ts'

/** What a gateway is assembled from. */
export interface AssemblyParts {
  readonly config: LoadedConfig
  readonly source: ConfigSource
  /** The loader of `config`. */
  readonly loader: Loads
  readonly runtime: Runtime
  readonly metrics: Metrics
  readonly logger: RootLogger
  readonly accessLog: AccessLog
  /** What this process tells of itself. */
  readonly reports: OwnReports
  readonly exchanges: ExchangeRecords
  /** Counts this process's traffic for the statistics. */
  readonly traffic: TrafficCounter
  /** Services beside the gateway's own. */
  readonly services?: readonly (readonly [ServiceKey<unknown>, unknown])[]
  /** The filters that a configuration may use. */
  catalogOf(config: Pick<LoadedConfig, 'spec' | 'settings'>): Promise<Catalog>
  /** The code of plugins that this process runs for a configuration. */
  codeOf(config: LoadedConfig): PluginCode
  /** The processes that serve the endpoints. Undefined: this one does. */
  readonly workers?: Workers | undefined
}
