import type { FilterEnv } from '../api/filter-factory.ts'
import { type Instrument, LabelledCounter, LabelledGauge, LabelledHistogram } from '../api/instruments.ts'
import type { Metric } from '../api/meter.ts'
import { METRIC_NAME } from '../observe/metric-rows.ts'

/** The instruments of a filter's env. */
export type FilterMetrics = Pick<FilterEnv, 'counter' | 'gauge' | 'histogram'>

/** Of Prometheus ("Data model"); those that begin with two underscores are its own. */
const LABEL_NAME = /^(?!__)[a-zA-Z_][a-zA-Z0-9_]*$/

interface Owned {
  readonly instrument: Instrument
  /** What has to be the same wherever the metric is asked for. */
  readonly shape: string
  readonly unregister: () => void
}

/** The instruments of a factory: all its instances have the same ones, before and after a reload. */
export function filterMetrics({ meter, share }: Pick<FilterEnv, 'meter' | 'share'>): FilterMetrics {
  const owned = <I extends Instrument>(
    metric: Omit<Metric, 'collect'>,
    labels: readonly string[],
    more: unknown,
    make: () => I,
  ): I => {
    const { name, type } = metric
    const wrong = whyNot(metric, labels)
    if (wrong !== undefined) throw new Error(`the metric "${name}" can't be made: ${wrong}`)
    const shape = JSON.stringify([type, labels, metric.aggregate ?? 'sum', more])
    const kept = share<Owned>(`metric ${name}`, {
      scope: 'factory',
      version: 1,
      make: () => {
        const instrument = make()
        return { instrument, shape, unregister: register({ ...metric, collect: () => instrument.samples() }) }
      },
      close: ({ unregister }) => unregister(),
    })
    if (kept.shape !== shape)
      throw new Error(`the metric "${name}" is made already, as another kind or with other labels or buckets`)
    return kept.instrument as I
  }
  const register = (metric: Metric): (() => void) => {
    try {
      return meter.register(metric)
    } catch {
      throw new Error(
        `the name of the metric "${metric.name}" is taken, by Weir or by another plugin; begin it with the plugin's name`,
      )
    }
  }
  return {
    counter: (name, help, labels = []) =>
      owned({ name, help, type: 'counter' }, labels, null, () => new LabelledCounter(labels)),
    gauge: (name, help, labels = [], { aggregate = 'sum' } = {}) =>
      owned({ name, help, type: 'gauge', aggregate }, labels, null, () => new LabelledGauge(labels)),
    histogram: (name, help, labels = [], { buckets } = {}) => {
      if (buckets !== undefined && !isRising(buckets))
        throw new Error(`the metric "${name}" can't be made: its buckets must be rising numbers, at most 100`)
      return owned(
        { name, help, type: 'histogram' },
        labels,
        buckets ?? null,
        () => new LabelledHistogram(labels, buckets),
      )
    },
  }
}

/** Why a metric can't be in the exposition of Prometheus; undefined if it can. */
function whyNot({ name, help, type }: Omit<Metric, 'collect'>, labels: readonly string[]): string | undefined {
  if (!METRIC_NAME.test(name)) return 'its name may have letters, digits, "_" and ":", and begins with no digit'
  if (type === 'counter' && !name.endsWith('_total')) return 'the name of a counter ends with "_total"'
  if (typeof help !== 'string' || help === '') return 'it needs a sentence that says what it is'
  const bad = labels.find((label) => !LABEL_NAME.test(label) || (type === 'histogram' && label === 'le'))
  if (bad !== undefined) return `"${bad}" can't be the name of a label`
  return new Set(labels).size === labels.length ? undefined : 'a label is named twice'
}

const isRising = (bounds: readonly number[]): boolean =>
  bounds.length <= 100 && bounds.every((bound, i) => Number.isFinite(bound) && (i === 0 || bound > bounds[i - 1]!))
