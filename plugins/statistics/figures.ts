import type { StatisticsFigures } from '../../core/index.ts'
import { LatencySketch, zeros } from './latency-sketch.ts'

// Places in `Figures.counts`.
export const REQUESTS = 0
export const CLIENT_ERRORS = 1
export const SERVER_ERRORS = 2
export const ABORTED = 3
export const LOCAL_REPLIES = 4
export const RETRIES = 5
export const BREAKER_OPENS = 6
export const BYTES_RECEIVED = 7
export const BYTES_SENT = 8
/** Sum of the latencies, in microseconds. */
export const MICROSECONDS = 9
export const COUNTS = 10

/** What happened in a time: counts, and a sketch of the latencies. Figures of several times or processes can be added up. */
export class Figures {
  readonly counts = zeros(COUNTS)
  readonly latency = new LatencySketch()

  /** @param ms how long it took; milliseconds */
  took(ms: number): void {
    this.counts[MICROSECONDS]! += ms > 0 ? ms * 1000 : 0
    this.latency.add(ms)
  }

  add({ counts, latency }: Figures): void {
    for (let i = 0; i < COUNTS; i++) this.counts[i]! += counts[i]!
    this.latency.merge(latency)
  }

  get isEmpty(): boolean {
    return this.counts.every((count) => count === 0)
  }

  /** Everything is zero; the memory is kept. */
  clear(): void {
    this.counts.fill(0)
    this.latency.clear()
  }

  /** As the service tells it. */
  plain(): StatisticsFigures {
    const { counts, latency } = this
    const count = latency.count
    return {
      requests: counts[REQUESTS]!,
      client_errors: counts[CLIENT_ERRORS]!,
      server_errors: counts[SERVER_ERRORS]!,
      aborted: counts[ABORTED]!,
      local_replies: counts[LOCAL_REPLIES]!,
      retries: counts[RETRIES]!,
      breaker_opens: counts[BREAKER_OPENS]!,
      bytes_received: counts[BYTES_RECEIVED]!,
      bytes_sent: counts[BYTES_SENT]!,
      latency_ms:
        count === 0
          ? null
          : {
              mean: Number((counts[MICROSECONDS]! / count / 1000).toPrecision(4)),
              p50: latency.quantile(0.5, count),
              p95: latency.quantile(0.95, count),
              p99: latency.quantile(0.99, count),
            },
    }
  }
}
