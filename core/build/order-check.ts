import type { Requirement } from '../api/endpoint.ts'
import type { Filter } from '../api/filter.ts'
import type { FilterFactory } from '../api/filter-factory.ts'
import { didYouMean } from '../base/suggest.ts'
import type { Instance } from '../chain/instance.ts'
import type { Problem } from '../control/config-error.ts'
import { type ListenerSpec, UNREAD } from '../control/gateway-spec.ts'
import type { Catalog } from './catalog.ts'
import { type Factories, type Lane, writesRoute } from './lane.ts'

/**
 * Problems of a chain that follow from its factories alone: names, the terminal filter, slots, requirements.
 * @param lane what is on in it
 * @param replaced true if endpoints turn on a terminal filter: then the chain needs none
 */
export function checkOrder(
  listener: ListenerSpec,
  factories: Factories,
  lane: Lane,
  replaced: boolean,
  catalog: Catalog,
): Problem[] {
  const { chain } = listener
  const problems: Problem[] = []
  const names = new Map<string, number>()
  const written = new Set<string>()
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
    if (!lane.on[i]) {
      if (listener.routes && writesRoute(factory))
        problems.push({ path: filter.off!, message: `"${filter.name}" writes the route and can't be off` })
      return
    }
    for (const slot of factory.reads ?? []) {
      // An unknown filter may be the one that writes it.
      if (written.has(slot.name) || factories.slice(0, i).includes(undefined)) continue
      const writes = (j: number): boolean => factories[j]?.writes?.includes(slot) === true
      const later = chain.find((_, j) => j >= i && lane.on[j] && writes(j))
      const off = chain.find((_, j) => !lane.on[j] && writes(j))
      const others = catalog
        .entries()
        .filter(([f]) => f.writes?.includes(slot))
        .map(([f]) => `"${f.name}"`)
      const mend =
        later !== undefined
          ? `move "${later.name}" before it`
          : off !== undefined
            ? `turn "${off.name}" on`
            : others.length > 0
              ? `put ${others.join(' or ')} before it`
              : 'no known filter provides it'
      problems.push({
        path: filter.at,
        message: `"${filter.name}" reads the slot "${slot.name}", which no filter before it writes; ${mend}`,
      })
    }
    for (const slot of factory.writes ?? []) written.add(slot.name)
  })
  const [terminal, second] = lane.terminals
  if (second !== undefined) {
    problems.push({
      path: chain[second]!.at,
      message: `"${chain[second]!.name}" is a second terminal filter beside "${chain[terminal!]!.name}"; a chain has exactly one: take one out`,
    })
  } else if (terminal === undefined && !replaced && !factories.includes(undefined)) {
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
    if (!enforced(requirement, factories, lane.on, terminal ?? -1))
      problems.push({
        path: listener.at,
        message: unenforced(
          `the listener "${listener.name}"`,
          requirement,
          listener,
          factories,
          terminal ?? -1,
          catalog,
        ),
      })
  }
  return problems
}

/**
 * Problems that only the instance shows: hooks that never run at its position.
 * @param at its position
 * @param terminal position of the terminal filter
 * @param endpoint id of the endpoint whose chain it is, if the chain itself does not have the problem
 * @param ran whether its `request` runs before the route is known
 */
export function checkPlacement(
  instance: Instance,
  listener: ListenerSpec,
  at: number,
  terminal: number,
  endpoint: string | undefined,
  ran: boolean,
): Problem[] {
  const inbound: (keyof Filter)[] = [...(ran ? [] : (['request'] as const)), 'routed', 'upstream', 'admit']
  const lost = inbound.filter((hook) => instance.filter[hook] !== undefined)
  if (lost.length === 0) return []
  const last = listener.chain[terminal]!.name
  const where = endpoint === undefined ? '' : ` of the endpoint "${endpoint}"`
  return [
    {
      path: listener.chain[at]!.at,
      message: `"${instance.name}" stands after the terminal filter "${last}"${where}, where its ${lost.join(', ')} would never run; move it before "${last}"`,
    },
  ]
}

/** An unknown filter may be the one that enforces it; that it is unknown is an error by itself. */
export function enforced(
  requirement: Requirement,
  factories: Factories,
  on: readonly boolean[],
  terminal: number,
): boolean {
  return factories.some(
    (factory, i) =>
      on[i] &&
      (terminal === -1 || i < terminal) &&
      (factory === undefined || factory.enforces?.includes(requirement) === true),
  )
}

export function unenforced(
  who: string,
  requirement: Requirement,
  listener: ListenerSpec,
  factories: Factories,
  terminal: number,
  catalog: Catalog,
): string {
  const enforces = (factory: FilterFactory | undefined): boolean => factory?.enforces?.includes(requirement) === true
  const late = listener.chain.find((_, i) => i > terminal && enforces(factories[i]))
  const off = listener.chain.find((filter, i) => filter.off !== undefined && enforces(factories[i]))
  const known = catalog
    .entries()
    .filter(([factory]) => enforces(factory))
    .map(([factory]) => `"${factory.name}"`)
  let mend = 'no known filter does'
  if (late !== undefined && terminal !== -1) mend = `move "${late.name}" before "${listener.chain[terminal]!.name}"`
  else if (off !== undefined) mend = `turn "${off.name}" on, which is off in the chain`
  else if (known.length > 0) mend = `put ${known.join(' or ')} into the chain, and do not leave it out here`
  return `${who} requires ${requirement}, but no filter before the terminal one enforces it; ${mend}`
}
