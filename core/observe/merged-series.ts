import type { Exemplar } from '../api/meter.ts'
import { type MetricSeries, type SeriesBlock, widthOf } from './metric-series.ts'

/** Series of one block, of several processes together. */
interface Merged {
  readonly bounds: SeriesBlock['bounds']
  series: string
  values: Float64Array | number[]
  exemplars: Map<number, Exemplar>
  /** Where the numbers of each series begin; undefined while all processes have the same series. */
  index: Map<string, number> | undefined
}

/**
 * The metrics of several processes as those of one. Counters, histograms and what says `sum` are added up; of others the largest
 * number counts. Where the processes have the same series, as those of a large configuration, that is adding arrays. Where processes differ in
 * the type of a metric, or in the buckets of a series, as with a plugin whose code has changed, the youngest kind counts: no series is there twice.
 */
export class MergedSeries {
  readonly #metrics = new Map<string, { readonly metric: MetricSeries; readonly blocks: Map<string, Merged> }>()

  /** Adds a metric of a process. */
  add(metric: MetricSeries): void {
    let merged = this.#metrics.get(metric.name)
    if (merged === undefined || merged.metric.type !== metric.type) {
      merged = { metric, blocks: new Map() }
      this.#metrics.set(metric.name, merged)
    }
    const largest = metric.type === 'gauge' && metric.aggregate === 'max'
    for (const block of metric.blocks) {
      const key = block.bounds?.join() ?? ''
      const before = merged.blocks.get(key)
      if (before !== undefined) join(before, block, largest)
      else {
        const { bounds, series, values, exemplars } = block
        merged.blocks.set(key, {
          bounds,
          series,
          values: values.slice(),
          exemplars: new Map(exemplars),
          index: undefined,
        })
      }
    }
  }

  /** In the order in which they came. */
  *all(): Iterable<MetricSeries> {
    for (const { metric, blocks } of this.#metrics.values())
      yield {
        ...metric,
        blocks: withoutRepeated([...blocks.values()]).map(({ bounds, series, values, exemplars, index }) => ({
          bounds,
          series: index === undefined ? series : [...index.keys()].join('\n'),
          values: Float64Array.from(values),
          exemplars: exemplars.size === 0 ? undefined : exemplars,
        })),
      }
  }
}

function join(merged: Merged, { bounds, series, values, exemplars }: SeriesBlock, largest: boolean): void {
  /** Of two exemplars the newer one counts. */
  const show = (at: number, from: number): void => {
    const exemplar = exemplars?.get(from)
    if (exemplar === undefined || (merged.exemplars.get(at)?.at ?? 0) > exemplar.at) return
    merged.exemplars.set(at, exemplar)
  }
  const add = (at: number, value: number): void => {
    const before = merged.values[at]!
    merged.values[at] = largest ? Math.max(before, value) : before + value
  }
  if (merged.index === undefined && merged.series === series) {
    for (let i = 0; i < values.length; i++) add(i, values[i]!)
    for (const at of exemplars?.keys() ?? []) show(at, at)
    return
  }
  const width = widthOf({ bounds, series, values })
  merged.index ??= new Map(merged.series.split('\n').map((line, i) => [line, i * width]))
  if (merged.values instanceof Float64Array) merged.values = Array.from(merged.values)
  for (const [i, line] of series.split('\n').entries()) {
    const at = merged.index.get(line)
    if (exemplars !== undefined) for (let k = 0; k < width; k++) show((at ?? merged.values.length) + k, i * width + k)
    if (at === undefined) {
      merged.index.set(line, merged.values.length)
      merged.values.push(...values.subarray(i * width, (i + 1) * width))
    } else for (let k = 0; k < width; k++) add(at + k, values[i * width + k]!)
  }
}

const linesOf = ({ series, index }: Merged): readonly string[] =>
  index === undefined ? series.split('\n') : [...index.keys()]

/** A series that is in several blocks, with other buckets, stays in the last one. */
function withoutRepeated(blocks: readonly Merged[]): readonly Merged[] {
  if (blocks.length === 1) return blocks
  const seen = new Set<string>()
  const kept: Merged[] = []
  for (const block of blocks.toReversed()) {
    const lines = linesOf(block)
    const own = [...lines.keys()].filter((i) => !seen.has(lines[i]!))
    for (const line of lines) seen.add(line)
    if (own.length === lines.length) kept.unshift(block)
    else if (own.length > 0) kept.unshift(only(block, lines, own))
  }
  return kept
}

/** A block with some of its series alone. */
function only(block: Merged, lines: readonly string[], places: readonly number[]): Merged {
  const width = block.values.length / lines.length
  const values = places.flatMap((i) => [...block.values.slice(i * width, (i + 1) * width)])
  const moved = places.flatMap((from, to) =>
    Array.from({ length: width }, (_, k) => [to * width + k, block.exemplars.get(from * width + k)] as const),
  )
  const exemplars = new Map(moved.filter((one): one is readonly [number, Exemplar] => one[1] !== undefined))
  return { ...block, series: places.map((i) => lines[i]).join('\n'), values, exemplars, index: undefined }
}
