import type { FilterFactory } from '../../api/filter-factory.ts'
import { checkFactory } from '../../build/factory-check.ts'
import type { FilterSpec } from '../../control/gateway-spec.ts'
import { checkKeys } from './known-keys.ts'
import { millisecondsOf, type Span } from './test-time.ts'

type Options = Readonly<Record<string, unknown>>

/** A filter of a chain under test: as it is, with options, or with all that an entry of `filters:` may say. */
export type FilterEntry =
  | FilterFactory
  | readonly [filter: FilterFactory, options: Options]
  | {
      readonly filter: FilterFactory
      readonly options?: Options
      /** Name in the chain. Default: the factory's. */
      readonly name?: string
      /** How long one of its hooks may wait. Default: for ever. */
      readonly hookTimeout?: Span
    }

/** One filter, or several in the order of the YAML. */
export type FiltersUnderTest = FilterFactory | readonly FilterEntry[]

/** A filter with its place in the chain. */
export interface PlacedFilter {
  readonly factory: FilterFactory
  readonly spec: FilterSpec
}

/**
 * @param options of the one filter, if it is one
 * @throws Error for what is no filter factory, in words for its author
 */
export function placedFilters(filters: FiltersUnderTest, options: Options | undefined): PlacedFilter[] {
  if (!Array.isArray(filters)) return [placed({ filter: filters as FilterFactory, options: options ?? {} })]
  if (options !== undefined)
    throw new TypeError('options are for a single filter: in a list write them beside theirs, [[filter, options]]')
  return (filters as readonly FilterEntry[]).map((entry) => {
    if (isPair(entry)) return placed({ filter: entry[0], options: entry[1] })
    return placed('filter' in entry ? entry : { filter: entry })
  })
}

const isPair = (entry: FilterEntry): entry is Extract<FilterEntry, readonly unknown[]> => Array.isArray(entry)

function placed(entry: Extract<FilterEntry, { readonly filter: FilterFactory }>): PlacedFilter {
  checkKeys(entry, ['filter', 'options', 'name', 'hookTimeout'], 'an entry of the chain')
  const factory = factoryOf(entry.filter)
  const { name = factory.name, options = {}, hookTimeout } = entry
  const hookTimeoutMs = hookTimeout === undefined ? undefined : millisecondsOf(hookTimeout)
  return { factory, spec: { factory: factory.name, name, options, at: [name], hookTimeoutMs } }
}

export function factoryOf(candidate: unknown): FilterFactory {
  try {
    return checkFactory(candidate)
  } catch (error) {
    throw new TypeError(`this is no filter: ${(error as Error).message}`, { cause: error })
  }
}
