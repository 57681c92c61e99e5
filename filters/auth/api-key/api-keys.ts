import { createHmac, createSecretKey, type KeyObject, randomBytes, timingSafeEqual } from 'node:crypto'
import type { ApiKey } from './api-key.ts'
import { digestOfKey, type HashKind, isKey } from './key-hash.ts'

/**
 * The list of keys, found by what a client presents. How long that takes tells nothing of the list: a client knows neither the
 * hash that is looked up, which depends on a random key of this list, nor how far it agrees with another.
 */
export class ApiKeys {
  readonly #secret: KeyObject | undefined
  readonly #indexKey = createSecretKey(randomBytes(32))
  readonly #byIndex = new Map<string, ApiKey>()
  readonly #kinds = new Set<HashKind>()

  /** @param secret for keys that are hashed with HMAC */
  constructor(secret: KeyObject | undefined) {
    this.#secret = secret
  }

  get size(): number {
    return this.#byIndex.size
  }

  /** Adds a key. Returns the one that has its hash already, if there is one; then nothing is added. */
  add(key: ApiKey): ApiKey | undefined {
    const index = this.#indexOf(key.digest)
    const other = this.#byIndex.get(index)
    if (other !== undefined) return other
    this.#byIndex.set(index, key)
    this.#kinds.add(key.kind)
    return undefined
  }

  /** The key that has this text; undefined if none has. */
  find(text: string): ApiKey | undefined {
    if (!isKey(text)) return undefined
    for (const kind of this.#kinds) {
      const digest = digestOfKey(text, kind, this.#secret)
      const key = this.#byIndex.get(this.#indexOf(digest))
      if (key?.kind === kind && timingSafeEqual(key.digest, digest)) return key
    }
    return undefined
  }

  #indexOf(digest: Buffer): string {
    return createHmac('sha256', this.#indexKey).update(digest).digest('latin1')
  }
}
