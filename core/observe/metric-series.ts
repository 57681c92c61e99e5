import type { Exemplar, HistogramSample } from '../api/meter.ts'
import type { SlicedWork } from '../base/time-slice.ts'
import type { MetricRows, NamedSample } from './metric-rows.ts'

/** Series of a metric with their numbers. Plain data: to serialize 10,000 objects takes five times as long (measured). */
export interface SeriesBlock {
  /** Of a histogram: upper bounds of the buckets but the last. Undefined: each series is one number. */
  readonly bounds?: readonly number[] | undefined
  /** A line per series: its name and labels as in the exposition; of a histogram the labels alone. At least one. */
  readonly series: string
  /** A number per series; of a histogram the counts of its buckets, not cumulative, then its sum and its count. */
  readonly values: Float64Array
  /** Of buckets of histograms, by their place in `values`. */
  readonly exemplars?: ReadonlyMap<number, Exemplar> | undefined
}

/** A metric with its series of one moment. */
export interface MetricSeries extends Omit<MetricRows, 'rows'> {
  readonly blocks: readonly SeriesBlock[]
}

/** The series of a metric with one more label. */
export function labelled({ blocks, ...metric }: MetricSeries, name: string, value: string | number): MetricSeries {
  const label = `${name}="${value}"`
  const add = (line: string): string => {
    const open = line.indexOf('{')
    return open === -1 ? `${line}{${label}}` : `${line.slice(0, open + 1)}${label},${line.slice(open + 1)}`
  }
  return {
    ...metric,
    blocks: blocks.map(({ series, ...block }) => ({ ...block, series: series.split('\n').map(add).join('\n') })),
  }
}

/** Numbers per series of a block. */
export const widthOf = ({ bounds }: SeriesBlock): number => (bounds === undefined ? 1 : bounds.length + 3)

/** Rows that are read without a pause: about a millisecond. */
const PIECE = 1000

/** From so many samples on their text is kept. */
const MANY = 1000

/**
 * Text of series whose labels were the same objects at the last scrape. To write 10,000 takes 6 ms (measured), and a large configuration
 * has 70,000, of which hardly any is new.
 */
export class SeriesTexts {
  readonly #known = new Map<string, { readonly labels: readonly object[]; readonly series: string }>()

  find(metric: string, samples: readonly NamedSample[]): string | undefined {
    const known = this.#known.get(metric)
    if (known === undefined || known.labels.length !== samples.length) return undefined
    return samples.every(({ labels }, i) => labels === known.labels[i]) ? known.series : undefined
  }

  keep(metric: string, samples: readonly NamedSample[], series: string): void {
    if (samples.length < MANY || samples.some(({ metricName }) => metricName !== undefined)) this.#known.delete(metric)
    else this.#known.set(metric, { labels: samples.map(({ labels }) => labels), series })
  }
}

/** The series of a metric. */
export function* seriesOf({ rows, ...metric }: MetricRows, texts?: SeriesTexts): SlicedWork<MetricSeries> {
  const blocks: SeriesBlock[] = []
  const samples = rows.filter((row): row is NamedSample => 'value' in row)
  if (samples.length > 0) {
    let series = texts?.find(metric.name, samples)
    if (series === undefined) {
      const lines: string[] = []
      for (const { metricName = metric.name, labels } of samples) {
        lines.push(metricName + labelsText(labels))
        if (lines.length % PIECE === 0) yield
      }
      series = lines.join('\n')
      texts?.keep(metric.name, samples, series)
    }
    blocks.push({ series, values: Float64Array.from(samples, ({ value }) => value) })
  }
  const histograms = rows.filter((row): row is HistogramSample => !('value' in row))
  for (const same of Map.groupBy(histograms, ({ bounds }) => bounds.join()).values()) {
    const lines: string[] = []
    const values: number[] = []
    const found = new Map<number, Exemplar>()
    for (const { labels, buckets, sum, count, exemplars = [] } of same) {
      lines.push(labelsText(labels))
      for (const [i, exemplar] of exemplars.entries())
        if (exemplar !== undefined) found.set(values.length + i, exemplar)
      values.push(...buckets, sum, count)
      if (lines.length % PIECE === 0) yield
    }
    const bounds = [...same[0]!.bounds]
    const exemplars = found.size === 0 ? undefined : found
    blocks.push({ bounds, series: lines.join('\n'), values: Float64Array.from(values), exemplars })
  }
  return { ...metric, blocks }
}

/** Of Prometheus ("Data model"). */
const LABEL_NAME = /^[a-zA-Z_][a-zA-Z0-9_]*$/
/** Names that were found valid; they come from code. */
const valid = new Set<string>()

/** @throws TypeError for what would make the whole exposition unreadable */
function checkLabel(name: string, value: unknown): void {
  if (typeof value !== 'string' && typeof value !== 'number')
    throw new TypeError(`the label "${name}" must be a text or a number, found ${typeof value}`)
  if (valid.has(name)) return
  if (!LABEL_NAME.test(name)) throw new TypeError(`"${name}" can't be the name of a label`)
  if (valid.size < 1000) valid.add(name)
}

function labelsText(labels: Readonly<Record<string, string | number>>): string {
  let text = ''
  for (const label in labels) {
    const value = labels[label]!
    checkLabel(label, value)
    text += `${text === '' ? '{' : ','}${label}="${typeof value === 'number' ? value : labelText(value)}"`
  }
  return text === '' ? '' : `${text}}`
}

const SPECIAL = /[\\"\n]/
const labelText = (value: string): string => (SPECIAL.test(value) ? escaped(value).replaceAll('"', '\\"') : value)

/** Text as it stands in the exposition: never with a line break. */
export const escaped = (text: string): string => text.replaceAll('\\', '\\\\').replaceAll('\n', '\\n')
