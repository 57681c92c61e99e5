import type { Awaitable } from '../api/attempt.ts'

/** An answer that is kept to be given again. Plain data, so that it can be kept elsewhere. */
export interface StoredResponse {
  readonly status: number
  /** Reason phrase as the upstream sent it. */
  readonly statusText: string | undefined
  /** Flat list of names and values, without those of the connection. */
  readonly headers: readonly string[]
  readonly body: Uint8Array
  /** When it was received, milliseconds since the Unix epoch. */
  readonly receivedAt: number
  /** How old it was then (RFC 9111 §4.2.3: corrected_initial_age), milliseconds. */
  readonly age: number
  /** From when on it may not be given any more, milliseconds since the Unix epoch. */
  readonly expiresAt: number
  /** Whether it may answer requests with credentials (RFC 9111 §3.5). */
  readonly shared: boolean
}

/** Under the key of a URL, where its answers differ by fields of the request (RFC 9111 §4.1): their names, lower case. */
export interface StoredVariants {
  readonly vary: readonly string[]
}

export type StoredEntry = StoredResponse | StoredVariants

/**
 * Keeps answers under keys of the caller's making. It may forget any of them at any time, and may live in another process:
 * its methods can return promises, and reject when it can't be reached; who asks then does without.
 */
export interface ResponseStore {
  get(key: string): Awaitable<StoredEntry | undefined>
  /** Replaces what is kept under the key. One that does not fit is not kept, nor is what it replaces. */
  set(key: string, value: StoredEntry): Awaitable<void>
  delete(key: string): Awaitable<void>
}

export interface ResponseStoreLimits {
  readonly maxEntries: number
  /** Bytes of all entries together, their keys and fields included. */
  readonly maxBytes: number
}

/** About what an entry costs beside its texts and bytes. */
const OVERHEAD = 256

/** Keeps answers in this process, and forgets the longest unused ones first. Synchronous. */
export class MemoryResponseStore implements ResponseStore {
  readonly #limits: ResponseStoreLimits
  /** The longest unused first. */
  readonly #entries = new Map<string, { readonly value: StoredEntry; readonly bytes: number }>()
  #bytes = 0

  constructor(limits: ResponseStoreLimits) {
    this.#limits = limits
  }

  get size(): number {
    return this.#entries.size
  }

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
