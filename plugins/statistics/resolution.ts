import type { StatisticsResolution } from '../../core/index.ts'

/** One resolution of the statistics: which of its steps there can be. Times are milliseconds since the Unix epoch. */
export class Resolution implements StatisticsResolution {
  readonly stepMs: number
  readonly keepMs: number
  /** Since when it has been counted. */
  since: number
  /** Steps before this time were dropped, because there was no room. */
  floor: number

  constructor(stepMs: number, keepMs: number, since: number, floor = -Infinity) {
    this.stepMs = stepMs
    this.keepMs = keepMs
    this.since = since
    this.floor = floor
  }

  /** The step of a time. */
  stepOf(time: number): number {
    return Math.floor(time / this.stepMs)
  }

  /** The oldest time of which it knows everything that is kept, at the beginning of a step. */
  oldest(now: number): number {
    return this.#first(now, this.since) * this.stepMs
  }

  /** The first and the last step that may be kept. @param leeway how far one may lie in the future; milliseconds */
  range(now: number, leeway: number): readonly [first: number, last: number] {
    return [this.#first(now, -Infinity), this.stepOf(now + leeway)]
  }

  /**
   * Keeps less from now on of what there is; what comes is kept.
   * @param share of what it may hold now
   * @param least steps that it keeps in any case
   * @returns false if it holds no more than that
   */
  shorten(now: number, share: number, least: number): boolean {
    const steps = this.stepOf(now) - this.#first(now, this.since) + 1
    if (steps <= least) return false
    const left = Math.max(least, Math.floor(steps * (1 - share)))
    this.floor = (this.stepOf(now) - left + 1) * this.stepMs
    return true
  }

  #first(now: number, since: number): number {
    // A floor in the future is one of a time before the clock was set back.
    const floor = this.floor > now ? -Infinity : this.floor
    return Math.max(this.stepOf(now) - Math.ceil(this.keepMs / this.stepMs), this.stepOf(Math.max(floor, since)))
  }
}
