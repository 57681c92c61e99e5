import type { Problem } from '../control/config-error.ts'
import type { FilterSpec, OptionsSpec } from '../control/gateway-spec.ts'
import { placed } from './lane.ts'

type Place = Pick<Problem, 'path' | 'usedAt'>

/**
 * What is said about the instances of one load. Endpoints merge their options with those of the chain: what is said of the chain's
 * own options is not said again of each endpoint.
 */
export class ToldOnce {
  readonly #told = new Map<string, { readonly message: string; readonly ofChain: boolean; readonly places: Place[] }>()

  /**
   * @param spec the entry of the chain
   * @param own the options of the instance: those of `spec`, or of an endpoint
   */
  tell(spec: FilterSpec, own: OptionsSpec, message: string): void {
    const ofChain = own === spec
    const key = JSON.stringify([spec.at, message])
    const known = this.#told.get(key)
    const place = placed(own.at, own)
    if (known === undefined) this.#told.set(key, { message, ofChain, places: [place] })
    else if (!known.ofChain && !ofChain) known.places.push(place)
  }

  /** With every place: each must be mended. */
  get everywhere(): Problem[] {
    return [...this.#told.values()].flatMap(({ message, places }) => places.map((place) => ({ ...place, message })))
  }

  /** Each message once, with its first place. */
  get once(): Problem[] {
    return Array.from(this.#told.values(), ({ message, places: [first, ...more] }) => ({
      ...first!,
      message: more.length === 0 ? message : `${message} (the same at ${more.length} more of the endpoints)`,
    }))
  }
}
