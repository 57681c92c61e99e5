import type { Path } from '../../core/control/config-error.ts'
import type { EndpointSpec } from '../../core/control/gateway-spec.ts'
import type { Problems } from '../document/problems.ts'
import type { DeclaredChain } from './chain-entries.ts'
import { isOn } from './refinements.ts'

/** A flat key of the document whose filter is off in the chain. */
export interface ParkedKey {
  readonly at: Path
  readonly filter: string
}

/** Warns of flat keys of the document whose filter is on nowhere. */
export function warnParked(
  parked: readonly ParkedKey[],
  chain: DeclaredChain,
  endpoints: readonly EndpointSpec[],
  problems: Problems,
): void {
  for (const { at, filter } of parked) {
    const { off, factory } = chain.byName.get(filter)!
    if (endpoints.some(({ filters }) => isOn(filters, { name: filter, off }))) continue
    problems.warn(at, `this has no effect: ${problems.place(off!)} turns ${factory} off`)
  }
}
