/**
 * A field of requests that a filter sets for the upstream, or decides by. What a client sent in it is removed before the first
 * filter, so that nobody can pretend to be the filter.
 *
 * ```ts
 * const sets: SetField[] = [{ name: 'X-User' }, { name: 'X-Request-Id', keep: 'anyone' }]
 * ```
 */
export interface SetField {
  /** In any case. */
  readonly name: string
  /**
   * Whose value the filter wants to read. Default: `nobody`. With `trusted`, that of peers in `trusted_proxies`; with `anyone`,
   * that of every client, which can still not remove it by nominating it in `Connection` (RFC 9110 §7.6.1).
   */
  readonly keep?: 'nobody' | 'trusted' | 'anyone'
}
