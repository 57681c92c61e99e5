import type { Filter } from '../api/filter.ts'
import type { FilterFactory } from '../api/filter-factory.ts'
import type { SetField } from '../api/set-field.ts'
import type { FileDigests } from '../base/file-digests.ts'

let instances = 0

/** A filter instance: created once for equal options, shared by chains, disposed when no chain holds it. */
export class Instance {
  /** Unique in the process, for ever. */
  readonly id = ++instances
  /** Instances with equal keys have equal factories, names and options. */
  readonly key: string
  readonly name: string
  readonly factory: FilterFactory
  readonly filter: Filter
  /** Files that `create` read. */
  readonly files: FileDigests
  /** Fields of requests that it sets. */
  readonly sets: readonly SetField[]
  /** Warnings of `create`. */
  readonly warnings: readonly string[]
  readonly #dispose: () => Promise<void>
  #holders = 0

  /** @param dispose frees what the instance holds; called once */
  constructor(
    parts: Pick<Instance, 'key' | 'name' | 'factory' | 'filter' | 'files' | 'sets' | 'warnings'>,
    dispose: () => Promise<void>,
  ) {
    this.key = parts.key
    this.name = parts.name
    this.factory = parts.factory
    this.filter = parts.filter
    this.files = parts.files
    this.sets = parts.sets
    this.warnings = parts.warnings
    this.#dispose = dispose
  }

  hold(): void {
    this.#holders++
  }

  /** Ends one `hold`. After the last one the instance is disposed; resolves when that is done. */
  async release(): Promise<void> {
    if (--this.#holders === 0) await this.#dispose()
  }
}
