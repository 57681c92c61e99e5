import { RouteSlot } from '../api/endpoint.ts'
import type { Slot } from '../api/slot.ts'
import type { Problem } from '../control/config-error.ts'
import type { EndpointSpec, ListenerSpec, OptionsSpec } from '../control/gateway-spec.ts'
import type { Catalog } from './catalog.ts'
import { type Factories, type Lane, laneOfEndpoint, offPlace, placed, refinementOf, writesRoute } from './lane.ts'
import { enforced, unenforced } from './order-check.ts'

interface EndpointChain {
  readonly spec: EndpointSpec
  readonly listener: ListenerSpec
  readonly factories: Factories
  readonly lane: Lane
}

/**
 * Problems of the chain that an endpoint has: it needs one terminal filter, the route, the writers of slots, and filters that
 * enforce its requirements.
 * @param chain what is on in the chain itself, whose problems are reported already
 */
export function checkEndpointChain(
  spec: EndpointSpec,
  listener: ListenerSpec,
  factories: Factories,
  chain: Lane,
  catalog: Catalog,
): Problem[] {
  const lane = laneOfEndpoint(spec, listener, factories)
  const own = { spec, listener, factories, lane }
  const problems = checkTerminal(own, chain)
  const isOff = (i: number): boolean => !lane.on[i] && refinementOf(spec, listener.chain[i]!.name) === 'off'
  if (lane.on.some((on, i) => on !== chain.on[i])) {
    listener.chain.forEach(({ name }, i) => {
      if (isOff(i) && writesRoute(factories[i]))
        problems.push({ ...offPlace(spec, name), message: `"${name}" writes the route and can't be off` })
    })
    for (const [reader, slot] of unwritten(own))
      if (!chain.on[reader] || lane.on.some((on, i) => !on && chain.on[i] && writes(factories, i, slot)))
        problems.push(missingSlot(own, reader, slot))
  }
  const terminal = lane.terminals[0] ?? -1
  for (const requirement of new Set([...spec.endpoint.requires, ...listener.requires]))
    if (!enforced(requirement, factories, lane.on, terminal))
      problems.push({
        path: spec.at,
        message: unenforced(`the endpoint "${spec.endpoint.id}"`, requirement, listener, factories, terminal, catalog),
      })
  return problems
}

function checkTerminal({ spec, listener, factories, lane }: EndpointChain, chain: Lane): Problem[] {
  const [terminal, second] = lane.terminals
  const nameOf = (i: number): string => `"${listener.chain[i]!.name}"`
  if (terminal === undefined) {
    if (factories.some((factory, i) => factory === undefined && lane.on[i])) return []
    const parked = listener.chain.flatMap(({ off, name }, i) =>
      off !== undefined && factories[i]?.terminal === true ? [`"${name}"`] : [],
    )
    const mend = parked.length === 0 ? '' : `; turn on ${parked.join(' or ')} here`
    const [gone] = chain.terminals
    if (gone === undefined)
      // Without any, it is a problem of the chain.
      return parked.length === 0
        ? []
        : [{ path: spec.at, message: `the endpoint "${spec.endpoint.id}" has no terminal filter${mend}` }]
    const message = `${nameOf(gone)} is the terminal filter and can't be off${parked.length === 0 ? '' : ` alone${mend}`}`
    return [{ ...offPlace(spec, listener.chain[gone]!.name), message }]
  }
  if (second !== undefined) {
    if (listener.chain[second]!.off === undefined) return [] // the chain's own problem
    const own = refinementOf(spec, listener.chain[second]!.name) as OptionsSpec
    const message = `${nameOf(second)} is a second terminal filter beside ${nameOf(terminal)}, which is turned on here too; leave one off`
    return [{ ...placed(own.at, own), message }]
  }
  const isOwn = listener.chain[terminal]!.off !== undefined
  return spec.noTarget === true && !isOwn ? [{ path: spec.at, message: '"url" is missing' }] : []
}

const writes = (factories: Factories, i: number, { name }: Slot<unknown>): boolean =>
  factories[i]?.writes?.some((slot) => slot.name === name) === true

/**
 * Filters that are on and read a slot that none before them writes. Where any filter is unknown, it may be the writer. The route
 * is known to all that the endpoint turns on, wherever they stand.
 */
function unwritten({ factories, lane }: EndpointChain): [reader: number, slot: Slot<unknown>][] {
  return factories.flatMap((factory, i) => {
    if (!lane.on[i]) return []
    const before = [...factories.keys()].slice(0, i).filter((j) => lane.on[j])
    if (before.some((j) => factories[j] === undefined)) return []
    return (factory?.reads ?? [])
      .filter((slot) => slot.name !== RouteSlot.name && !before.some((j) => writes(factories, j, slot)))
      .map((slot): [number, Slot<unknown>] => [i, slot])
  })
}

function missingSlot({ spec, listener, factories, lane }: EndpointChain, reader: number, slot: Slot<unknown>): Problem {
  const { name, at } = listener.chain[reader]!
  const writer = [...factories.keys()].slice(0, reader).find((j) => !lane.on[j] && writes(factories, j, slot))
  const own = refinementOf(spec, name)
  const place = own === undefined || own === 'off' ? { path: at } : placed(own.at, own)
  if (writer === undefined)
    return { ...place, message: `"${name}" reads the slot "${slot.name}", which no filter before it writes` }
  const missing = listener.chain[writer]!.name
  if (refinementOf(spec, missing) === 'off')
    return {
      ...offPlace(spec, missing),
      message: `"${missing}" can't be off here: "${name}" reads the slot "${slot.name}" that it writes`,
    }
  return {
    ...place,
    message: `"${name}" reads the slot "${slot.name}": turn "${missing}" on here too, which writes it`,
  }
}
