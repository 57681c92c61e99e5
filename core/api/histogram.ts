import type { Sample } from './meter.ts'

/** Bounds of OpenTelemetry's duration histograms, in seconds (semantic conventions, HTTP metrics). */
export const DURATION_BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10] as const

/** A histogram in plain fields. */
export class Histogram {
  /** Counts by bucket, not cumulative; the last is +Inf. */
  readonly buckets: number[] = new Array<number>(DURATION_BUCKETS.length + 1).fill(0)
  sum = 0
  count = 0

  /** @param seconds the observed duration */
  observe(seconds: number): void {
    let i = 0
    while (i < DURATION_BUCKETS.length && seconds > DURATION_BUCKETS[i]!) i++
    this.buckets[i]!++
    this.sum += seconds
    this.count++
  }

  samples(name: string, labels: Readonly<Record<string, string | number>>): Sample[] {
    let below = 0
    const samples: Sample[] = this.buckets.map((n, i) => {
      below += n
      return { metricName: `${name}_bucket`, labels: { ...labels, le: DURATION_BUCKETS[i] ?? '+Inf' }, value: below }
    })
    samples.push({ metricName: `${name}_sum`, labels, value: this.sum })
    samples.push({ metricName: `${name}_count`, labels, value: this.count })
    return samples
  }
}
