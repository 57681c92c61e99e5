import { Counter } from '../../core/api/counter.ts'
import type { Logger } from '../../core/api/logger.ts'
import type { Meter } from '../../core/api/meter.ts'
import type { Clock } from '../../core/base/clock.ts'
import type { ConfigProblem } from '../../core/control/config-control.ts'
import { ConfigError } from '../../core/control/config-error.ts'
import type { ConfigSource } from '../../core/control/config-source.ts'
import type {
  BreakerSelection,
  BreakerView,
  ChangeOptions,
  ChangeOutcome,
  ChangeRefusal,
  EndpointActivity,
  EndpointControl,
  EndpointView,
} from '../../core/control/endpoint-control.ts'
import type { BreakerOperation } from '../../core/fleet/messages.ts'
import type { EndpointRegistry } from '../../core/state/registry.ts'
import { LocatedConfigError, plainProblem } from '../document/located-config-error.ts'
import { decodeText } from '../live/config-loader.ts'
import type { Reloader } from '../live/reloader.ts'
import type { LoadedConfig } from '../read/reading.ts'
import { viewOf, viewsOf } from './endpoint-view.ts'
import { plainData } from './given-data.ts'
import type { MemoryChange, MemoryChanges } from './memory-changes.ts'
import {
  changing,
  checkFiles,
  checkMeaning,
  type Edit,
  type Operation,
  RefusedError,
  refusalOf,
  registering,
  removing,
} from './operations.ts'

export interface EditorParts {
  readonly source: ConfigSource
  /** The loader of `reloader`. */
  readonly loader: MemoryChanges
  /** Both exist before the first call of the editor. */
  reloader(): Reloader
  registry(): EndpointRegistry
  /** Files that the filters of all processes have read, by absolute path. */
  files(): Iterable<string>
  /** What traffic did in other processes, by endpoint. Undefined: it is in the registry. */
  readonly activity?: (() => Promise<ReadonlyMap<string, EndpointActivity>>) | undefined
  /** Trips or resets breakers, in every process. */
  operateBreakers(operation: BreakerOperation): Promise<readonly BreakerView[] | undefined>
  readonly log: Logger
  readonly meter: Meter
  readonly clock: Clock
}

/** Number of attempts to make a change while others change the same file. */
const MAX_ATTEMPTS = 5

/** Others changed a file while a change of it was made. */
class OutdatedError extends Error {}

type Asked = Omit<MemoryChange, 'after'>

/** Changes endpoints by editing the files that they are in, or their texts in memory alone. */
export class EndpointEditor implements EndpointControl {
  readonly #parts: EditorParts
  readonly #outcomes = new Counter<'operation' | 'outcome'>()

  constructor(parts: EditorParts) {
    this.#parts = parts
    parts.meter.register({
      name: 'weir_endpoint_changes_total',
      help: 'Changes of endpoints that were requested at run time',
      type: 'counter',
      collect: () => this.#outcomes.samples(),
    })
  }

  async list(): Promise<readonly EndpointView[]> {
    const activity = await this.#parts.activity?.()
    return viewsOf(this.#parts.reloader().live, this.#parts.registry(), activity)
  }

  async get(id: string): Promise<EndpointView | undefined> {
    const activity = await this.#parts.activity?.()
    const { live } = this.#parts.reloader()
    const found = live.spec.endpoints.find(({ endpoint }) => endpoint.id === id)
    const state = this.#parts.registry().get(id)
    return found === undefined || state === undefined ? undefined : viewOf(state, live, found.at, activity?.get(id))
  }

  register(entry: unknown, options?: ChangeOptions): Promise<ChangeOutcome> {
    return this.#change('register', '', () => registering(plainData(entry)), options)
  }

  change(id: string, patch: unknown, options?: ChangeOptions): Promise<ChangeOutcome> {
    return this.#change(
      'change',
      id,
      () => {
        const data = plainData(patch)
        return changing(id, () => data)
      },
      options,
    )
  }

  remove(id: string, options?: ChangeOptions): Promise<ChangeOutcome> {
    return this.#change('remove', id, () => removing(id), options)
  }

  enable(id: string, options?: ChangeOptions): Promise<ChangeOutcome> {
    const patch = { disabled: null, status: null }
    return this.#change(
      'enable',
      id,
      () => changing(id, ({ endpoint }) => (endpoint.status === 'active' ? {} : patch)),
      options,
    )
  }

  disable(id: string, options?: ChangeOptions): Promise<ChangeOutcome> {
    const operation = changing(id, ({ endpoint }, entry) => {
      if (endpoint.status === 'disabled') return {}
      return Object.hasOwn(entry, 'status') ? { status: 'disabled', disabled: null } : { disabled: true }
    })
    return this.#change('disable', id, () => operation, options)
  }

  tripBreakers(endpoint: string, which?: BreakerSelection): Promise<readonly BreakerView[] | undefined> {
    return this.#parts.operateBreakers({ operation: 'trip', endpoint, which })
  }

  resetBreakers(endpoint: string, which?: BreakerSelection): Promise<readonly BreakerView[] | undefined> {
    return this.#parts.operateBreakers({ operation: 'reset', endpoint, which })
  }

  /** @param prepare called at once, so that the caller may change its data afterwards */
  async #change(
    name: string,
    id: string,
    prepare: () => Operation,
    { ifVersion }: ChangeOptions = {},
  ): Promise<ChangeOutcome> {
    const { clock, log, source } = this.#parts
    const reloader = this.#parts.reloader()
    const startedAt = clock.now()
    let result: Omit<ChangeOutcome, 'version' | 'duration_ms'>
    try {
      const operation = prepare()
      const asked = { kind: name, id, operation }
      result = { id, ...(await reloader.enqueue(() => this.#perform(asked, ifVersion))) }
    } catch (error) {
      const refusal = refusalOf(error, source.main) ?? this.#unforeseen(error)
      result = { outcome: 'refused', reason: refusal.reason, id, problems: refusal.problems, warnings: [] }
    }
    this.#outcomes.add({ operation: name, outcome: result.outcome })
    const { version } = reloader.live
    const fields = { operation: name, endpoint: result.id.slice(0, 200), reason: result.reason, version }
    if (result.outcome === 'refused')
      log.warn({ ...fields, problems: result.problems }, 'change of an endpoint refused')
    else log.info(fields, `endpoint: ${name}, ${result.outcome}`)
    return { ...result, version, duration_ms: Math.round(clock.now() - startedAt) }
  }

  async #perform(
    asked: Asked,
    ifVersion: string | undefined,
  ): Promise<Omit<ChangeOutcome, 'version' | 'duration_ms' | 'id'> & { id?: string }> {
    const { source } = this.#parts
    const reloader = this.#parts.reloader()
    for (let attempt = 1; ; attempt++) {
      if (reloader.stopped)
        throw refused('stopping', source.main, 'Weir is stopping: endpoints are not changed any more')
      // Changes by others are loaded first, even if this change fails.
      const settled = await reloader.loadChanges()
      if (settled?.outcome === 'failed') throw new RefusedError('not_loaded', settled.problems)
      const { live } = reloader
      if (live.settings.admin.changes === 'off')
        throw refused('off', source.main, 'the configuration allows no changes at run time: admin.changes is off')
      if (ifVersion !== undefined && ifVersion !== live.version)
        throw refused('conflict', source.main, `the configuration has version ${live.version} now`)
      try {
        return await this.#edit(asked, live)
      } catch (error) {
        if (!(error instanceof OutdatedError)) throw error
        if (attempt === MAX_ATTEMPTS) throw refused('conflict', source.main, 'others keep changing the file: try again')
      }
    }
  }

  async #edit(asked: Asked, live: LoadedConfig) {
    const edit = asked.operation(live)
    if (edit.text === edit.before) return { outcome: 'unchanged' as const, problems: [], warnings: [] }
    checkFiles(edit, live, this.#parts.files())
    // The texts of the live configuration: what others write meanwhile is for the next load alone.
    const texts = new Map(live.document.files.map(({ name, text }) => [name, text])).set(edit.file, edit.text)
    const { loader } = this.#parts
    const inMemory = live.settings.admin.changes === 'memory'
    const next = await (inMemory ? loader.loadEdited(texts, live, asked) : loader.load(texts))
    checkMeaning(edit, live, next)
    let restore: (() => Promise<unknown>) | undefined
    try {
      const { outcome, warnings } = await this.#parts.reloader().applyLoaded(next, async () => {
        if (!inMemory) restore = await this.#write(edit)
      })
      const spec = next.spec.endpoints.find(({ at }) => at[1] === edit.index)
      return { outcome, problems: [], warnings, ...(spec === undefined ? {} : { id: spec.endpoint.id }) }
    } catch (error) {
      await restore?.()
      throw error
    }
  }

  /** Writes the file. Returns a function that undoes it. */
  async #write({ file, before, text }: Edit): Promise<() => Promise<unknown>> {
    const { source } = this.#parts
    if (source.write === undefined) throw refused('not_writable', file, 'the source of the configuration is read-only')
    const old = await source.read(file).catch(() => undefined)
    if (old === undefined || decodeText(old) !== before) throw new OutdatedError()
    const bytes = Buffer.from((old.indexOf(BYTE_ORDER_MARK) === 0 ? BYTE_ORDER_MARK : '') + text)
    try {
      if (!(await source.write(file, bytes, old))) throw new OutdatedError()
    } catch (error) {
      if (error instanceof ConfigError) throw refused('not_writable', file, error.problems[0]!.message)
      throw error
    }
    return async () => source.write?.(file, old, bytes)
  }

  #unforeseen(error: unknown): RefusedError {
    if (error instanceof LocatedConfigError)
      return new RefusedError(
        'invalid',
        error.problems.map((problem): ConfigProblem => plainProblem(problem, error.document)),
      )
    this.#parts.log.error({ err: error }, 'a change of an endpoint failed unexpectedly')
    return refused('invalid', this.#parts.source.main, error instanceof Error ? error.message : String(error))
  }
}

const BYTE_ORDER_MARK = '\ufeff'

const refused = (reason: ChangeRefusal, file: string, message: string): RefusedError =>
  new RefusedError(reason, [{ file, path: '', message }])
