import { isDeepStrictEqual } from 'node:util'
import { plainProblem } from '../../config/document/located-config-error.ts'
import { MemoryChanges } from '../../config/edit/memory-changes.ts'
import type { LoadedConfig, Loads } from '../../config/live/config-loader.ts'
import { restartProblems } from '../../config/live/needs-restart.ts'
import { logWarning } from '../../config/live/reload-log.ts'
import { Reloader } from '../../config/live/reloader.ts'
import { checkOf } from '../../config/read/health-check.ts'
import type { Settings } from '../../config/read/settings.ts'
import { echoService } from '../../plugins/echo/echo-service.ts'
import { HealthChecker } from '../../plugins/health/health-checker.ts'
import type { Service, ServiceKey } from '../api/service.ts'
import { FileCheck } from '../base/file-digests.ts'
import type { Catalog } from '../build/catalog.ts'
import { RestartNotice, restartDue } from '../build/restart-due.ts'
import type { Runtime } from '../chain/runtime.ts'
import { ConfigError, type Problem } from '../control/config-error.ts'
import type { ConfigSource } from '../control/config-source.ts'
import type { GatewaySpec } from '../control/gateway-spec.ts'
import type { PluginCode } from '../control/plugin-code.ts'
import type { OwnReports } from '../control/reports.ts'
import type { AccessLog } from '../observe/access-log.ts'
import type { Metrics } from '../observe/metrics.ts'
import { logRegistry, meterRegistry } from '../observe/registry-report.ts'
import type { RootLogger } from '../observe/root-logger.ts'
import { adminServices } from './admin-services.ts'
import { Gateway } from './gateway.ts'
import { applySettings } from './live-settings.ts'
import { notRouting, type Workers } from './workers.ts'

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
  /** Services beside the gateway's own. */
  readonly services?: readonly (readonly [ServiceKey<unknown>, unknown])[]
  /** The filters that a configuration may use. */
  catalogOf(config: LoadedConfig): Promise<Catalog>
  /** The code of plugins that this process runs for a configuration. */
  codeOf(config: LoadedConfig): PluginCode
  /** The processes that serve the endpoints. Undefined: this one does. */
  readonly workers?: Workers | undefined
}

/**
 * A whole gateway: the data plane, here or in workers, health checks, reloads, changes at run time and the echo service, wired to
 * each other. It knows no signals and no command line.
 */
export class Assembly {
  readonly gateway: Gateway
  /** The conditions of `/readyz`, by name. */
  readonly conditions: { configuration: boolean; listeners: boolean; running: boolean } = {
    configuration: false,
    listeners: false,
    running: true,
  }
  readonly #parts: AssemblyParts
  readonly #health: HealthChecker
  readonly #loader: MemoryChanges
  #settings: Settings
  #reloader!: Reloader
  #echo: Service | undefined

  private constructor(parts: AssemblyParts, catalog: Catalog) {
    const { runtime, metrics, logger, source, config, workers } = parts
    const { clock, timers } = runtime
    this.#parts = parts
    this.#settings = config.settings
    this.#loader = new MemoryChanges(parts.loader, () => this.#reloader?.live)
    const registry = () => this.gateway.registry
    const services = adminServices({
      source,
      loader: this.#loader,
      logger,
      metrics,
      clock,
      registry,
      reloader: () => this.#reloader,
      health: () => this.#health,
      conditions: () => this.#conditions(),
      reports: workers?.reports ?? parts.reports,
      workers,
      more: parts.services ?? [],
    })
    this.gateway = new Gateway({ runtime, catalog, services, baseDir: config.settings.baseDir })
    workers?.serve(this.gateway.registry, services)
    logRegistry(this.gateway.registry, logger)
    meterRegistry(this.gateway.registry, metrics, workers === undefined ? ['health', 'traffic'] : ['health'])
    this.#health = new HealthChecker({ registry: this.gateway.registry, timers, clock, meter: metrics })
  }

  /** The conditions of `/readyz` as they are now. */
  async #conditions(): Promise<Readonly<Record<string, boolean>>> {
    const { workers } = this.#parts
    const own = { ...this.conditions, ...this.gateway.startConditions.check() }
    if (workers === undefined) return own
    const started = await workers.startConditions()
    return { ...own, ...started, workers: workers.fleet.ready > 0 }
  }

  /** Builds every part and opens the listeners. If that fails, it rejects and leaves no listener open. */
  static async start(parts: AssemblyParts): Promise<Assembly> {
    const assembly = new Assembly(parts, await parts.catalogOf(parts.config))
    await assembly.#start()
    return assembly
  }

  get settings(): Settings {
    return this.#settings
  }

  get reloader(): Reloader {
    return this.#reloader
  }

  /** From now on `/readyz` is 503, and clients are asked not to keep their connections. */
  drain(): void {
    this.conditions.running = false
    this.gateway.drain()
    this.#parts.workers?.fleet.drain()
  }

  /** Stops everything. False if requests that were still in flight had to be cut. */
  async stop(): Promise<boolean> {
    this.conditions.running = false
    await this.#reloader.stop()
    await this.#health.stop()
    const { timeoutMs } = this.#settings.shutdown
    const clean = await Promise.all([this.gateway.close(timeoutMs), this.#parts.workers?.stop(timeoutMs) ?? true])
    await this.#echo?.stop()
    return clean.every(Boolean)
  }

  async #start(): Promise<void> {
    const { config, source, logger, metrics, runtime, workers } = this.#parts
    this.#use(config.settings)
    const warnings = [...(await this.gateway.load(this.#own(config)))]
    if (workers !== undefined) warnings.push(...(await workers.fleet.start(workers.loadOf(config))).warnings)
    for (const problem of [...config.warnings, ...warnings]) logWarning(logger, plainProblem(problem, config.document))
    this.#health.start()
    this.#check(config.settings)
    this.conditions.configuration = true
    const restart = new RestartNotice(() => restartDue(this.#parts.codeOf(this.#reloader.live), workers?.code), logger)
    this.#reloader = new Reloader({
      source,
      loader: this.#loader,
      live: config,
      warnings,
      apply: (next, live, commit) => this.#apply(next, live, commit),
      filesRead: () => [...this.#files().keys()],
      filesChanged: () => new FileCheck().changed(this.#files()),
      restartDue: () => restart.check(),
      log: logger,
      meter: metrics,
      clock: runtime.clock,
    })
    if (workers !== undefined) workers.onReady = () => void restart.check()
    this.#echo = await startEcho(config.settings.echo)
    await this.gateway.open()
    await this.#reloader.start()
    this.conditions.listeners = true
  }

  /** Applies the settings that can change without a restart. */
  #use(next: Settings): void {
    this.#settings = next
    applySettings(this.gateway, this.#parts, next)
  }

  /** What this process serves itself. */
  #own({ spec }: LoadedConfig): GatewaySpec {
    return this.#parts.workers === undefined ? spec : notRouting(spec)
  }

  /** Digests of all files that filters have read, by absolute path. */
  #files(): ReadonlyMap<string, string> {
    return new Map([...(this.gateway.live?.files ?? []), ...(this.#parts.workers?.fleet.files ?? [])])
  }

  #check({ healthCheck }: Settings): void {
    this.#parts.workers?.loaded()
    this.#health.apply((endpoint) => checkOf(healthCheck, endpoint))
  }

  /** Makes a configuration live, all or nothing. */
  async #apply(
    next: LoadedConfig,
    live: LoadedConfig,
    commit: (() => Promise<void>) | undefined,
  ): Promise<readonly Problem[]> {
    const problems = restartProblems(live.settings, next.settings)
    if (problems.length > 0) throw new ConfigError(problems)
    const same = isDeepStrictEqual(live.settings.echo, next.settings.echo)
    let other = same
      ? this.#echo
      : await startEcho(next.settings.echo).catch(({ message }: Error) => {
          throw new ConfigError([{ path: ['echo', 'listen'], message }])
        })
    try {
      const warnings = await this.#load(next, commit)
      // The one that is not used from now on is stopped below.
      ;[this.#echo, other] = [other, this.#echo]
      this.#use(next.settings)
      this.#check(next.settings)
      return warnings
    } finally {
      if (!same) void other?.stop()
    }
  }

  /** Loads it here and in every worker, or nowhere. */
  async #load(next: LoadedConfig, commit: (() => Promise<void>) | undefined): Promise<readonly Problem[]> {
    const { workers } = this.#parts
    const catalog = await this.#parts.catalogOf(next)
    const more: Problem[] = []
    const warnings = await this.gateway.load(this.#own(next), {
      catalog,
      commit: async () => {
        if (workers === undefined) return commit?.()
        more.push(...(await workers.fleet.load(workers.loadOf(next), commit)).warnings)
      },
    })
    return [...warnings, ...more]
  }
}

async function startEcho(address: Settings['echo']): Promise<Service | undefined> {
  if (address === undefined) return undefined
  const echo = echoService({ host: address.host ?? '127.0.0.1', port: address.port })
  await echo.start()
  return echo
}
