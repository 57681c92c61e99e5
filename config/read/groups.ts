import { show } from '../../core/base/show.ts'
import type { Path } from '../../core/control/config-error.ts'
import { BROKEN, isMapping, type Mapping } from '../document/plain-data.ts'
import type { Problems } from '../document/problems.ts'
import type { EndpointValues } from '../schema/endpoint-shape.ts'
import { GROUP_NAME } from '../schema/value-kinds.ts'
import { type DeclaredChain, type Refinements, readRefinements } from './chain-entries.ts'

const AT: Path = ['groups']

/** A group that an endpoint uses, and the place where it says so. */
interface Use {
  readonly group: Refinements
  readonly use: Path
}

/** Named sets of what endpoints may say of filters. */
export class Groups {
  readonly #byName: ReadonlyMap<string, Refinements>
  /** False if a group could not be read: then nobody knows what is missing. */
  readonly #complete: boolean
  readonly #used = new Set<string>()
  /** Equal for groups of equal meaning at equal places. */
  readonly text: string

  constructor(byName: ReadonlyMap<string, Refinements>, complete: boolean) {
    this.#byName = byName
    this.#complete = complete
    this.text = JSON.stringify(Array.from(byName, ([name, group]) => [name, [...group]]))
  }

  /** The groups that an endpoint uses, in its order. Reports those that there are not. */
  usedBy({ use = [] }: EndpointValues, raw: Mapping, at: Path, problems: Problems): Use[] {
    const seen = new Set<string>()
    return use.flatMap((name, i): Use[] => {
      const path = Array.isArray(raw.use) ? [...at, 'use', i] : [...at, 'use']
      const group = this.#byName.get(name)
      this.#used.add(name)
      if (seen.has(name)) problems.error(path, `the group ${show(name)} is listed already: remove one of them`)
      seen.add(name)
      if (group !== undefined) return [{ group, use: path }]
      if (!this.#complete) return []
      const names = [...this.#byName.keys()]
      const mend = names.length === 0 ? ' Define it under "groups".' : problems.suggestion(name, names, 'Known')
      problems.error(path, `there is no group ${show(name)}.${mend}`)
      return []
    })
  }

  /** Notes the groups of an endpoint that was read before. */
  use(names: readonly string[]): void {
    for (const name of names) this.#used.add(name)
  }

  warnUnused(problems: Problems): void {
    for (const name of this.#byName.keys())
      if (!this.#used.has(name))
        problems.warn([...AT, name], `no endpoint uses this group: add "use: [${name}]" to one, or remove it`)
  }
}

/** Reads the groups. Reports what is wrong. */
export function readGroups(raw: unknown, chain: DeclaredChain, problems: Problems): Groups {
  const byName = new Map<string, Refinements>()
  if (raw === undefined || raw === null) return new Groups(byName, true)
  if (!isMapping(raw)) {
    if (raw !== BROKEN)
      problems.error(
        AT,
        `expected groups by their names, such as { public: { auth: off } }, found ${problems.found(AT, raw)}`,
      )
    return new Groups(byName, false)
  }
  let complete = true
  for (const [name, value] of Object.entries(raw)) {
    const at = [...AT, name]
    if (!GROUP_NAME.test(name)) problems.error(at, 'the name of a group has letters, digits and . _ ~ - only')
    if (isMapping(value) || value === null) byName.set(name, readRefinements(value ?? {}, chain, at, problems))
    else {
      complete = false
      if (value !== BROKEN)
        problems.error(at, `expected options by filter, such as { auth: off }, found ${problems.found(at, value)}`)
    }
  }
  return new Groups(byName, complete)
}
