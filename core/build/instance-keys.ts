import type { Endpoint } from '../api/endpoint.ts'
import type { FilterFactory } from '../api/filter-factory.ts'
import type { ShareSpec } from '../api/share-spec.ts'
import type { FilterSpec } from '../control/gateway-spec.ts'

/** The key under which filters find the same share. */
export function shareKey(
  factory: FilterFactory,
  spec: FilterSpec,
  endpoint: Endpoint | undefined,
  name: string,
  share: ShareSpec<unknown>,
): string {
  const scope = share.scope ?? 'endpoint'
  return JSON.stringify([
    factory.name,
    scope === 'factory' ? '' : spec.name,
    scope === 'endpoint' ? (endpoint?.id ?? '') : '',
    name,
  ])
}

/** JSON with sorted keys: equal options give equal texts. */
export function canonical(value: unknown): string {
  return JSON.stringify(value, (_key, v: unknown) =>
    typeof v === 'object' && v !== null && !Array.isArray(v)
      ? Object.fromEntries(Object.entries(v).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)))
      : v,
  )
}
