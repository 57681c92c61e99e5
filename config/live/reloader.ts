import { Counter } from '../../core/api/counter.ts'
import type { Logger } from '../../core/api/logger.ts'
import type { Meter } from '../../core/api/meter.ts'
import type { Clock } from '../../core/base/clock.ts'
import type {
  ConfigControl,
  ConfigProblem,
  ConfigStatus,
  LoadTrigger,
  ReloadOutcome,
  RestartDue,
} from '../../core/control/config-control.ts'
import { BuildError, ConfigError, type Problem } from '../../core/control/config-error.ts'
import type { ConfigSource } from '../../core/control/config-source.ts'
import { LocatedConfigError, plainProblem } from '../document/located-config-error.ts'
import type { LoadedConfig, Loads } from './config-loader.ts'
import { logReload } from './reload-log.ts'
import { meterReloads } from './reload-metrics.ts'
import { haveSameMeaning } from './same-meaning.ts'
import { SourceWatch } from './source-watch.ts'

/** How a load ended. */
export interface LoadEnd {
  readonly outcome: 'applied' | 'failed'
  readonly trigger: LoadTrigger
  /** Of the configuration that runs now. */
  readonly version: string
  readonly problems: number
}

export interface ReloaderParts {
  readonly source: ConfigSource
  /** The one that loaded `live`. */
  readonly loader: Loads
  /** The configuration that runs, with the warnings of its load. */
  readonly live: LoadedConfig
  readonly warnings: readonly Problem[]
  /**
   * Makes a configuration the live one. If it can't, it throws a ConfigError and changes nothing.
   * @param commit called when nothing else can fail; if it rejects, nothing changes
   */
  apply(
    next: LoadedConfig,
    live: LoadedConfig,
    trigger: LoadTrigger,
    commit?: () => Promise<void>,
  ): Promise<readonly Problem[]>
  /** Told of each load that has changed what runs, and of each that failed: at once after it. A refused change is neither. */
  ended?(load: LoadEnd): void
  /** Local files that the live filters have read (absolute paths), and whether one of them has changed. */
  filesRead(): readonly string[]
  filesChanged(): boolean
  /** Plugins whose code differs from what runs. Asked after every load, so that it can be logged, and for every status. */
  restartDue(): readonly RestartDue[]
  readonly log: Logger
  readonly meter: Meter
  readonly clock: Clock
}

/** Keeps the process on the newest valid configuration. Runs one load at a time. */
export class Reloader implements Pick<ConfigControl, 'status' | 'reload'> {
  readonly #parts: ReloaderParts
  readonly #outcomes = new Counter<'outcome'>()
  #live: LoadedConfig
  /** Warnings of the live filters. */
  #warnings: readonly Problem[]
  /** Files that the filters of the last load wanted to read, if it failed there. */
  #tried: readonly string[] = []
  #status: ConfigStatus
  #successful = 1
  #at: number
  #busy: Promise<unknown> = Promise.resolve()
  #waiting: Promise<ReloadOutcome> | undefined
  readonly #sourceWatch: SourceWatch
  #stopped = false

  constructor(parts: ReloaderParts) {
    this.#parts = parts
    this.#live = parts.live
    this.#warnings = parts.warnings
    this.#at = parts.clock.wall()
    this.#sourceWatch = new SourceWatch(parts.source, () => void this.reload('file'), parts.log)
    this.#status = this.#statusOf(parts.live, 'start')
    meterReloads(parts.meter, {
      successful: () => this.#successful,
      at: () => this.#at,
      watched: () => this.#sourceWatch.state.mode === 'events',
      outcomes: () => this.#outcomes.samples(),
    })
  }

  async status(): Promise<ConfigStatus> {
    return { ...this.#status, watch: this.#sourceWatch.state, restart_due: this.#parts.restartDue() }
  }

  reload(trigger: LoadTrigger): Promise<ReloadOutcome> {
    // A load that has not begun yet will read the newest files: one is enough.
    this.#waiting ??= this.enqueue(() => {
      this.#waiting = undefined
      return this.#load(trigger)
    })
    return this.#waiting
  }

  /** The configuration that runs. */
  get live(): LoadedConfig {
    return this.#live
  }

  get stopped(): boolean {
    return this.#stopped
  }

  /** Runs work after all work that was enqueued before: never two at the same time. */
  enqueue<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#busy.then(work)
    this.#busy = result.catch(() => {})
    return result
  }

  /** For enqueued work: loads changes since the last load, and logs that like any load. Undefined if there are none. */
  async loadChanges(): Promise<ReloadOutcome | undefined> {
    // After this read the watch sees no change any more: if the last load failed, it is repeated now.
    if (this.#successful === 1) {
      const next = await this.#parts.loader.load().catch(() => undefined)
      if (next?.version === this.#live.version && (await this.#isLive(next))) return undefined
    }
    return this.#load('file')
  }

  /**
   * For enqueued work, after `loadChanges`: makes a loaded configuration the live one, or changes nothing.
   * @param commit see `apply`
   */
  async applyLoaded(
    next: LoadedConfig,
    commit: () => Promise<void>,
  ): Promise<{ outcome: 'applied' | 'unchanged'; warnings: readonly ConfigProblem[] }> {
    const startedAt = this.#parts.clock.now()
    const same = await this.#isLive(next)
    if (same) await commit()
    const result = same ? this.#unchanged(next) : await this.#apply(next, 'api', commit)
    const duration_ms = Math.round(this.#parts.clock.now() - startedAt)
    logReload(this.#parts.log, { ...result, version: next.version, duration_ms }, this.#status)
    await this.#watch()
    return { outcome: same ? 'unchanged' : 'applied', warnings: result.warnings }
  }

  /** Starts watching for changes. */
  async start(): Promise<void> {
    await this.#watch()
  }

  /** Resolves when no load runs, and none will run any more. */
  async stop(): Promise<void> {
    this.#stopped = true
    await this.enqueue(async () => {})
    await this.#sourceWatch.close()
  }

  /** Never rejects. */
  async #load(trigger: LoadTrigger): Promise<ReloadOutcome> {
    const { loader, clock } = this.#parts
    const startedAt = clock.now()
    this.#tried = []
    let result: Omit<ReloadOutcome, 'version' | 'duration_ms'>
    try {
      if (this.#stopped) throw new Error('Weir is stopping: the configuration is not loaded any more')
      const next = await loader.load()
      result = (await this.#isLive(next)) ? this.#unchanged(next) : await this.#apply(next, trigger)
    } catch (error) {
      result = this.#failed(error, trigger)
    }
    this.#outcomes.add({ outcome: result.outcome })
    this.#successful = result.outcome === 'failed' ? 0 : 1
    const outcome = { ...result, version: this.#live.version, duration_ms: Math.round(clock.now() - startedAt) }
    logReload(this.#parts.log, outcome, this.#status, trigger)
    await this.#watch()
    return outcome
  }

  /** True if a configuration means the same as the live one, and no file that filters read has changed. */
  async #isLive(next: LoadedConfig): Promise<boolean> {
    return !this.#parts.filesChanged() && haveSameMeaning(this.#live, next)
  }

  #unchanged(next: LoadedConfig): Omit<ReloadOutcome, 'version' | 'duration_ms'> {
    this.#live = next
    this.#status = this.#statusOf(next, this.#status.trigger)
    return { outcome: 'unchanged', problems: [], warnings: this.#status.warnings }
  }

  async #apply(
    next: LoadedConfig,
    trigger: LoadTrigger,
    commit?: () => Promise<void>,
  ): Promise<Omit<ReloadOutcome, 'version' | 'duration_ms'>> {
    try {
      this.#warnings = await this.#parts.apply(next, this.#live, trigger, commit)
      this.#live = next
      this.#at = this.#parts.clock.wall()
      this.#status = this.#statusOf(next, trigger)
      this.#parts.ended?.({ outcome: 'applied', trigger, version: next.version, problems: 0 })
      return { outcome: 'applied', problems: [], warnings: this.#status.warnings }
    } catch (error) {
      if (error instanceof BuildError) this.#tried = error.files
      if (error instanceof ConfigError) throw new LocatedConfigError(error.problems, next.document)
      throw error
    }
  }

  #failed(error: unknown, trigger: LoadTrigger): Omit<ReloadOutcome, 'version' | 'duration_ms'> {
    const problems: readonly ConfigProblem[] =
      error instanceof LocatedConfigError
        ? error.problems.map((problem) => plainProblem(problem, error.document))
        : [{ file: this.#parts.source.main, path: '', message: error instanceof Error ? error.message : String(error) }]
    if (!(error instanceof LocatedConfigError)) this.#parts.log.error({ err: error }, 'a reload failed unexpectedly')
    const at = new Date(this.#parts.clock.wall()).toISOString()
    this.#status = { ...this.#status, last_failure: { at, trigger, problems } }
    this.#parts.ended?.({ outcome: 'failed', trigger, version: this.#live.version, problems: problems.length })
    return { outcome: 'failed', problems, warnings: [] }
  }

  #statusOf(config: LoadedConfig, trigger: LoadTrigger): ConfigStatus {
    return {
      version: config.version,
      source: this.#parts.source.main,
      files: config.document.files.map(({ name }) => name),
      loaded_at: new Date(this.#at).toISOString(),
      trigger,
      endpoints: config.spec.endpoints.length,
      warnings: [...config.warnings, ...this.#warnings].map((problem) => plainProblem(problem, config.document)),
      last_failure: null,
      watch: this.#sourceWatch.state,
      restart_due: [],
    }
  }

  /** After a load: watches its files and those of the live configuration. */
  async #watch(): Promise<void> {
    if (this.#stopped) return
    const { loader, filesRead, restartDue } = this.#parts
    restartDue()
    await this.#sourceWatch.update({
      names: [...new Set([...loader.uses.names, ...filesRead(), ...this.#tried])],
      patterns: loader.uses.patterns,
    })
  }
}
