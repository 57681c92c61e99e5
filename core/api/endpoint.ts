import { defineSlot } from './slot.ts'

/** Something an endpoint demands before anything goes upstream; met by a filter that `enforces` it. */
export type Requirement = string

/** The one requirement that core itself names. `auth_type: bearer` demands it. */
export const AUTHENTICATION: Requirement = 'authentication'

/** One URL of an endpoint. */
export interface Target {
  /** As configured, without a trailing slash. */
  readonly url: string
  /** Scheme and authority: `https://api.example.com:8443`. */
  readonly origin: string
  /** Authority, as sent in `Host`. */
  readonly host: string
  /** Path that every request is put under: `''` or `/base`, never with a trailing slash. */
  readonly basePath: string
  /** Relative share of traffic. 0: draining, it gets no new requests. */
  readonly weight: number
}

/** A named, optionally versioned upstream API, as the YAML lists it. Immutable. */
export interface Endpoint {
  /** Unique: `v1/orders`, or `orders` without a version. Used as metric label. */
  readonly id: string
  readonly name: string
  readonly version: string | undefined
  readonly targets: readonly Target[]
  /** As configured. `inactive` and `disabled` answer 503 and take no traffic; `inactive` is checked all the same. */
  readonly status: 'active' | 'inactive' | 'disabled'
  /** Extra patterns beside version and name. */
  readonly match: { readonly hosts: readonly string[]; readonly paths: readonly string[] }
  readonly requires: readonly Requirement[]
}

/** The decision "this request goes to this endpoint, with this remaining path". */
export interface Route {
  readonly endpoint: Endpoint
  /** What is put behind the target's base path: byte for byte as it came, starting with `/`, or empty. No query. */
  readonly path: string
  /** Low-cardinality name of the route for spans (`http.route`): `/orchestrator/v1/orders`. */
  readonly template: string
}

/** Who calls, as an authentication filter established it. */
export interface Identity {
  readonly subject: string | undefined
  /** How it was proved: `bearer`. */
  readonly scheme: string
  readonly roles: readonly string[]
  readonly scopes: readonly string[]
  readonly claims: Readonly<Record<string, unknown>>
}

/** Written once, by a routing filter; writing it makes the engine run `routed`. */
export const RouteSlot = defineSlot<Route>('route')
export const IdentitySlot = defineSlot<Identity>('identity')
export const RequestIdSlot = defineSlot<string>('request-id')
/** The target of the latest attempt; the engine writes it. */
export const TargetSlot = defineSlot<Target>('target')
