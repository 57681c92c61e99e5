import { offPlace, refinementOf } from '../../core/build/lane.ts'
import type { Path } from '../../core/control/config-error.ts'
import type { EndpointSpec, FilterSpec } from '../../core/control/gateway-spec.ts'
import { switchedBy } from './switched-by.ts'

/**
 * The place that says whether a filter is on for an exchange, else that of its entry in the chain; undefined for the default chain,
 * which is not in the document.
 * @param isOff whether it is off for this exchange
 * @param endpoint undefined: no route was found
 */
export function filterPath(entry: FilterSpec, isOff: boolean, endpoint: EndpointSpec | undefined): Path | undefined {
  const { name, at, off } = entry
  const own = endpoint === undefined ? undefined : refinementOf(endpoint, name)
  const switched =
    endpoint === undefined || switchedBy(endpoint, entry) === 'chain'
      ? off
      : isOff
        ? offPlace(endpoint, name).path
        : off && own !== 'off'
          ? own?.at
          : undefined
  return switched ?? (at.at(-1) === 'filters' ? undefined : at)
}
