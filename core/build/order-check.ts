import type { Requirement } from '../api/endpoint.ts'
import type { Filter } from '../api/filter.ts'
import type { FilterFactory } from '../api/filter-factory.ts'
import { didYouMean } from '../base/suggest.ts'
import type { Instance } from '../chain/instance.ts'
import type { Problem } from '../control/config-error.ts'
import { type EndpointSpec, type ListenerSpec, UNREAD } from '../control/gateway-spec.ts'
import type { Catalog } from './catalog.ts'

type Factories = readonly (FilterFactory | undefined)[]

/** Problems of a chain that follow from its factories alone: names, the terminal filter, slots, requirements. */
export function checkOrder(listener: ListenerSpec, factories: Factories, catalog: Catalog): Problem[] {
  const { chain } = listener
  const problems: Problem[] = []
  const names = new Map<string, number>()
  const written = new Set<string>()
  const terminals: number[] = []
  chain.forEach((filter, i) => {
    if (filter.factory === UNREAD) return // reported already
    const factory = factories[i]
    const first = names.get(filter.name)
    if (first !== undefined)
      problems.push({
        path: filter.at,
        message: `the name "${filter.name}" stands twice in the chain; give one of them another "name"`,
      })
    names.set(filter.name, i)
    if (factory === undefined) {
      problems.push({
        path: filter.at,
        message: `there is no filter "${filter.factory}".${didYouMean(filter.factory, catalog.names())} Known: ${catalog.names().join(', ')}.`,
      })
      return
    }
    for (const slot of factory.reads ?? []) {
      // An unknown filter may be the one that writes it.
      if (written.has(slot.name) || factories.slice(0, i).includes(undefined)) continue
      const later = chain.find((_, j) => j >= i && factories[j]?.writes?.includes(slot))
      const others = catalog
        .entries()
        .filter(([f]) => f.writes?.includes(slot))
        .map(([f]) => `"${f.name}"`)
      const mend =
        later !== undefined
          ? `move "${later.name}" before it`
          : others.length > 0
            ? `put ${others.join(' or ')} before it`
            : 'no known filter provides it'
      problems.push({
        path: filter.at,
        message: `"${filter.name}" reads the slot "${slot.name}", which no filter before it writes; ${mend}`,
      })
    }
    for (const slot of factory.writes ?? []) written.add(slot.name)
    if (factory.terminal === true) terminals.push(i)
  })
  const [terminal, second] = terminals
  if (second !== undefined) {
    problems.push({
      path: chain[second]!.at,
      message: `"${chain[second]!.name}" is a second terminal filter beside "${chain[terminal!]!.name}"; a chain has exactly one: take one out`,
    })
  } else if (terminal === undefined && !factories.includes(undefined)) {
    const known = catalog
      .entries()
      .filter(([f]) => f.terminal === true)
      .map(([f]) => `"${f.name}"`)
    problems.push({
      path: chain.at(-1)?.at ?? listener.at,
      message: `the chain of listener "${listener.name}" has no terminal filter; end it with ${known.join(' or ')}`,
    })
  }
  for (const requirement of listener.requires) {
    if (!enforced(requirement, factories, () => true))
      problems.push({
        path: listener.at,
        message: unenforced(`the listener "${listener.name}"`, requirement, listener, factories, catalog),
      })
  }
  return problems
}

/** Problems of an endpoint's chain: it needs the terminal filter, the writers of slots, and filters that enforce its requirements. */
export function checkEndpointChain(
  spec: EndpointSpec,
  listener: ListenerSpec,
  factories: Factories,
  catalog: Catalog,
): Problem[] {
  const on = (i: number): boolean => spec.filters[listener.chain[i]!.name] !== 'off'
  const problems: Problem[] = []
  listener.chain.forEach((filter, i) => {
    const factory = factories[i]
    if (on(i) || factory === undefined) return
    const path = [...spec.at, 'filters', filter.name]
    if (factory.terminal === true)
      problems.push({ path, message: `"${filter.name}" is the terminal filter and can't be off` })
    for (const slot of factory.writes ?? []) {
      const reader = listener.chain.find((_, j) => j > i && on(j) && factories[j]?.reads?.includes(slot))
      if (reader !== undefined)
        problems.push({
          path,
          message: `"${filter.name}" can't be off here: "${reader.name}" reads the slot "${slot.name}" that it writes`,
        })
    }
  })
  for (const requirement of spec.endpoint.requires) {
    if (!enforced(requirement, factories, on)) {
      problems.push({
        path: spec.at,
        message: unenforced(`the endpoint "${spec.endpoint.id}"`, requirement, listener, factories, catalog),
      })
    }
  }
  return problems
}

/** Problems that only the instance shows: hooks that never run at its position. */
export function checkPlacement(instance: Instance, listener: ListenerSpec, terminal: number): Problem[] {
  const at = listener.chain.findIndex((filter) => filter.name === instance.name)
  if (at <= terminal) return []
  const inbound: (keyof Filter)[] = ['request', 'routed', 'upstream', 'admit']
  const lost = inbound.filter((hook) => instance.filter[hook] !== undefined)
  if (lost.length === 0) return []
  const last = listener.chain[terminal]!.name
  return [
    {
      path: listener.chain[at]!.at,
      message: `"${instance.name}" stands after the terminal filter "${last}", where its ${lost.join(', ')} would never run; move it before "${last}"`,
    },
  ]
}

/** An unknown filter may be the one that enforces it; that it is unknown is an error by itself. */
function enforced(requirement: Requirement, factories: Factories, on: (i: number) => boolean): boolean {
  const terminal = factories.findIndex((factory) => factory?.terminal === true)
  return factories.some(
    (factory, i) =>
      on(i) &&
      (terminal === -1 || i < terminal) &&
      (factory === undefined || factory.enforces?.includes(requirement) === true),
  )
}

function unenforced(
  who: string,
  requirement: Requirement,
  listener: ListenerSpec,
  factories: Factories,
  catalog: Catalog,
): string {
  const enforces = (factory: FilterFactory | undefined): boolean => factory?.enforces?.includes(requirement) === true
  const terminal = factories.findIndex((factory) => factory?.terminal === true)
  const late = listener.chain.find((_, i) => i > terminal && enforces(factories[i]))
  const known = catalog
    .entries()
    .filter(([factory]) => enforces(factory))
    .map(([factory]) => `"${factory.name}"`)
  let mend = 'no known filter does'
  if (late !== undefined) mend = `move "${late.name}" before "${listener.chain[terminal]?.name}"`
  else if (known.length > 0) mend = `put ${known.join(' or ')} into the chain, and do not leave it out here`
  return `${who} requires ${requirement}, but no filter before the terminal one enforces it; ${mend}`
}
