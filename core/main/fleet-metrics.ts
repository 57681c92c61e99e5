import { runInSlices } from '../base/time-slice.ts'
import type { Fleet } from '../fleet/fleet.ts'
import { EXPOSITION_TYPE, writeExposition } from '../observe/exposition.ts'
import { MergedRows } from '../observe/merged-rows.ts'
import type { MetricRows } from '../observe/metric-rows.ts'
import type { Metrics } from '../observe/metrics.ts'

/**
 * The metrics of the primary and of all workers as those of one process. What a worker that has ended had counted stays in the sum,
 * as it was reported last: counters never fall.
 */
export class FleetMetrics {
  readonly #fleet: Pick<Fleet<unknown>, 'ask'>
  readonly #own: Metrics
  /** The last report of each worker, those that have ended included. */
  readonly #reports = new Map<object, readonly MetricRows[]>()
  /** Counts of workers that have ended. */
  #ended: readonly MetricRows[] = []

  constructor(fleet: Pick<Fleet<unknown>, 'ask'>, own: Metrics) {
    this.#fleet = fleet
    this.#own = own
  }

  async expose(): Promise<{ type: string; text: string }> {
    const answers = (await this.#fleet.ask({ kind: 'rows' })) as ReadonlyMap<
      { readonly isGone: boolean },
      readonly MetricRows[]
    >
    for (const [worker, rows] of answers) this.#reports.set(worker, rows)
    this.#fold()
    const merged = new MergedRows()
    merged.add(await this.#own.rows())
    merged.add(this.#ended)
    for (const rows of this.#reports.values()) merged.add(rows)
    return { type: EXPOSITION_TYPE, text: await runInSlices(writeExposition(merged.all())) }
  }

  /** Keeps the counts of workers that have ended, and forgets their gauges. */
  #fold(): void {
    const merged = new MergedRows()
    merged.add(this.#ended)
    for (const [worker, rows] of this.#reports) {
      if (!(worker as { readonly isGone: boolean }).isGone) continue
      merged.add(rows.filter(({ type }) => type !== 'gauge'))
      this.#reports.delete(worker)
    }
    this.#ended = [...merged.all()]
  }
}
