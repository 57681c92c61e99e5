/** Timeouts and limits for the clients of a listener. Times in milliseconds, sizes in bytes. */
export interface DownstreamLimits {
  /** Time for the head of a request, from the opening of the connection or the first byte of the head. */
  readonly headersTimeoutMs: number
  /** Time between a response and the next request of a connection. */
  readonly idleTimeoutMs: number
  /** Time without a byte of a request's body, while the gateway waits for it. */
  readonly bodyTimeoutMs: number
  /** Time in which a client takes no byte of a response. */
  readonly sendTimeoutMs: number
  /** Least rate of a body, either way, while the gateway waits for the client; bytes per second. 0: no limit. */
  readonly minRate: number
  /** Connections at once; more are closed as soon as they are accepted. Undefined: as the process's descriptors allow. */
  readonly maxConnections: number | undefined
  /** The same for the connections of one address. May be infinite. */
  readonly maxConnectionsPerAddress: number
  /** Size of a request's head with its first line; a larger one gets 431, or 414. */
  readonly maxHeadersSize: number
  /** Number of fields of a head; more get 431. */
  readonly maxHeadersCount: number
  /** Length of a request's target; a longer one gets 414. */
  readonly maxTargetSize: number
  /** Protocols that clients may ask to switch to, in lower case; others are ignored (RFC 9110 §7.8). */
  readonly upgradeProtocols: readonly string[]
}

/** The limits where the configuration sets none. */
export const DEFAULT_LIMITS: DownstreamLimits = {
  headersTimeoutMs: 60_000,
  // Longer than the 60 s of common load balancers, so that the load balancer closes idle connections, and no request races.
  idleTimeoutMs: 65_000,
  bodyTimeoutMs: 60_000,
  sendTimeoutMs: 60_000,
  minRate: 0,
  maxConnections: undefined,
  maxConnectionsPerAddress: Infinity,
  maxHeadersSize: 16 * 1024,
  maxHeadersCount: 100,
  maxTargetSize: 8 * 1024,
  upgradeProtocols: ['websocket'],
}
