import { runInSlices, TimeSlice } from '../base/time-slice.ts'
import type { Fleet } from '../fleet/fleet.ts'
import { EXPOSITION_TYPE, writeExposition } from '../observe/exposition.ts'
import { MergedSeries } from '../observe/merged-series.ts'
import type { MetricSeries } from '../observe/metric-series.ts'
import type { Metrics } from '../observe/metrics.ts'

/**
 * The metrics of the primary and of all workers as those of one process. What a worker that has ended had counted stays in the sum,
 * as it was reported last: counters never fall.
 */
export class FleetMetrics {
  readonly #fleet: Pick<Fleet<unknown>, 'ask'>
  readonly #own: Metrics
  /** The last report of each worker, those that have ended included. */
  readonly #reports = new Map<object, readonly MetricSeries[]>()
  /** Counts of workers that have ended. */
  #ended: readonly MetricSeries[] = []

  constructor(fleet: Pick<Fleet<unknown>, 'ask'>, own: Metrics) {
    this.#fleet = fleet
    this.#own = own
  }

  async expose(): Promise<{ type: string; text: string }> {
    const answers = (await this.#fleet.ask({ kind: 'rows' })) as ReadonlyMap<
      { readonly isGone: boolean },
      readonly MetricSeries[]
    >
    for (const [worker, rows] of answers) this.#reports.set(worker, rows)
    this.#fold()
    const merged = new MergedSeries()
    const slice = new TimeSlice()
    for (const rows of [await this.#own.series(), this.#ended, ...this.#reports.values()])
      for (const metric of rows) {
        merged.add(metric)
        if (slice.isOver) await slice.yield()
      }
    return { type: EXPOSITION_TYPE, text: await runInSlices(writeExposition(merged.all())) }
  }

  /** Keeps the counts of workers that have ended, and forgets their gauges. */
  #fold(): void {
    const gone = [...this.#reports].filter(([worker]) => (worker as { readonly isGone: boolean }).isGone)
    if (gone.length === 0) return
    const merged = new MergedSeries()
    for (const metric of this.#ended) merged.add(metric)
    for (const [worker, rows] of gone) {
      for (const metric of rows) if (metric.type !== 'gauge') merged.add(metric)
      this.#reports.delete(worker)
    }
    this.#ended = [...merged.all()]
  }
}
