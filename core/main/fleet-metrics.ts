import { TimeSlice } from '../base/time-slice.ts'
import type { Fleet } from '../fleet/fleet.ts'
import { type Exposition, exposed } from '../observe/exposition.ts'
import { MergedSeries } from '../observe/merged-series.ts'
import { labelled, type MetricSeries } from '../observe/metric-series.ts'
import type { Metrics } from '../observe/metrics.ts'

/** The metrics of a process; those of the process itself say which it is. */
const labelledOf = (rows: readonly MetricSeries[], worker: number | string): readonly MetricSeries[] =>
  rows.map((metric) => (metric.perProcess === true ? labelled(metric, 'worker', worker) : metric))

/**
 * The metrics of the primary and of all workers as those of one process. What a worker that has ended had counted stays in the sum,
 * as it was reported last: counters never fall. Metrics of the processes themselves (memory, event loop, garbage collection) are not added
 * up: each has the label `worker`, a number or `primary`.
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

  /** @param accept see `Metrics` */
  async expose(accept?: string): Promise<Exposition> {
    const answers = (await this.#fleet.ask({ kind: 'rows' })) as ReadonlyMap<
      { readonly isGone: boolean; readonly number: number },
      readonly MetricSeries[]
    >
    for (const [worker, rows] of answers) this.#reports.set(worker, labelledOf(rows, worker.number))
    this.#fold()
    const merged = new MergedSeries()
    const slice = new TimeSlice()
    for (const rows of [labelledOf(await this.#own.series(), 'primary'), this.#ended, ...this.#reports.values()])
      for (const metric of rows) {
        merged.add(metric)
        if (slice.isOver) await slice.yield()
      }
    return exposed(merged.all(), accept)
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
