import { defineSlot, type Slot } from './slot.ts'

/**
 * Something that an endpoint demands before anything goes upstream, by name. A filter that guarantees it lists it in `enforces`
 * and calls `x.satisfy(requirement)`; where nobody did, the engine returns a 500.
 */
export type Requirement = string

/**
 * The one requirement that core itself names: the caller is known. `auth_type: bearer` of an endpoint demands it.
 *
 * @example defineFilter({ name: 'api-key', apiVersion: 1, enforces: [AUTHENTICATION], create })
 */
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

/** What a value must be: one of several texts, there or not there, or a whole match of an expression (RE2). */
export type ValuePattern =
  | { readonly any: readonly string[] }
  | { readonly present: boolean }
  | { readonly regex: string }

/** A condition on a field, a query key or a cookie. */
export interface Condition {
  readonly name: string
  readonly value: ValuePattern
}

/**
 * What paths match: a prefix by whole segments, a whole path, or an expression (RE2) for a whole path. `{name}` in place of a segment
 * of the first two stands for any segment.
 */
export type PathPattern = { readonly prefix: string } | { readonly exact: string } | { readonly regex: string }

/** What of a request leads to an endpoint: all of it must hold. */
export interface Match {
  /** `a.test`, or `*.a.test` for every name below it. Undefined: every host. */
  readonly host: string | undefined
  readonly path: PathPattern
  /** In upper case; GET includes HEAD. Empty: every method. */
  readonly methods: readonly string[]
  readonly headers: readonly Condition[]
  readonly query: readonly Condition[]
  readonly cookies: readonly Condition[]
  /** Where its host and its path stand in the entry of the endpoint, for messages. */
  readonly at: { readonly host: readonly (string | number)[]; readonly path: readonly (string | number)[] }
}

/** What upstreams read in different ways: `%2F`, `//`, and `;` with what follows it in a segment. */
export type Ambiguity = 'encoded_slash' | 'empty_segment' | 'path_parameter'

/** A named, optionally versioned upstream API, as the configuration lists it. Immutable. */
export interface Endpoint {
  /** Unique: `v1/orders`, or `orders` without a version. A label of metrics. */
  readonly id: string
  readonly name: string
  readonly version: string | undefined
  readonly targets: readonly Target[]
  /**
   * As configured. `inactive` and `disabled` endpoints take no traffic and return 503. The targets of an `inactive` one are
   * checked nevertheless.
   */
  readonly status: 'active' | 'inactive' | 'disabled'
  /** Each leads to it. Empty: its name does. */
  readonly match: readonly Match[]
  /** Version and name lead to it, too, where it has a `match`. */
  readonly byName: boolean
  /** What a prefix of `match` has matched is dropped. */
  readonly stripPrefix: boolean
  /** The path that goes upstream, with `{parameters}` of the match, and `{rest}` for what follows it. Undefined: the path as it came. */
  readonly rewrite: string | undefined
  /** Whether upper and lower case differ in the paths of its `match`. */
  readonly caseSensitive: boolean
  /** What its upstream reads as it is written. */
  readonly allowAmbiguous: readonly Ambiguity[]
  /** What must be satisfied before anything goes upstream. */
  readonly requires: readonly Requirement[]
}

/** The decision "this request goes to this endpoint, with this path". */
export interface Route {
  /** One of `EndpointsKey`. */
  readonly endpoint: Endpoint
  /** Appended to the target's base path: byte for byte as the client sent it, starting with `/`, or empty. No query. */
  readonly path: string
  /** What stands in the path in place of the parameters of the match, byte for byte as the client sent it. */
  readonly params?: Readonly<Record<string, string>>
  /** Name of the route for spans (`http.route`), from a small set: `/orchestrator/v1/orders`. */
  readonly template: string
}

/** Who calls, as an authentication filter established it. */
export interface Identity {
  readonly subject: string | undefined
  /** How it was proved: `bearer`. */
  readonly scheme: string
  readonly roles: readonly string[]
  readonly scopes: readonly string[]
  /** All that the credentials say; may hold personal data. */
  readonly claims: Readonly<Record<string, unknown>>
}

/**
 * The route. A routing filter writes it once, in `request`; the engine then runs `routed` of every filter. Its factory lists
 * the slot in `writes`. Others read `x.route`.
 *
 * @example x.set(RouteSlot, { endpoint, path: '/orders/1', template: '/orders' })
 */
export const RouteSlot: Slot<Route> = defineSlot('route')

/**
 * Who calls. An authentication filter writes it. Others read `x.identity`.
 *
 * @example x.set(IdentitySlot, { subject: apiKey.owner, scheme: 'api-key', roles: [], scopes: [], claims: {} })
 */
export const IdentitySlot: Slot<Identity> = defineSlot('identity')

/**
 * The id of the request, for logs, problem documents and the upstream. The filter `request-id` writes it. Others read
 * `x.requestId`.
 *
 * @example x.set(RequestIdSlot, crypto.randomUUID())
 */
export const RequestIdSlot: Slot<string> = defineSlot('request-id')

/**
 * The target of the latest attempt. The engine writes it after `pick`.
 *
 * @example const url = x.get(TargetSlot)?.url
 */
export const TargetSlot: Slot<Target> = defineSlot('target')

/** The engine relies on these: a plugin in JavaScript can write anything. */
export function checkedRoute(value: unknown): Route {
  const { endpoint, path } = (value ?? {}) as Partial<Route>
  if (typeof endpoint?.id !== 'string' || !Array.isArray(endpoint.requires) || typeof path !== 'string')
    throw new TypeError('a route has an endpoint of the configuration, and a path')
  return value as Route
}
