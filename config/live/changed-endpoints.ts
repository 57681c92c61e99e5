import { isDeepStrictEqual } from 'node:util'
import { TimeSlice } from '../../core/base/time-slice.ts'
import type { ChangedEndpoints } from '../../core/control/config-events.ts'
import type { EndpointSpec, GatewaySpec, OptionsSpec } from '../../core/control/gateway-spec.ts'

/** The endpoints that differ between two configurations. Compares in slices, so that requests go on meanwhile. */
export async function changedEndpoints(old: GatewaySpec, next: GatewaySpec): Promise<ChangedEndpoints> {
  const slice = new TimeSlice()
  const before = new Map(old.endpoints.map((spec) => [spec.endpoint.id, spec]))
  const added: string[] = []
  const changed: string[] = []
  for (const spec of next.endpoints) {
    if (slice.isOver) await slice.yield()
    const { id } = spec.endpoint
    const known = before.get(id)
    before.delete(id)
    if (known === undefined) added.push(id)
    else if (known !== spec && !isDeepStrictEqual(meaningOf(known), meaningOf(spec))) changed.push(id)
  }
  return { added, removed: [...before.keys()], changed }
}

/** Without its places in the document, which others move. */
const meaningOf = ({ endpoint, filters, noTarget }: EndpointSpec): unknown => [
  endpoint,
  Object.entries(filters).map(([name, own]: [string, OptionsSpec | 'off']) => [
    name,
    own === 'off' ? own : own.options,
  ]),
  noTarget,
]
