import type { Path } from '../../core/control/config-error.ts'
import type { EndpointSpec, OptionsSpec } from '../../core/control/gateway-spec.ts'
import { isMapping, type Mapping } from '../document/plain-data.ts'
import type { Problems } from '../document/problems.ts'
import type { EndpointValues } from '../schema/endpoint-shape.ts'
import { type DeclaredChain, readRefinements } from './chain-entries.ts'
import type { Groups } from './groups.ts'

/** What an endpoint says of filters, without its flat keys. */
export interface EndpointRefinements {
  readonly filters: Record<string, OptionsSpec | 'off'>
  readonly offInGroups: Record<string, { readonly group: Path; readonly use: Path }>
}

/** Lays the groups that an endpoint uses over one another, in their order, and its own `filters` over all of them. */
export function endpointRefinements(
  endpoint: EndpointValues,
  raw: Mapping,
  chain: DeclaredChain,
  groups: Groups,
  at: Path,
  problems: Problems,
): EndpointRefinements {
  // The names come from the document. Without a prototype a name such as `constructor` finds nothing.
  const filters: EndpointRefinements['filters'] = Object.create(null)
  const offInGroups: EndpointRefinements['offInGroups'] = Object.create(null)
  const parts = new Map<string, OptionsSpec>()
  for (const { group, use } of groups.usedBy(endpoint, raw, at, problems)) {
    for (const [name, { options, at: place }] of group) {
      const merged = over(parts.get(name), options, place, { group: place, use })
      parts.set(name, merged)
      filters[name] = options === 'off' ? 'off' : merged
      if (options === 'off') offInGroups[name] = { group: place, use }
      else delete offInGroups[name]
    }
  }
  const own = isMapping(endpoint.filters) ? endpoint.filters : {}
  for (const [name, { options, at: place }] of readRefinements(own, chain, [...at, 'filters'], problems)) {
    filters[name] = options === 'off' ? 'off' : over(parts.get(name), options, place)
    delete offInGroups[name]
  }
  return { filters, offInGroups }
}

/** Options over those of groups; each keeps its place. */
function over(
  below: OptionsSpec | undefined,
  options: OptionsSpec['options'] | 'off',
  at: Path,
  use?: NonNullable<OptionsSpec['groups']>[number],
): OptionsSpec {
  const given = options === 'off' ? {} : options
  if (below === undefined && use === undefined) return { options: given, at }
  const origins = Object.fromEntries(Object.keys(given).map((key) => [key, [...at, key]]))
  return {
    options: { ...below?.options, ...given },
    at,
    origins: { ...below?.origins, ...origins },
    groups: [...(below?.groups ?? []), ...(use === undefined ? [] : [use])],
  }
}

/** True if an option of an endpoint comes from a group. */
export const isOfGroup = ({ origins, groups }: OptionsSpec, option: string): boolean => {
  const place = origins !== undefined && Object.hasOwn(origins, option) ? origins[option]! : undefined
  return place !== undefined && groups?.some(({ group }) => group.every((step, i) => place[i] === step)) === true
}

/** True if a filter is on at an endpoint. */
export function isOn(
  filters: EndpointSpec['filters'],
  { name, off }: { name: string; off?: Path | undefined },
): boolean {
  const own = filters[name]
  return own === undefined ? off === undefined : own !== 'off'
}
