import type { OriginPattern } from './origin-pattern.ts'

/** Longer than every origin of a host that DNS can name (253 characters). */
const MAX_ORIGIN_LENGTH = 300

/** The labels in front of the fixed part of a host, as browsers write them: in lower case, names of other scripts in Punycode. */
const LABELS = /^[a-z\d_-]+(?:\.[a-z\d_-]+)*$/

/**
 * The origins of pages that may read responses. An origin is compared byte by byte, as browsers do with what comes back (Fetch
 * §4.9): they send it in lower case and without a default port.
 */
export class AllowedOrigins {
  /** Whether every origin is allowed, so that the response does not depend on it. */
  readonly any: boolean
  readonly #exact: ReadonlySet<string>
  readonly #subdomains: readonly { readonly before: string; readonly after: string }[]

  constructor(patterns: readonly OriginPattern[]) {
    this.any = patterns.some(({ kind }) => kind === 'any')
    this.#exact = new Set(patterns.flatMap((pattern) => (pattern.kind === 'exact' ? [pattern.origin] : [])))
    this.#subdomains = patterns.filter((pattern) => pattern.kind === 'subdomains')
  }

  /** @param origin as the request has it; empty if it has none */
  allows(origin: string): boolean {
    return this.any || this.#exact.has(origin) || this.#isSubdomain(origin)
  }

  /** The value of `Access-Control-Allow-Origin` (Fetch §3.3.3); undefined if there must be none. */
  valueFor(origin: string): string | undefined {
    if (this.any) return '*'
    return this.allows(origin) ? origin : undefined
  }

  #isSubdomain(origin: string): boolean {
    if (origin.length > MAX_ORIGIN_LENGTH) return false
    for (const { before, after } of this.#subdomains)
      if (
        origin.startsWith(before) &&
        origin.endsWith(after) &&
        LABELS.test(origin.slice(before.length, -after.length))
      )
        return true
    return false
  }
}
