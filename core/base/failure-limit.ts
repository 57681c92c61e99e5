import type { Clock } from './clock.ts'

const WINDOW_MS = 60_000
/** Failures in a window, of one user from one address, and of all users from one address. For IPv6 a network of 64 bits is one address. */
const MOST = { pair: 10, address: 100 }
/** What is counted at most; the oldest is forgotten first. */
const MOST_KEPT = 20_000

interface Count {
  failures: number
  readonly since: number
}

/**
 * Counts wrong passwords by user and address. Never by the user alone: anybody could lock others out.
 *
 * @example const failures = new FailureLimit(env.clock)
 */
export class FailureLimit {
  readonly #clock: Clock
  readonly #counts = new Map<string, Count>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Whether further passwords are not even looked at. */
  isOver(user: string, client: string): boolean {
    const address = networkOf(client)
    return this.#failures(pair(user, address)) >= MOST.pair || this.#failures(address) >= MOST.address
  }

  failed(user: string, client: string): void {
    const address = networkOf(client)
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

/** The first 64 bits of an IPv6 address: a client has the others at its will (RFC 4291 §2.5.1). An IPv4 address as it is. */
function networkOf(address: string): string {
  if (!address.includes(':') || address.includes('.')) return address
  const [left = [], right = []] = address.split('::', 2).map((half) => half.split(':').filter((group) => group !== ''))
  const groups = [...left, ...Array<string>(Math.max(0, 8 - left.length - right.length)).fill('0'), ...right]
  return groups
    .slice(0, 4)
    .map((group) => Number.parseInt(group, 16).toString(16))
    .join(':')
}
