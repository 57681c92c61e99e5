// Statistics of rounds. In a round every program runs twice, in the order A B C C B A, so that what changes slowly on the
// machine meets all alike.

/** What one run of one program gave. Times in milliseconds, `cpu` in microseconds of processor time per request. */
export interface Sample {
  readonly cpu: number
  /** Requests (or messages) per second. */
  readonly rate: number
  readonly p50: number
  readonly p99: number
}

export type Measure = keyof Sample

/** The two runs of one program in one round. */
export type Pair = readonly [first: Sample, second: Sample]

/** A median with its quartiles. */
export interface Spread {
  readonly median: number
  readonly low: number
  readonly high: number
}

/** The value below which the share `q` of the values lies, between two of them where it falls there. NaN for none. */
export function quantile(values: readonly number[], q: number): number {
  const sorted = values.toSorted((a, b) => a - b)
  const at = (sorted.length - 1) * q
  const [low, high] = [sorted[Math.floor(at)] ?? Number.NaN, sorted[Math.ceil(at)] ?? Number.NaN]
  return low + (high - low) * (at - Math.floor(at))
}

export const spread = (values: readonly number[]): Spread => ({
  median: quantile(values, 0.5),
  low: quantile(values, 0.25),
  high: quantile(values, 0.75),
})

/** Over the rounds: the mean of both runs of one program, divided by that of the other. */
export const ratio = (of: readonly Pair[], to: readonly Pair[], measure: Measure): Spread =>
  spread(of.map(([a, b], round) => (a[measure] + b[measure]) / (to[round]![0][measure] + to[round]![1][measure])))

/** Over the rounds: the mean of both runs of one program, less that of the other. */
export const difference = (of: readonly Pair[], to: readonly Pair[], measure: Measure): Spread =>
  spread(of.map(([a, b], round) => (a[measure] + b[measure] - to[round]![0][measure] - to[round]![1][measure]) / 2))

/** Over the rounds: the first run of a program, divided by its second one. What differs from 1 is the noise of the machine. */
export const itself = (pairs: readonly Pair[], measure: Measure): Spread =>
  spread(pairs.map(([a, b]) => a[measure] / b[measure]))

/** Over all runs. */
export const absolute = (pairs: readonly Pair[], measure: Measure): Spread =>
  spread(pairs.flat().map((sample) => sample[measure]))
