import type { Awaitable } from '../api/attempt.ts'

/** A response that is stored to be used again. Plain data, so that a store can keep it in another process. */
export interface StoredResponse {
  readonly status: number
  /** Reason phrase as the upstream sent it. */
  readonly statusText: string | undefined
  /** Names and values in turn, without hop-by-hop fields. */
  readonly headers: readonly string[]
  readonly body: Uint8Array
  /** When it was received; milliseconds since the Unix epoch. */
  readonly receivedAt: number
  /** Its age at that time (RFC 9111 §4.2.3: corrected_initial_age); milliseconds. */
  readonly age: number
  /** When it must not be used any more; milliseconds since the Unix epoch. */
  readonly expiresAt: number
  /** Whether it may be used for requests with credentials (RFC 9111 §3.5). */
  readonly shared: boolean
}

/** Stored under the key of a URL whose responses differ by fields of the request (RFC 9111 §4.1). */
export interface StoredVariants {
  /** Names of those fields, in lower case. */
  readonly vary: readonly string[]
}

/** What a `ResponseStore` keeps under a key. */
export type StoredEntry = StoredResponse | StoredVariants

/**
 * Stores responses under keys that its caller chooses. It may drop an entry at any time. It may be in another process: its
 * methods may return promises, and may reject if it can't be reached; the caller then goes on without it.
 *
 * ```ts
 * const entry = await store.get(key)
 * if (entry !== undefined && 'body' in entry && entry.expiresAt > env.clock.wall())
 *   return { status: entry.status, headers: HeaderList.fromWire([...entry.headers]), body: Body.of(entry.body) }
 * ```
 */
export interface ResponseStore {
  get(key: string): Awaitable<StoredEntry | undefined>
  /** Replaces the entry under the key. If the new one is too large to be stored, the old one is removed all the same. */
  set(key: string, value: StoredEntry): Awaitable<void>
  delete(key: string): Awaitable<void>
}

/** Limits of a `MemoryResponseStore`. */
export interface ResponseStoreLimits {
  readonly maxEntries: number
  /** Bytes of all entries together, keys and header fields included. */
  readonly maxBytes: number
}

/** About what an entry costs besides its texts and bytes. */
const OVERHEAD = 256

/**
 * Stores responses in this process. At its limits it drops the least recently used first. Synchronous.
 *
 * @example const store = new MemoryResponseStore({ maxEntries: 1000, maxBytes: 64 * 1024 ** 2 })
 */
export class MemoryResponseStore implements ResponseStore {
  readonly #limits: ResponseStoreLimits
  /** The least recently used first. */
  readonly #entries = new Map<string, { readonly value: StoredEntry; readonly bytes: number }>()
  #bytes = 0

  constructor(limits: ResponseStoreLimits) {
    this.#limits = limits
  }

  /** Number of entries. */
  get size(): number {
    return this.#entries.size
  }

  /** Bytes of all entries together, as `maxBytes` counts them. */
  get bytes(): number {
    return this.#bytes
  }

  get(key: string): StoredEntry | undefined {
    const entry = this.#entries.get(key)
    if (entry === undefined) return undefined
    this.#entries.delete(key)
    this.#entries.set(key, entry)
    return entry.value
  }

  set(key: string, value: StoredEntry): void {
    this.delete(key)
    const bytes = OVERHEAD + key.length + sizeOf(value)
    const { maxBytes, maxEntries } = this.#limits
    if (bytes > maxBytes) return
    this.#entries.set(key, { value, bytes })
    this.#bytes += bytes
    for (const oldest of this.#entries.keys()) {
      if (this.#bytes <= maxBytes && this.#entries.size <= maxEntries) return
      this.delete(oldest)
    }
  }

  delete(key: string): void {
    const entry = this.#entries.get(key)
    if (entry === undefined) return
    this.#entries.delete(key)
    this.#bytes -= entry.bytes
  }
}

function sizeOf(value: StoredEntry): number {
  const texts = 'vary' in value ? value.vary : value.headers
  let bytes = 'vary' in value ? 0 : value.body.byteLength
  for (const text of texts) bytes += text.length
  return bytes
}
