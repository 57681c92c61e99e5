import type { Clock, Finished, RecentExchange, RecentFilter } from '../../core/index.ts'
import { ExchangeRing } from './exchange-ring.ts'

/** How many exchanges a process keeps. */
export interface RecentSettings {
  readonly keep: number
  /** Of those that failed, besides. */
  readonly errors: number
  /** Of slow ones, besides. */
  readonly slow: number
  /** From how long on an exchange is slow; milliseconds. */
  readonly slowerThanMs: number
}

export const NO_RECENT: RecentSettings = { keep: 0, errors: 0, slow: 0, slowerThanMs: Infinity }

/** Most that one request for them gets. */
const MOST = 1000
const LIMIT = 100

/**
 * The last exchanges of this process. Errors and slow ones have rings of their own, so that many others don't push them out.
 * It holds at most about 2 KiB per exchange that it may keep.
 */
export class OwnRecent {
  readonly #clock: Clock
  readonly #worker: number | null
  #settings = NO_RECENT
  #on = false
  #recent = new ExchangeRing(0)
  #errors = new ExchangeRing(0)
  #slow = new ExchangeRing(0)
  #isKept: (listener: string) => boolean = () => false

  /** @param worker its number; null without workers */
  constructor(clock: Clock, worker: number | null) {
    this.#clock = clock
    this.#worker = worker
  }

  /**
   * What it keeps from now on. Where numbers change it forgets what it has.
   * @param isKept whether exchanges of a listener are kept: the admin side looks at itself all the time
   */
  configure(settings: RecentSettings, isKept: (listener: string) => boolean): void {
    const { keep, errors, slow } = settings
    if (keep !== this.#settings.keep) this.#recent = new ExchangeRing(keep)
    if (errors !== this.#settings.errors) this.#errors = new ExchangeRing(errors)
    if (slow !== this.#settings.slow) this.#slow = new ExchangeRing(slow)
    this.#on = keep + errors + slow > 0
    this.#settings = settings
    this.#isKept = isKept
  }

  /** @param explained whether there is an explanation */
  finished(finished: Finished, explained: boolean): void {
    if (!this.#on || !this.#isKept(finished.listener ?? '')) return
    const { slowerThanMs } = this.#settings
    const ring = isFailure(finished)
      ? this.#errors
      : // A tunnel is not slow because it lives long.
        finished.durationMs >= slowerThanMs && finished.status !== 101
        ? this.#slow
        : this.#recent
    ring.add(finished, this.#clock.wall(), explained)
  }

  /** The newest first. */
  list(which: RecentFilter): RecentExchange[] {
    const rings = which.errors === true ? [this.#errors] : [this.#recent, this.#errors, this.#slow]
    const all = rings.flatMap((ring) => [...ring.newest(this.#worker)])
    return newestFirst(
      all.filter(({ endpoint, duration_ms }) => {
        if (which.endpoint !== undefined && which.endpoint !== endpoint) return false
        return duration_ms >= (which.slower_than_ms ?? 0)
      }),
      which,
    )
  }
}

/** The seam's rule: a status from 500 on, or broken off by upstream or gateway. */
const isFailure = ({ status, outcome, error }: Finished): boolean =>
  status >= 500 || (outcome === 'aborted' && error !== undefined && error.source !== 'downstream')

/** At most as many as are wanted. */
export function newestFirst(all: RecentExchange[], { limit = LIMIT }: RecentFilter): RecentExchange[] {
  const most = Math.max(0, Math.min(MOST, Math.trunc(Number(limit)) || 0))
  return all.toSorted((a, b) => (a.at < b.at ? 1 : a.at > b.at ? -1 : 0)).slice(0, most)
}
