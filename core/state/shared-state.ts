import type { ShareSpec } from '../api/share-spec.ts'

interface Entry {
  readonly version: string | number
  readonly value: unknown
  readonly close: (() => unknown) | undefined
  holders: number
}

/**
 * Plain data that outlives a reload: breaker counts, pools, caches. Reference-counted by filter instance. What a load creates
 * becomes visible to later loads when it commits; a load that fails closes what it created.
 */
export class SharedState {
  readonly #entries = new Map<string, Entry>()

  get size(): number {
    return this.#entries.size
  }

  begin(): ShareTransaction {
    const made = new Map<string, Entry>()
    return {
      acquire: <T>(key: string, spec: ShareSpec<T>) => {
        let entry = made.get(key)
        if (entry === undefined) {
          const kept = this.#entries.get(key)
          if (kept !== undefined && kept.version === spec.version) entry = kept
          else {
            const value = spec.make(kept?.value as T | undefined)
            entry = { version: spec.version, value, close: spec.close && (() => spec.close!(value)), holders: 0 }
            made.set(key, entry)
          }
        }
        entry.holders++
        return { value: entry.value as T, release: () => this.#release(key, entry) }
      },
      commit: () => {
        for (const [key, entry] of made) if (entry.holders > 0) this.#entries.set(key, entry)
      },
    }
  }

  #release(key: string, entry: Entry): unknown {
    if (--entry.holders > 0) return undefined
    if (this.#entries.get(key) === entry) this.#entries.delete(key)
    return entry.close?.()
  }
}

/**
 * The shared data of one load. Instances release what they acquired when they are disposed. `release` returns or throws what
 * `close` does; either way, the data is released.
 */
export interface ShareTransaction {
  acquire<T>(key: string, spec: ShareSpec<T>): { value: T; release: () => unknown }
  commit(): void
}
