import type { EndpointSpec, FilterSpec } from '../../core/control/gateway-spec.ts'
import { isOn } from '../read/refinements.ts'

/** Who says last whether a filter is on at an endpoint: `chain`, `endpoint` or `group NAME`. */
export function switchedBy(spec: EndpointSpec, { name }: FilterSpec): string {
  const own = spec.filters[name]
  if (own === undefined) return 'chain'
  const at = own === 'off' ? spec.offInGroups?.[name]?.group : own.at
  return at?.[0] === 'groups' ? `group ${String(at[1])}` : 'endpoint'
}

/** An endpoint at which a filter is not as in the chain: on instead of off, or off instead of on. */
export interface Exception {
  readonly endpoint: string
  readonly by: string
}

export function exceptions(filter: FilterSpec, endpoints: readonly EndpointSpec[]): Exception[] {
  return endpoints
    .filter((spec) => isOn(spec.filters, filter) !== (filter.off === undefined))
    .map((spec) => ({ endpoint: spec.endpoint.id, by: switchedBy(spec, filter) }))
}

/** ` (group public)`, or nothing if the endpoint itself says it. */
export const inBrackets = (by: string): string => (by === 'endpoint' ? '' : ` (${by})`)
