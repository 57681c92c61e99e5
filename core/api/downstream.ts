/**
 * The client's side of an exchange. Forwarding fields (`X-Forwarded-*`, `Forwarded`) count only where the connection comes from
 * a trusted proxy (`trusted_proxies`).
 *
 * ```ts
 * if (blocked.has(x.downstream.address)) return reply(403, 'address_blocked')
 * ```
 */
export interface Downstream {
  /** IP address of the client: of the connection, or as forwarded. */
  readonly address: string
  /** IP address at the other end of the connection: the client, or a proxy in front of Weir. */
  readonly peer: string
  /** Whether the peer is a trusted proxy. */
  readonly trusted: boolean
  /**
   * Who passed the request on to the peer, the client first: IP addresses, `unknown`, or obfuscated names (RFC 7239 §6). Only
   * what stands behind `address` comes from trusted proxies. Empty if the peer is not trusted.
   */
  readonly hops: readonly string[]
  /** Of the connection, or as forwarded. */
  readonly scheme: 'http' | 'https'
  /** `host[:port]` of the target or `Host`; it routes. As forwarded, with `trust_forwarded_host`. Empty if there is none. */
  readonly host: string
  /** `host[:port]` that the client asked for, for links and redirects: as forwarded, else `host`. */
  readonly publicHost: string
  /** Whether the client sent `TE: trailers` (RFC 9110 §10.1.4). */
  readonly takesTrailers: boolean
  /**
   * Names and values in turn as they came, before `request.headers` was cleaned. For logs and signatures, never for decisions:
   * anybody can write anything here.
   */
  readonly fields: readonly string[]
}
