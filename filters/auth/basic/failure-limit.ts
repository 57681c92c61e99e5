import type { Clock } from '../../../core/index.ts'

const WINDOW_MS = 60_000
/** Failures in a window, of one user from one address, and of all users from one address. */
const MOST = { pair: 10, address: 100 }
/** What is counted at most; the oldest is forgotten first. */
const MOST_KEPT = 20_000

interface Count {
  failures: number
  readonly since: number
}

/**
 * Counts wrong passwords by user and address. Never by the user alone: anybody could lock others out.
 */
export class FailureLimit {
  readonly #clock: Clock
  readonly #counts = new Map<string, Count>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Whether further passwords are not even looked at. */
  isOver(user: string, address: string): boolean {
    return this.#failures(pair(user, address)) >= MOST.pair || this.#failures(address) >= MOST.address
  }

  failed(user: string, address: string): void {
    for (const key of [pair(user, address), address]) {
      if (this.#failures(key) === 0) {
        this.#counts.delete(key)
        if (this.#counts.size >= MOST_KEPT) this.#counts.delete(this.#counts.keys().next().value!)
        this.#counts.set(key, { failures: 0, since: this.#clock.now() })
      }
      this.#counts.get(key)!.failures++
    }
  }

  /** In the window that runs. */
  #failures(key: string): number {
    const count = this.#counts.get(key)
    return count === undefined || this.#clock.now() - count.since >= WINDOW_MS ? 0 : count.failures
  }
}

const pair = (user: string, address: string): string => `${address} ${user}`
