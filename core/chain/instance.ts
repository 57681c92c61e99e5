import type { Filter } from '../api/filter.ts'
import type { FilterFactory } from '../api/filter-factory.ts'
import type { FileDigests } from '../base/file-digests.ts'

let instances = 0

/** A filter instance: made once for equal options, shared by chains, disposed when no chain holds it. */
export class Instance {
  /** Never given twice in a process. */
  readonly id = ++instances
  /** Equal keys: equal factories, names and options. */
  readonly key: string
  readonly name: string
  readonly factory: FilterFactory
  readonly filter: Filter
  /** What `create` read. */
  readonly files: FileDigests
  /** What `create` had to say. */
  readonly warnings: readonly string[]
  readonly #dispose: () => Promise<void>
  #holders = 0

  /** @param dispose frees what it holds; called once */
  constructor(
    parts: Pick<Instance, 'key' | 'name' | 'factory' | 'filter' | 'files' | 'warnings'>,
    dispose: () => Promise<void>,
  ) {
    this.key = parts.key
    this.name = parts.name
    this.factory = parts.factory
    this.filter = parts.filter
    this.files = parts.files
    this.warnings = parts.warnings
    this.#dispose = dispose
  }

  hold(): void {
    this.#holders++
  }

  /** Gives up a hold. Resolves when, if it was the last, the instance is disposed. */
  async release(): Promise<void> {
    if (--this.#holders === 0) await this.#dispose()
  }
}
