import { show } from '../../core/base/show.ts'
import type { Path } from '../../core/control/config-error.ts'
import { type FilterSpec, UNREAD } from '../../core/control/gateway-spec.ts'
import { BROKEN, isMapping, type Mapping } from '../document/plain-data.ts'
import type { Problems } from '../document/problems.ts'
import { filterEntryShape } from '../schema/chain-shape.ts'
import { FILTER_NAME } from '../schema/value-kinds.ts'
import { readShape } from './read-shape.ts'

/** A listener's chain as the document declares it. */
export interface DeclaredChain {
  readonly entries: readonly FilterSpec[]
  readonly byName: ReadonlyMap<string, FilterSpec>
  readonly byFactory: ReadonlyMap<string, readonly FilterSpec[]>
  /** False if an entry could not be read: then nobody knows what is missing. */
  readonly complete: boolean
}

export function declaredChain(entries: readonly FilterSpec[], complete = true): DeclaredChain {
  const byName = new Map(entries.map((entry) => [entry.name, entry]))
  return { entries, byName, byFactory: Map.groupBy(entries, (entry) => entry.factory), complete }
}

/** A chain without what is off in it: no endpoint could turn that on. */
export const withoutOff = ({ entries, complete }: DeclaredChain): DeclaredChain =>
  declaredChain(
    entries.filter(({ off }) => off === undefined),
    complete,
  )

/** A chain that the document doesn't have: the filters with these names, without options. */
export function impliedChain(names: readonly string[], at: Path): DeclaredChain {
  return declaredChain(names.map((name) => ({ name, factory: name, options: {}, at })))
}

interface Entry extends FilterSpec {
  readonly nameAt: Path
}

/** Reads a list of chain entries. Reports what is wrong; `complete` is false then. */
export function readChain(raw: unknown, at: Path, problems: Problems): DeclaredChain {
  if (!Array.isArray(raw)) {
    if (raw !== BROKEN)
      problems.error(
        at,
        `expected a list of filters, found ${problems.found(at, raw)}: begin each with a dash, - proxy`,
      )
    return declaredChain([unread(at)], false)
  }
  const entries: FilterSpec[] = []
  const names = new Map<string, Path>()
  let complete = true
  raw.forEach((item: unknown, i) => {
    const entry = readEntry(item, [...at, i], problems)
    if (entry === undefined) {
      complete = false
      entries.push(unread([...at, i]))
      return
    }
    const { nameAt, ...spec } = entry
    const taken = names.get(spec.name)
    if (taken !== undefined) {
      const how = 'give one of them another: { filter: …, name: …, options: … }'
      problems.error(
        nameAt,
        `the chain has two filters named ${show(spec.name)}, the first at ${problems.place(taken)}: ${how}`,
      )
      return
    }
    names.set(spec.name, nameAt)
    entries.push(spec)
  })
  if (complete && entries.every(({ off }) => off !== undefined)) {
    problems.error(at, 'the chain is empty: it needs at least a terminal filter, such as proxy')
    entries.push(unread(at))
  }
  return declaredChain(entries, complete)
}

/** Stands for an entry that could not be read, so that the others can be checked. */
const unread = (at: Path): FilterSpec => ({ name: UNREAD, factory: UNREAD, options: {}, at })

function readEntry(raw: unknown, at: Path, problems: Problems): Entry | undefined {
  if (raw === BROKEN) return undefined
  if (typeof raw === 'string') return entry(raw, raw, {}, at, at, problems)
  if (!isMapping(raw)) {
    problems.error(at, `expected a filter: its name, or name: options; found ${problems.found(at, raw)}`)
    return undefined
  }
  if (Object.hasOwn(raw, 'filter')) {
    const values = readShape(filterEntryShape, raw, at, problems)
    const optionsAt = Object.hasOwn(raw, 'options') ? [...at, 'options'] : at
    const nameAt = Object.hasOwn(raw, 'name') ? [...at, 'name'] : at
    if (values.filter === undefined) return undefined
    const read = entry(values.filter, values.name ?? values.filter, values.options ?? {}, optionsAt, nameAt, problems)
    if (read === undefined) return undefined
    return {
      ...read,
      ...(values.hook_timeout === undefined ? {} : { hookTimeoutMs: values.hook_timeout }),
      ...(values.off === true ? { off: [...at, 'off'] } : {}),
    }
  }
  const [name, ...more] = Object.keys(raw)
  if (name === undefined || more.length > 0) {
    const why =
      name === undefined
        ? 'an empty mapping is not a filter'
        : `an entry of a chain is one filter, found ${[name, ...more].slice(0, 5).map(show).join(', ')}. Indent options below their filter, and start each filter with its own dash`
    problems.error(at, why)
    return undefined
  }
  const options = readOptions(raw[name], [...at, name], problems)
  if (options === undefined) return undefined
  return entry(name, name, options, [...at, name], [...at, name], problems)
}

function entry(
  factory: string,
  name: string,
  options: FilterSpec['options'] | 'off',
  at: Path,
  nameAt: Path,
  problems: Problems,
): Entry | undefined {
  const wrong = [factory, name].find((word) => !FILTER_NAME.test(word))
  if (wrong === undefined) {
    const off = options === 'off'
    return { factory, name, options: off ? {} : options, at, nameAt, ...(off ? { off: nameAt } : {}) }
  }
  problems.error(nameAt, `expected the name of a filter, such as rate-limit; found ${show(wrong)}`)
  return undefined
}

/** Options of a filter, or `off`. No value, `true` and `on` mean no options. */
export function readOptions(raw: unknown, at: Path, problems: Problems): FilterSpec['options'] | 'off' | undefined {
  if (raw === BROKEN) return undefined
  if (raw === null || raw === true || raw === 'on') return {}
  if (raw === false || raw === 'off') return 'off'
  if (isMapping(raw)) return raw
  problems.error(at, `expected options (a mapping) or off, found ${problems.found(at, raw)}`)
  return undefined
}

/** Options of filters, or `off`, by their name in the chain; each with its place. */
export type Refinements = ReadonlyMap<string, { readonly options: FilterSpec['options'] | 'off'; readonly at: Path }>

/** Reads what a group, or an endpoint, says of filters. Reports what is wrong. */
export function readRefinements(raw: Mapping, chain: DeclaredChain, at: Path, problems: Problems): Refinements {
  const read = new Map<string, { options: FilterSpec['options'] | 'off'; at: Path }>()
  for (const [name, value] of Object.entries(raw)) {
    const path = [...at, name]
    const options = readOptions(value, path, problems)
    if (options === undefined) continue
    if (chain.byName.has(name)) read.set(name, { options, at: path })
    else if (chain.complete) {
      const names = [...chain.byName.keys()]
      problems.error(
        path,
        `the chain has no filter named ${show(name)}.${problems.suggestion(name, names, 'Its filters')}`,
      )
    }
  }
  return read
}
