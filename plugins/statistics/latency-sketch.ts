/** Largest relative error of a quantile, but for the rounding of `quantile`. */
const ERROR = 0.045
const GAMMA = (1 + ERROR) / (1 - ERROR)
const BUCKETS_PER_E = 1 / Math.log(GAMMA)
/** Shorter times count as this one. */
const LEAST_MS = 0.01
/** Number of buckets: the last one holds whatever took longer than a day. */
export const BUCKETS = 256
/** The window of buckets grows by so many. */
const GROWTH = 8

/**
 * How long things took, as counts of logarithmic buckets: the one of DDSketch (Masson, Rim, Lee: "DDSketch: a fast and fully-mergeable
 * quantile sketch", VLDB 2019) with a fixed range. Sketches that are merged give the same as one that saw everything.
 *
 * Memory is taken for the buckets between the shortest and the longest time only. Arrays, because a typed one costs 150 bytes more.
 */
export class LatencySketch {
  /** Bucket of the first count. */
  low = 0
  counts: number[] = []

  /** @param ms milliseconds */
  add(ms: number): void {
    const bucket = bucketOf(ms)
    const at = bucket - this.low
    if (at >= 0 && at < this.counts.length) this.counts[at]!++
    else this.addTo(bucket, 1)
  }

  addTo(bucket: number, count: number): void {
    let at = bucket - this.low
    if (at < 0 || at >= this.counts.length) {
      this.#widen(bucket)
      at = bucket - this.low
    }
    this.counts[at]! += count
  }

  merge({ low, counts }: LatencySketch): void {
    for (let i = 0; i < counts.length; i++) if (counts[i]! > 0) this.addTo(low + i, counts[i]!)
  }

  get count(): number {
    let sum = 0
    for (const count of this.counts) sum += count
    return sum
  }

  /**
   * Within 5 % of the time that stands at that place of all times in their order, in milliseconds; 0 if there is none.
   * @param share 0.5 for the median
   */
  quantile(share: number, count = this.count): number {
    if (count === 0) return 0
    // The nearest rank: of few times, high percentiles are the longest one.
    let left = Math.max(Math.ceil(share * count) - 1, 0)
    for (let i = 0; i < this.counts.length; i++) {
      left -= this.counts[i]!
      if (left < 0) return timeOf(this.low + i)
    }
    return timeOf(this.low + this.counts.length - 1)
  }

  /** Everything is zero; the memory is kept. */
  clear(): void {
    this.counts.fill(0)
  }

  #widen(bucket: number): void {
    const { low, counts } = this
    const first = Math.floor(Math.min(bucket, counts.length === 0 ? bucket : low) / GROWTH) * GROWTH
    const end = Math.ceil((Math.max(bucket, low + counts.length - 1) + 1) / GROWTH) * GROWTH
    const wider = zeros(end - first)
    for (let i = 0; i < counts.length; i++) wider[low - first + i] = counts[i]!
    this.low = first
    this.counts = wider
  }
}

function bucketOf(ms: number): number {
  // What is no number counts as nothing, too.
  if (!(ms > LEAST_MS)) return 0
  return Math.min(BUCKETS - 1, Math.ceil(Math.log(ms / LEAST_MS) * BUCKETS_PER_E))
}

/** The time from which no time of the bucket is farther than `ERROR`. */
const timeOf = (bucket: number): number =>
  bucket === 0 ? LEAST_MS : Number((((2 * LEAST_MS) / (1 + GAMMA)) * GAMMA ** bucket).toPrecision(4))

/** An array of exactly that size: one that has grown holds a third more. */
export const zeros = (length: number): number[] => new Array<number>(length).fill(0)
