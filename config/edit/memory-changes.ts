import type { ConfigInputs } from '../../core/control/config-source.ts'
import { LocatedConfigError } from '../document/located-config-error.ts'
import type { PlacedProblem } from '../document/placed-problem.ts'
import type { Loads } from '../live/config-loader.ts'
import type { LoadedConfig } from '../read/reading.ts'
import { checkMeaning, type Operation, RefusedError, refusalOf } from './operations.ts'

/** A change of an endpoint that no document holds. */
export interface MemoryChange {
  readonly kind: string
  /** Id of the endpoint before the change; `register` has the new one. */
  readonly id: string
  /** The same after it. */
  readonly after: string
  readonly operation: Operation
}

/** What a configuration is made of besides its documents. */
interface Laid {
  /** Texts of the documents without the changes, by name. */
  readonly base: ReadonlyMap<string, string>
  readonly changes: readonly MemoryChange[]
}

type Texts = ReadonlyMap<string, string>

/** Each one is made again whenever a document has changed. */
const MOST_CHANGES = 1000

const textsOf = ({ document }: LoadedConfig): Map<string, string> =>
  new Map(document.files.map(({ name, text }) => [name, text]))

/**
 * Loads the documents with the changes laid over them that were made at run time and are kept in memory alone. When a document has
 * changed, every change is made again on its new text; one that does not fit any more is dropped with a warning. What a failed load
 * would have dropped is kept: the changes are those of the configuration that runs.
 */
export class MemoryChanges implements Loads {
  readonly #loader: Loads
  readonly #live: () => LoadedConfig | undefined
  readonly #laid = new WeakMap<LoadedConfig, Laid>()

  /** @param live the configuration that runs */
  constructor(loader: Loads, live: () => LoadedConfig | undefined) {
    this.#loader = loader
    this.#live = live
  }

  get uses(): ConfigInputs {
    return this.#loader.uses
  }

  /** The changes that the configuration holds that runs. */
  get changes(): readonly MemoryChange[] {
    return this.#current?.changes ?? []
  }

  /** See `ConfigLoader.load`. @param texts used as they are: changes in memory are not laid over them */
  async load(texts?: Texts): Promise<LoadedConfig> {
    const base = await this.#loader.load(texts)
    const laid = this.#current
    if (texts !== undefined || laid === undefined || laid.changes.length === 0) return base
    if (base.settings.admin.changes !== 'memory') return without(base, laid.changes)
    if (sameTexts(textsOf(base), laid.base)) return this.#keep(await this.#loader.load(textsOf(this.#live()!)), laid)
    return this.#again(base, laid.changes)
  }

  /** Loads the edited texts of the configuration that runs. @param change that edited them */
  async loadEdited(texts: Texts, live: LoadedConfig, change: Omit<MemoryChange, 'after'>): Promise<LoadedConfig> {
    const { base = textsOf(live), changes = [] } = this.#laid.get(live) ?? {}
    const next = await this.#loader.load(texts)
    const after = idAfter(change, live, next)
    const id = change.kind === 'register' ? after : change.id
    const all = withChange(changes, { ...change, id, after })
    if (all.length > MOST_CHANGES) {
      const message = `${MOST_CHANGES} changes are kept in memory already: write them into the document, and reload it`
      throw new RefusedError('not_writable', [{ file: live.document.main.name, path: '', message }])
    }
    return this.#keep(next, { base, changes: all })
  }

  get #current(): Laid | undefined {
    const live = this.#live()
    return live && this.#laid.get(live)
  }

  #keep(config: LoadedConfig, laid: Laid): LoadedConfig {
    this.#laid.set(config, laid)
    return config
  }

  /** Makes the changes on other texts. */
  async #again(base: LoadedConfig, changes: readonly MemoryChange[]): Promise<LoadedConfig> {
    const kept: MemoryChange[] = []
    const warnings: PlacedProblem[] = []
    let config = base
    for (const change of changes) {
      try {
        config = await this.#make(change, config)
        kept.push(change)
      } catch (error) {
        warnings.push({ path: ['endpoints'], message: `${dropped(change)}: ${whyNot(error, config)}` })
      }
    }
    // The last text that was tried may have been refused: what is watched is that of the one that is used.
    if (warnings.length > 0) config = await this.#loader.load(textsOf(config))
    return this.#keep(
      { ...config, warnings: [...config.warnings, ...warnings] },
      { base: textsOf(base), changes: kept },
    )
  }

  async #make({ operation }: MemoryChange, config: LoadedConfig): Promise<LoadedConfig> {
    const edit = operation(config)
    if (edit.text === edit.before) return config
    const next = await this.#loader.load(textsOf(config).set(edit.file, edit.text))
    checkMeaning(edit, config, next)
    return next
  }
}

/** Adds a change, and leaves out what it makes needless. */
function withChange(changes: readonly MemoryChange[], change: MemoryChange): readonly MemoryChange[] {
  const { kind, id } = change
  const removes = kind === 'remove'
  if (!removes && kind !== 'enable' && kind !== 'disable') return [...changes, change]
  const kept = [...changes]
  for (let i = kept.length - 1; i >= 0; i--) {
    const before = kept[i]!
    if (before.after !== id && before.id !== id) continue
    // Before it another endpoint had this id, or this one another.
    if (before.id !== before.after || before.kind === 'remove') break
    if (before.kind === 'register') {
      if (!removes) break
      return kept.toSpliced(i, 1)
    }
    if (removes || before.kind === 'enable' || before.kind === 'disable') kept.splice(i, 1)
  }
  return [...kept, change]
}

function idAfter({ kind, id }: Omit<MemoryChange, 'after'>, live: LoadedConfig, next: LoadedConfig): string {
  if (kind === 'remove') return id
  const before = new Set(live.spec.endpoints.map(({ endpoint }) => endpoint.id))
  return next.spec.endpoints.find(({ endpoint }) => !before.has(endpoint.id))?.endpoint.id ?? id
}

const sameTexts = (a: Texts, b: Texts): boolean =>
  a.size === b.size && [...a].every(([name, text]) => b.get(name) === text)

const dropped = ({ kind, id }: MemoryChange): string =>
  `the change "${kind}" of ${JSON.stringify(id)}, which was made at run time, does not fit any more and is dropped`

function whyNot(error: unknown, { document }: LoadedConfig): string {
  const refusal = refusalOf(error, document.main.name)
  if (refusal !== undefined) return refusal.message
  if (error instanceof LocatedConfigError) return error.problems.map(({ message }) => message).join('; ')
  throw error
}

/** The documents do not want changes in memory any more. */
function without(base: LoadedConfig, { length }: readonly MemoryChange[]): LoadedConfig {
  const message = `changes made at run time were kept in memory (${length} of them), and are dropped: "changes" is no longer "memory"`
  return { ...base, warnings: [...base.warnings, { path: ['admin', 'changes'], message }] }
}
