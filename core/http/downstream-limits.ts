/** How far a listener bears with its clients. Times in milliseconds, sizes in bytes. */
export interface DownstreamLimits {
  /** Until the head of a request is there, from the connection's first moment or the head's first byte. */
  readonly headersTimeoutMs: number
  /** Between an answer and the next request of a connection. */
  readonly idleTimeoutMs: number
  /** Without a byte of a request's body that is waited for. */
  readonly bodyTimeoutMs: number
  /** Without a byte of an answer that the client takes. */
  readonly sendTimeoutMs: number
  /** Of a request's head, its first line included; a larger one is answered 431, or 414. */
  readonly maxHeadersSize: number
  /** Fields of a head; more are answered 431. */
  readonly maxHeadersCount: number
  /** Of a request's target; a longer one is answered 414. */
  readonly maxTargetSize: number
  /** Protocols that clients may ask to switch to, in lower case; others are ignored (RFC 9110 §7.8). */
  readonly upgradeProtocols: readonly string[]
}

/** What holds where the configuration says nothing. */
export const DEFAULT_LIMITS: DownstreamLimits = {
  headersTimeoutMs: 60_000,
  // Longer than the 60 s of common load balancers, so that it is they who close idle connections, not a race.
  idleTimeoutMs: 65_000,
  bodyTimeoutMs: 60_000,
  sendTimeoutMs: 60_000,
  maxHeadersSize: 16 * 1024,
  maxHeadersCount: 100,
  maxTargetSize: 8 * 1024,
  upgradeProtocols: ['websocket'],
}
