import { RouteSlot } from '../api/endpoint.ts'
import type { FilterFactory } from '../api/filter-factory.ts'
import type { Problem } from '../control/config-error.ts'
import type { EndpointSpec, ListenerSpec, OptionsSpec } from '../control/gateway-spec.ts'

/** Factories of a chain's filters by position; undefined where the catalog has none of that name. */
export type Factories = readonly (FilterFactory | undefined)[]

/** What is on of a chain: for an endpoint, or before the route is known. */
export interface Lane {
  /** By position. */
  readonly on: readonly boolean[]
  /** Positions of the terminal filters that are on: exactly one, if the lane is valid. */
  readonly terminals: readonly number[]
  /** Positions of terminal filters that are off because the endpoint turns on another. */
  readonly replaced: readonly number[]
}

/** The filters that are on in the chain. */
export function laneOfChain({ chain }: ListenerSpec, factories: Factories): Lane {
  const on = chain.map(({ off }) => off === undefined)
  return { on, terminals: terminalsOf(on, factories), replaced: [] }
}

/** The filters that are on at an endpoint. A terminal filter that it turns on replaces that of the chain. */
export function laneOfEndpoint(spec: EndpointSpec, { chain }: ListenerSpec, factories: Factories): Lane {
  const on = chain.map(({ name, off }) => {
    const own = refinementOf(spec, name)
    return own === undefined ? off === undefined : own !== 'off'
  })
  const terminals = terminalsOf(on, factories)
  const turnedOn = terminals.filter((i) => chain[i]!.off !== undefined)
  if (turnedOn.length === 0) return { on, terminals, replaced: [] }
  const replaced = terminals.filter((i) => chain[i]!.off === undefined)
  for (const i of replaced) on[i] = false
  return { on, terminals: turnedOn, replaced }
}

const terminalsOf = (on: readonly boolean[], factories: Factories): number[] =>
  [...on.keys()].filter((i) => on[i] === true && factories[i]?.terminal === true)

/** What an endpoint says of a filter: its options, `off`, or nothing. */
export const refinementOf = (spec: EndpointSpec, name: string): OptionsSpec | 'off' | undefined =>
  Object.hasOwn(spec.filters, name) ? spec.filters[name] : undefined

/** An endpoint's options by position: the chain's where the endpoint has none, undefined where the filter is off. */
export function optionsOf(
  endpoint: EndpointSpec,
  listener: ListenerSpec,
  factories: Factories,
): (OptionsSpec | undefined)[] {
  const { on } = laneOfEndpoint(endpoint, listener, factories)
  return listener.chain.map((filter, i) => {
    if (on[i] !== true) return undefined
    const own = refinementOf(endpoint, filter.name)
    if (own === undefined || own === 'off') return filter
    return {
      options: { ...filter.options, ...own.options },
      at: own.at,
      // Problems of options that the endpoint did not set have the place of the chain's options.
      origins: {
        ...Object.fromEntries(Object.keys(filter.options).map((key) => [key, [...filter.at, key]])),
        ...filter.origins,
        ...Object.fromEntries(Object.keys(own.options).map((key) => [key, [...own.at, key]])),
        ...own.origins,
      },
      ...(own.groups === undefined ? {} : { groups: own.groups }),
    }
  })
}

export const writesRoute = (factory: FilterFactory | undefined): boolean =>
  factory?.writes?.some(({ name }) => name === RouteSlot.name) === true

/** Position of the filter that writes the route; -1 if none declares it. */
export const routeWriter = ({ on }: Lane, factories: Factories): number =>
  factories.findIndex((factory, i) => on[i] === true && writesRoute(factory))

/** The place of a problem with options, and, below a group, where that is used. */
export function placed(path: Problem['path'], { groups = [] }: OptionsSpec): Pick<Problem, 'path' | 'usedAt'> {
  const found = groups.find(({ group }) => group.every((step, i) => path[i] === step))
  return found === undefined ? { path } : { path, usedAt: found.use }
}

/** Where an endpoint turns a filter off. */
export function offPlace(spec: EndpointSpec, name: string): Pick<Problem, 'path' | 'usedAt'> {
  const of = spec.offInGroups?.[name]
  return of === undefined ? { path: [...spec.at, 'filters', name] } : { path: of.group, usedAt: of.use }
}
