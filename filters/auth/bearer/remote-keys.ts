import { Agent } from 'undici'
import type { Clock, Deadline, Logger, TimerWheel } from '../../../core/index.ts'
import type { Algorithm } from './algorithms.ts'
import { type Candidates, candidatesAmong, type IssuerKeys, type Wanted } from './issuer-keys.ts'
import { fetchDocument, type KeyDocument } from './key-document.ts'
import { keySet, type VerificationKey } from './verification-key.ts'

/** Where an issuer publishes its keys, and how long they count. Equal settings share what was fetched. */
export interface RemoteKeysOptions {
  /** URL of a JWK set; undefined: the issuer's metadata says it. */
  readonly jwksUrl: string | undefined
  /** The issuer, whose metadata are at its well-known URL (OpenID Connect Discovery 1.0 §4), if there is no `jwksUrl`. */
  readonly issuer: string | undefined
  /** PEM bundle of authorities; undefined: those of the system. */
  readonly ca: string | undefined
  readonly verify: boolean
  /** Name that TLS sends and verifies; undefined: the host. */
  readonly serverName: string | undefined
  /** How long keys count after the issuer last confirmed them; milliseconds. */
  readonly staleMs: number
}

export interface RemoteKeysParts {
  readonly clock: Clock
  readonly timers: TimerWheel
  readonly log: Logger
  /** Called at the end of every fetch. */
  readonly fetched?: (outcome: 'success' | 'failure') => void
}

const MINUTE = 60_000
/** Without `Cache-Control`, and its bounds with it; milliseconds. */
const FRESH = { standard: 10 * MINUTE, least: MINUTE, most: 24 * 60 * MINUTE }
/** Between two attempts after failures; milliseconds. It doubles. */
const RETRY = { first: 1000, most: MINUTE }
/** Between two fetches because of tokens that no known key has signed, so that invented ones can't burden the issuer; milliseconds. */
const COOL_DOWN_MS = 30_000
/** Requests that wait for a fetch. */
const MOST_WAITERS = 256
/** The first fetch begins with the first token, or after this time: not for commands that only look at a configuration; milliseconds. */
const BEGIN_MS = 200

/**
 * The keys that an issuer publishes. Fetched at once, and again before `Cache-Control` lets them grow old, beside the requests; once more
 * when a token names a key that is not known, or is younger than the keys and signed with none of them. Old keys count while the issuer is
 * away, for a bounded time. An issuer that sends something else than keys is away.
 */
export class RemoteKeys implements IssuerKeys {
  readonly #options: RemoteKeysOptions
  readonly #parts: RemoteKeysParts
  readonly #closed = new AbortController()
  readonly #agent: Agent
  #keys: ReadonlySet<VerificationKey> = new Set()
  /** When the issuer last confirmed them; by the monotonic clock. */
  #confirmedAt = -Infinity
  /** The same since the epoch. */
  #confirmedWall = -Infinity
  #askedAt = -Infinity
  #begun = false
  #waiters = 0
  #failures = 0
  #fetching: Promise<void> | undefined
  #next: Deadline | undefined

  constructor(options: RemoteKeysOptions, parts: RemoteKeysParts) {
    this.#options = options
    this.#parts = parts
    const { ca, verify, serverName } = options
    this.#agent = new Agent({
      allowH2: false,
      connections: 1,
      pipelining: 1,
      connect: {
        timeout: 4000,
        rejectUnauthorized: verify,
        ...(ca === undefined ? {} : { ca }),
        ...(serverName === undefined ? {} : { servername: serverName }),
      },
    })
    this.#next = parts.timers.after(BEGIN_MS, () => this.#begin())
  }

  get available(): boolean {
    return this.#parts.clock.now() - this.#confirmedAt < this.#options.staleMs
  }

  candidates({ kid, algorithm, issuedAt }: Wanted): Candidates | Promise<Candidates> {
    this.#begin()
    const found = this.#among(kid, algorithm)
    if (found === 'unavailable') return this.#fetching === undefined ? found : this.#afterFetch(kid, algorithm)
    if (found.length > 0 || kid === undefined) return found
    // The issuer may have a new key.
    if (this.#fetching !== undefined || this.#mayAsk()) return this.#afterFetch(kid, algorithm)
    return issuedAt > this.#confirmedWall ? 'unavailable' : found
  }

  renewed({ kid, algorithm, issuedAt }: Wanted, tried: readonly VerificationKey[]): Promise<Candidates> | undefined {
    const known = this.#among(kid, algorithm)
    if (known !== 'unavailable' && known.some((key) => !tried.includes(key))) return Promise.resolve(known)
    // Keys that were fetched after the token was made hold the one that has signed it.
    if (issuedAt <= this.#confirmedWall) return undefined
    return this.#fetching !== undefined || this.#mayAsk() ? this.#afterFetch(kid, algorithm) : undefined
  }

  holds(key: VerificationKey): boolean {
    return this.#keys.has(key) && this.available
  }

  /** Stops fetching. Who waits is told what is known. */
  async close(): Promise<void> {
    this.#next?.cancel()
    this.#closed.abort()
    await this.#agent.destroy()
  }

  async #afterFetch(kid: string | undefined, algorithm: Algorithm): Promise<Candidates> {
    if (this.#waiters >= MOST_WAITERS) return 'unavailable'
    this.#waiters++
    try {
      const joined = this.#fetching !== undefined
      await this.#fetch()
      const now = this.#among(kid, algorithm)
      // A fetch that ran already may have begun before the issuer had the new key.
      if (!joined || now === 'unavailable' || now.length > 0 || !this.#mayAsk()) return now
      await this.#fetch()
      return this.#among(kid, algorithm)
    } finally {
      this.#waiters--
    }
  }

  #among(kid: string | undefined, algorithm: Algorithm): Candidates {
    return this.available ? candidatesAmong(this.#keys, kid, algorithm) : 'unavailable'
  }

  #begin(): void {
    if (this.#begun) return
    this.#begun = true
    void this.#fetch()
  }

  /** True once per cool-down. */
  #mayAsk(): boolean {
    const now = this.#parts.clock.now()
    if (now - this.#askedAt < COOL_DOWN_MS) return false
    this.#askedAt = now
    return true
  }

  /** One fetch at a time, for all who want one. */
  #fetch(): Promise<void> {
    if (this.#fetching !== undefined) return this.#fetching
    // Not of a fetch that ends just now: it has set the timer already.
    this.#next?.cancel()
    this.#fetching = this.#load().finally(() => {
      this.#fetching = undefined
    })
    return this.#fetching
  }

  async #load(): Promise<void> {
    const { clock, log, fetched } = this.#parts
    try {
      const { json, maxAgeMs = FRESH.standard } = await this.#document()
      this.#take(json)
      this.#confirmedAt = clock.now()
      this.#confirmedWall = clock.wall()
      if (this.#failures > 0) log.info({ issuer: this.#name }, 'the keys of the issuer can be fetched again')
      this.#failures = 0
      fetched?.('success')
      // In time for another attempt before the keys stop counting.
      this.#again(Math.min(Math.max(maxAgeMs, FRESH.least), FRESH.most, this.#options.staleMs / 2))
    } catch (error) {
      if (this.#closed.signal.aborted) return
      this.#failures++
      fetched?.('failure')
      const message = (error as Error).message
      const until = this.available ? ', those known are used' : ', no token of it is accepted'
      if (this.#failures === 1)
        log.warn({ issuer: this.#name, err: { message } }, `the keys of the issuer can't be fetched${until}`)
      this.#again(Math.min(RETRY.first * 2 ** (this.#failures - 1), RETRY.most))
    }
  }

  #again(ms: number): void {
    if (this.#closed.signal.aborted) return
    this.#next = this.#parts.timers.after(ms, () => void this.#fetch())
  }

  async #document(): Promise<KeyDocument> {
    const { jwksUrl } = this.#options
    return fetchDocument(jwksUrl ?? (await this.#discovered()), this.#agent, this.#closed.signal)
  }

  /** Takes the keys; those that were known stay the same objects, so that what they have verified still counts. */
  #take(json: unknown): void {
    const { keys, skipped } = keySet(json)
    if (keys.length === 0)
      throw new Error(`no key of the JWK set can be used${skipped.length > 0 ? `: ${skipped[0]}` : ', it is empty'}`)
    const known = new Map([...this.#keys].map((key) => [key.fingerprint, key]))
    this.#keys = new Set(keys.map((key) => known.get(key.fingerprint) ?? key))
  }

  /** `jwks_uri` of the issuer's metadata, which must be its own (OpenID Connect Discovery 1.0 §4.3). */
  async #discovered(): Promise<string> {
    const issuer = this.#options.issuer!
    const url = `${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`
    const { json } = await fetchDocument(url, this.#agent, this.#closed.signal)
    const { issuer: named, jwks_uri: uri } = (typeof json === 'object' && json !== null ? json : {}) as Record<
      string,
      unknown
    >
    if (named !== issuer) {
      const which = typeof named === 'string' && /^[\x21\x23-\x7e]{1,200}$/.test(named) ? ` ("${named}")` : ''
      throw new Error(`its metadata name another issuer${which}: the option must be the same, to the last slash`)
    }
    const { protocol } = new URL(issuer)
    const parsed = typeof uri === 'string' ? URL.parse(uri) : null
    if (parsed === null || (parsed.protocol !== 'https:' && parsed.protocol !== protocol))
      throw new Error(`its metadata have no usable jwks_uri: expected a URL of ${protocol}`)
    return parsed.href
  }

  get #name(): string {
    return this.#options.issuer ?? this.#options.jwksUrl!
  }
}
