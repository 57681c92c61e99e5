import type { Filter } from '../api/filter.ts'
import type { EndpointFilters } from '../chain/chain.ts'
import type { Instance } from '../chain/instance.ts'
import type { Problem } from '../control/config-error.ts'
import type { EndpointSpec, ListenerSpec, OptionsSpec } from '../control/gateway-spec.ts'
import { type Factories, type Lane, laneOfEndpoint, offPlace, placed, refinementOf, routeWriter } from './lane.ts'
import { checkPlacement } from './order-check.ts'

/** Hooks that run only where the filter is on. */
const WHERE_ON: readonly (keyof Filter)[] = ['routed', 'upstream', 'admit', 'settled']
/** Hooks that run on the instance of the endpoint, wherever the filter stands. */
const OF_ENDPOINT: readonly (keyof Filter)[] = [...WHERE_ON, 'response', 'log']

interface Warning extends Problem {
  more: number
}

/** Checks of a chain, and of what endpoints make of it, that need the instances: their hooks are not known before. */
export class LaneCheck {
  readonly problems: Problem[] = []
  readonly #listener: ListenerSpec
  readonly #factories: Factories
  readonly #chain: Lane
  readonly #route: number
  /** Whether an endpoint can turn on a terminal filter. */
  readonly #hasParkedTerminal: boolean
  /** The chain's own instances. */
  readonly #base: readonly (Instance | undefined)[]
  readonly #placed = new Set<string>()
  readonly #warnings = new Map<string, Warning>()

  /**
   * @param chain what is on in the chain
   * @param base its own instances
   */
  constructor(listener: ListenerSpec, factories: Factories, chain: Lane, base: readonly (Instance | undefined)[]) {
    this.#base = base
    this.#listener = listener
    this.#factories = factories
    this.#chain = chain
    this.#route = routeWriter(chain, factories)
    this.#hasParkedTerminal = listener.chain.some(({ off }, i) => off !== undefined && factories[i]?.terminal === true)
  }

  /**
   * @param filters those of the chain, or of an endpoint, by position
   * @param spec undefined for the chain itself
   */
  check(filters: EndpointFilters, spec: EndpointSpec | undefined): void {
    const of = (i: number): Instance | undefined => {
      const filter = filters[i]
      return filter === 'chain' ? this.#base[i] : filter
    }
    const replaces = spec !== undefined && this.#hasParkedTerminal
    const lane = replaces ? laneOfEndpoint(spec, this.#listener, this.#factories) : this.#chain
    const terminal = lane.terminals[0] ?? -1
    for (let i = terminal + 1; terminal !== -1 && i < filters.length; i++) {
      const instance = of(i)
      if (instance !== undefined) this.#checkPlace(instance, i, terminal, spec)
    }
    if (spec === undefined) return
    for (let i = 0; i < this.#route; i++) if (filters[i] !== 'chain') this.#checkRefinement(i, of(i), spec)
    for (const i of lane.replaced) this.#checkReplaced(i, terminal, spec)
  }

  #checkPlace(instance: Instance, at: number, terminal: number, spec: EndpointSpec | undefined): void {
    const key = `${instance.id} ${terminal}`
    if (this.#placed.has(key)) return
    this.#placed.add(key)
    const asInChain = terminal === this.#chain.terminals[0] && this.#chain.on[at] === true
    const ran = spec !== undefined && at <= this.#route && this.#base[at] !== undefined
    const endpoint = asInChain ? undefined : spec?.endpoint.id
    this.problems.push(...checkPlacement(instance, this.#listener, at, terminal, endpoint, ran))
  }

  /** Before the route the chain's instance has run: an endpoint can't change what has happened. */
  #checkRefinement(i: number, instance: Instance | undefined, spec: EndpointSpec): void {
    const before = this.#base[i]
    const { name } = this.#listener.chain[i]!
    const own = refinementOf(spec, name)
    if (before?.filter.request === undefined || own === undefined || before === instance) return
    const hooks = own === 'off' ? WHERE_ON : OF_ENDPOINT
    if ([before, instance].some((one) => hooks.some((hook) => one?.filter[hook] !== undefined))) return
    const route = this.#listener.chain[this.#route]!.name
    this.#warn(
      own === 'off' ? offPlace(spec, name) : firstPlace(own),
      name,
      `this has no effect: "${name}" acts on requests before "${route}" finds the endpoint; put "${name}" after "${route}", or turn it off in the chain, so that it runs where endpoints turn it on`,
    )
  }

  #checkReplaced(i: number, terminal: number, spec: EndpointSpec): void {
    const { name } = this.#listener.chain[i]!
    const own = refinementOf(spec, name)
    if (own === undefined || own === 'off') return
    const other = this.#listener.chain[terminal]!.name
    this.#warn(firstPlace(own), name, `this has no effect: "${other}" takes the place of "${name}" here`)
  }

  #warn(place: Pick<Problem, 'path' | 'usedAt'>, name: string, message: string): void {
    const key = `${name} ${message}`
    const known = this.#warnings.get(key)
    if (known === undefined) this.#warnings.set(key, { ...place, message, more: 0 })
    else known.more++
  }

  /** Each once, at its first place. */
  get warnings(): Problem[] {
    return Array.from(this.#warnings.values(), ({ more, message, ...place }) => ({
      ...place,
      message: more === 0 ? message : `${message} (the same at ${more} more of the endpoints)`,
    }))
  }
}

/** The place of options, which may be flat keys, or stand in a group. */
function firstPlace(own: OptionsSpec): Pick<Problem, 'path' | 'usedAt'> {
  const [key] = Object.keys(own.options)
  return placed((key === undefined ? undefined : own.origins?.[key]) ?? own.at, own)
}
