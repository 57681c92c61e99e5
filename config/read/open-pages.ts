import { AUTHENTICATION } from '../../core/api/endpoint.ts'
import { show } from '../../core/base/show.ts'
import type { Path } from '../../core/control/config-error.ts'
import type { EndpointSpec, FilterSpec } from '../../core/control/gateway-spec.ts'
import type { Problems } from '../document/problems.ts'
import type { DeclaredChain } from './chain-entries.ts'
import { isOn } from './refinements.ts'
import { requiresToken } from './shorthand.ts'

/**
 * Warns of pages of the `admin` filter that clients of the proxy listener reach without authentication; once per filter. What an
 * endpoint requires is enforced, or the load fails. Probes alone show nothing that is worth a guard.
 */
export function warnOpenPages(chain: DeclaredChain, endpoints: readonly EndpointSpec[], problems: Problems): void {
  for (const filter of chain.byFactory.get('admin') ?? []) {
    const [first, ...more] = openPlaces(filter, chain, endpoints)
    if (first === undefined) continue
    const also = more.length === 0 ? '' : ` (the same at ${more.length} more of the endpoints)`
    problems.warn(
      first,
      `${show(filter.name)} serves /metrics and the admin API, with changes of endpoints, to all that reach the proxy listener, without a token: set "auth_type: bearer" at the endpoint, or "probes_only: true" for /livez and /readyz alone, or leave it to the admin listener${also}`,
    )
  }
}

/** The places of the filter where no token is required. */
function openPlaces(filter: FilterSpec, chain: DeclaredChain, endpoints: readonly EndpointSpec[]): Path[] {
  const served = endpoints.filter(({ filters }) => isOn(filters, filter))
  const showsAll = (options: FilterSpec['options'] = {}): boolean =>
    ({ ...filter.options, ...options }).probes_only !== true
  // Without endpoints the chain may serve it without a route.
  if (endpoints.length === 0) return isOn({}, filter) && showsAll() && !requiresToken({}, chain) ? [filter.at] : []
  return served.flatMap(({ endpoint, filters }) => {
    const own = filters[filter.name]
    if (own === 'off' || endpoint.requires.includes(AUTHENTICATION) || !showsAll(own?.options)) return []
    return [own?.at ?? filter.at]
  })
}
