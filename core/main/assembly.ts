import { isDeepStrictEqual } from 'node:util'
import { plainProblem } from '../../config/document/located-config-error.ts'
import { MemoryChanges } from '../../config/edit/memory-changes.ts'
import { changedEndpoints } from '../../config/live/changed-endpoints.ts'
import type { LoadedConfig } from '../../config/live/config-loader.ts'
import { restartProblems } from '../../config/live/needs-restart.ts'
import { logWarning } from '../../config/live/reload-log.ts'
import { type LoadEnd, Reloader } from '../../config/live/reloader.ts'
import { checkOf } from '../../config/read/health-check.ts'
import type { Settings } from '../../config/read/settings.ts'
import { HealthChecker } from '../../plugins/health/health-checker.ts'
import { GatewayStatistics } from '../../plugins/statistics/gateway-statistics.ts'
import type { Service } from '../api/service.ts'
import { FileCheck } from '../base/file-digests.ts'
import type { Catalog } from '../build/catalog.ts'
import { RestartNotice, restartDue } from '../build/restart-due.ts'
import type { LoadTrigger } from '../control/config-control.ts'
import { ConfigError, type Problem } from '../control/config-error.ts'
import type { GatewaySpec } from '../control/gateway-spec.ts'
import { TokenIssuerKey } from '../control/own-tokens.ts'
import { logRegistry, meterRegistry } from '../observe/registry-report.ts'
import { adminServices } from './admin-services.ts'
import type { AssemblyParts } from './assembly-parts.ts'
import { Gateway } from './gateway.ts'
import { applySettings } from './live-settings.ts'
import { type LoadAbout, NO_CHANGES, OwnServices } from './own-services.ts'
import { notRouting } from './served-parts.ts'
import { startEcho } from './start-echo.ts'
import { TokenIssuing } from './token-issuing.ts'

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
  readonly #statistics: GatewayStatistics
  readonly #loader: MemoryChanges
  readonly #own: OwnServices
  readonly #tokens: TokenIssuing
  /** Of the load that was applied last. */
  #changed = NO_CHANGES
  #settings: Settings
  #reloader!: Reloader
  #echo: Service | undefined

  private constructor(parts: AssemblyParts, catalog: Catalog) {
    const { runtime, metrics, logger, source, config, workers } = parts
    const { clock, timers } = runtime
    this.#parts = parts
    this.#settings = config.settings
    this.#own = new OwnServices(logger)
    this.#own.config.starting(config.version)
    this.#loader = new MemoryChanges(parts.loader, () => this.#reloader?.live)
    this.#tokens = TokenIssuing.of(parts, this.#own)
    const registry = () => this.gateway.registry
    const services = adminServices({
      source,
      loader: this.#loader,
      logger,
      metrics,
      clock,
      registry,
      gateway: () => this.gateway,
      files: () => [...this.#files().keys(), ...this.#tokens.paths],
      catalogOf: (part) => parts.catalogOf(part),
      reloader: () => this.#reloader,
      health: () => this.#health,
      statistics: () => this.#statistics,
      conditions: () => this.#conditions(),
      reports: workers?.reports ?? parts.reports,
      workers,
      own: this.#own,
      more: [[TokenIssuerKey, this.#tokens.service], ...(parts.services ?? [])],
    })
    this.gateway = new Gateway({ runtime, catalog, services, baseDir: config.settings.baseDir })
    workers?.serve(this.gateway.registry, services, this.#own)
    this.gateway.registry.subscribe((event) => this.#own.events.emit(event))
    logRegistry(this.gateway.registry, logger)
    meterRegistry(this.gateway.registry, metrics, workers === undefined ? ['health', 'traffic'] : ['health'])
    this.#health = new HealthChecker({ registry: this.gateway.registry, timers, clock, meter: metrics })
    const { traffic } = parts
    this.#statistics = new GatewayStatistics(runtime, this.gateway.registry, traffic, workers?.reports)
  }

  /** The conditions of `/readyz` as they are now. */
  async #conditions(): Promise<Readonly<Record<string, boolean>>> {
    const own = { ...this.conditions, ...this.gateway.startConditions.check() }
    return { ...own, ...(await this.#parts.workers?.conditions()) }
  }

  /** Builds every part and opens the listeners. If that fails, it rejects and leaves no listener open. */
  static async start(parts: AssemblyParts): Promise<Assembly> {
    const assembly = new Assembly(parts, await parts.catalogOf(parts.config))
    await assembly.#start().catch((error: unknown) => assembly.#tokens.stop().then(() => Promise.reject(error)))
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
    await Promise.all([this.#echo?.stop(), this.#statistics.stop(), this.#tokens.stop()])
    return clean.every(Boolean)
  }

  async #start(): Promise<void> {
    const { config, source, logger, metrics, runtime, workers } = this.#parts
    this.#use(config.settings)
    this.#tokens.expect(config.settings.tokens)
    const warnings = [...(await this.gateway.load(this.#ownPart(config)))]
    await this.#tokens.start(config.settings.tokens)
    if (workers !== undefined)
      warnings.push(...(await workers.fleet.start(workers.loadOf(config, this.#about(config, 'start')))).warnings)
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
      apply: (next, live, trigger, commit) => this.#apply(next, live, trigger, commit),
      ended: (load) => this.#ended(load),
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
    this.#ended({ outcome: 'applied', trigger: 'start', version: config.version, problems: 0 })
  }

  #about({ version }: LoadedConfig, trigger: LoadTrigger): LoadAbout {
    return { version, trigger, changed: this.#changed }
  }

  /** Tells of a load in this process. */
  #ended({ outcome, trigger, version, problems }: LoadEnd): void {
    const at = this.#parts.runtime.clock.wall()
    this.#own.events.emit({ type: `config_${outcome}`, at, trigger, version, problems })
    if (outcome === 'applied' && trigger !== 'start')
      this.#own.config.reloaded({ version, at, trigger, changed: this.#changed })
  }

  /** Applies the settings that can change without a restart. */
  #use(next: Settings): void {
    this.#settings = next
    applySettings(this.gateway, { ...this.#parts, levels: this.#own.levels }, next, this.#parts.workers?.count)
    this.#statistics.apply(next.statistics)
  }

  /** What this process serves itself. */
  #ownPart({ spec }: LoadedConfig): GatewaySpec {
    return this.#parts.workers === undefined ? spec : notRouting(spec)
  }

  /** Digests of all files that filters have read, by absolute path. */
  #files(): ReadonlyMap<string, string> {
    const { live } = this.gateway
    return new Map([...(live?.files ?? []), ...(this.#parts.workers?.fleet.files ?? []), ...this.#tokens.files])
  }

  #check({ healthCheck }: Settings): void {
    this.#parts.workers?.loaded()
    this.#health.apply((endpoint) => checkOf(healthCheck, endpoint))
  }

  /** Makes a configuration live, all or nothing. */
  async #apply(
    next: LoadedConfig,
    live: LoadedConfig,
    trigger: LoadTrigger,
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
      this.#changed = await changedEndpoints(live.spec, next.spec)
      const warnings = await this.#load(next, trigger, commit)
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
  async #load(
    next: LoadedConfig,
    trigger: LoadTrigger,
    commit: (() => Promise<void>) | undefined,
  ): Promise<readonly Problem[]> {
    const { workers } = this.#parts
    const catalog = await this.#parts.catalogOf(next)
    const more: Problem[] = []
    const committed = () => this.#tokens.apply(next.settings.tokens, commit)
    const warnings = await this.gateway.load(this.#ownPart(next), {
      catalog,
      commit: async () => {
        if (workers === undefined) return committed()
        more.push(...(await workers.fleet.load(workers.loadOf(next, this.#about(next, trigger)), committed)).warnings)
      },
    })
    return [...warnings, ...more]
  }
}
