import * as z from 'zod'
import { show } from '../../core/base/show.ts'
import type { Path } from '../../core/control/config-error.ts'
import type { EndpointSpec } from '../../core/control/gateway-spec.ts'
import type { HealthCheck } from '../../core/control/health-control.ts'
import type { Problems } from '../document/problems.ts'
import { type HealthCheckValues, healthCheckShape, type OwnHealthCheckValues } from '../schema/health-check-shape.ts'
import { section } from '../schema/value-kinds.ts'

/** The health check options that an endpoint sets; the rest comes from the document. */
export type OwnCheck = Partial<HealthCheck> & { readonly enabled?: boolean }

/** The health checks of the document and of its endpoints. */
export interface HealthCheckSettings extends HealthCheck {
  readonly enabled: boolean
  /** By the endpoint's id. */
  readonly endpoints: ReadonlyMap<string, OwnCheck>
}

/** The health check keys of one endpoint. `here` is true if its `health_check` is a mapping. */
export interface EndpointCheck {
  readonly own: OwnCheck
  readonly here: boolean
  readonly at: Path
}

/** Reads `health_check` and `health_check_path` of an endpoint; undefined if it has neither. */
export function readEndpointCheck(
  values: {
    readonly health_check?: OwnHealthCheckValues | 'off' | false | null
    readonly health_check_path?: string | undefined
  },
  at: Path,
  problems: Problems,
): EndpointCheck | undefined {
  const { health_check: check, health_check_path: path } = values
  if (check == null && path === undefined) return undefined
  if (check === 'off' || check === false) return { own: { enabled: false }, here: false, at: [...at, 'health_check'] }
  if (check?.path !== undefined && path !== undefined) {
    const other = problems.place([...at, 'health_check', 'path'])
    problems.error([...at, 'health_check_path'], `given twice: ${other} is the same. Remove one of them`)
  }
  const own = { ...fromKeys(check ?? {}), ...(path === undefined ? {} : { path }) }
  return { own, here: check != null, at: [...at, check == null ? 'health_check_path' : 'health_check'] }
}

function fromKeys(keys: OwnHealthCheckValues): OwnCheck {
  const all = {
    enabled: keys.enabled,
    method: keys.method,
    path: keys.path,
    headers: keys.headers,
    intervalMs: keys.interval,
    timeoutMs: keys.timeout,
    unhealthyThreshold: keys.unhealthy_threshold,
    healthyThreshold: keys.healthy_threshold,
    statuses: keys.statuses,
    bodyMatch: keys.body_match,
  }
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined))
}

const DEFAULTS = z.parse(section(healthCheckShape), {})

/** Merges the health checks of the document and of its endpoints. Undefined if there are none. */
export function readHealthCheck(
  general: HealthCheckValues | null | undefined,
  checks: ReadonlyMap<string, EndpointCheck>,
  problems: Problems,
): HealthCheckSettings | undefined {
  if (general == null && checks.size === 0) return undefined
  const base = { ...fromKeys(DEFAULTS), ...fromKeys(general ?? {}) } as HealthCheck & { enabled: boolean }
  const settings: HealthCheckSettings = {
    ...base,
    enabled: general == null ? false : base.enabled,
    path: base.path ?? ROOT,
    headers: base.headers ?? {},
    bodyMatch: base.bodyMatch,
    endpoints: new Map(
      // The section of an endpoint turns its checks on if the document has none.
      Array.from(checks, ([id, { own, here }]) => [id, general == null && here ? { enabled: true, ...own } : own]),
    ),
  }
  if (settings.method === 'HEAD' && settings.bodyMatch !== undefined)
    problems.error(['health_check', 'body_match'], BODILESS)
  for (const [id, { own, here, at }] of checks) {
    const check = checkOf(settings, id)
    if (general == null && !here && own.path !== undefined)
      problems.warn(at, 'this has no effect: health checks are off; add "health_check: {}" to the document')
    const decides = own.method !== undefined || own.bodyMatch !== undefined
    if (decides && check?.method === 'HEAD' && check.bodyMatch !== undefined) problems.error(at, BODILESS)
  }
  return settings
}

const ROOT = '/'
const BODILESS = 'a response to HEAD has no body to match: use GET, or leave out body_match'

/** The health check of an endpoint; undefined if its targets are not checked. */
export function checkOf(settings: HealthCheckSettings | undefined, id: string): HealthCheck | undefined {
  if (settings === undefined) return undefined
  const { endpoints, enabled, ...check } = settings
  const { enabled: own = enabled, ...options } = endpoints.get(id) ?? {}
  return own ? { ...check, ...options } : undefined
}

const SHOWN = 5

/** Names the endpoints that are checked at `/` because no path is set: a 404 there takes them out of service. */
export function rootNotice(
  settings: HealthCheckSettings | undefined,
  general: HealthCheckValues | null | undefined,
  endpoints: readonly EndpointSpec[],
): string[] {
  if (settings === undefined || general?.path !== undefined) return []
  const ids = endpoints
    .filter(({ endpoint: { id, status } }) => status !== 'disabled' && settings.endpoints.get(id)?.path === undefined)
    .map(({ endpoint }) => endpoint.id)
    .filter((id) => checkOf(settings, id) !== undefined)
  if (ids.length === 0) return []
  const named = ids.slice(0, SHOWN).map(show).join(', ')
  const more = ids.length > SHOWN ? ` and ${ids.length - SHOWN} more` : ''
  return [`health checks request "/" where no path is set (health_check.path, health_check_path): ${named}${more}`]
}
