import type { Exemplar } from '../api/meter.ts'
import { runInSlices, type SlicedWork } from '../base/time-slice.ts'
import { escaped, type MetricSeries, type SeriesBlock, widthOf } from './metric-series.ts'

/** Metrics as a scraper reads them. */
export interface Exposition {
  /** Content type. */
  readonly type: string
  /** In pieces: to join megabytes takes longer than to write them (measured). */
  readonly content: readonly Buffer[]
}

/** How metrics are written. */
interface Format {
  readonly type: string
  /** The lines before the numbers of a metric. */
  head(metric: Pick<MetricSeries, 'name' | 'help' | 'type'>): string
  /** What follows the number of a bucket. Undefined: the format has no exemplars. */
  readonly exemplar?: (exemplar: Exemplar) => string
  /** Between two metrics, and at the end. */
  readonly between: string
  readonly end: string
}

/** Prometheus's text format ("Exposition formats"), byte for byte as prom-client writes it. */
const PROMETHEUS: Format = {
  type: 'text/plain; version=0.0.4; charset=utf-8',
  head: ({ name, help, type }) => `# HELP ${name} ${escaped(help)}\n# TYPE ${name} ${type}`,
  between: '\n\n',
  end: '\n',
}

/** OpenMetrics 1.0, which Prometheus prefers: counters are named without `_total`, and traced observations are exemplars. */
const OPEN_METRICS: Format = {
  type: 'application/openmetrics-text; version=1.0.0; charset=utf-8',
  head: ({ name, help, type }) => {
    const family = type === 'counter' ? name.replace(/_total$/, '') : name
    // A counter without the suffix can't be one here.
    const kind = type === 'counter' && family === name ? 'unknown' : type
    return `# TYPE ${family} ${kind}\n# HELP ${family} ${escaped(help).replaceAll('"', '\\"')}`
  },
  exemplar: ({ traceId, value, at }) => ` # {trace_id="${traceId}"} ${numberText(value)} ${(at / 1000).toFixed(3)}`,
  between: '\n',
  end: '\n# EOF\n',
}

/** Whether a scraper that sends this `Accept` prefers OpenMetrics (RFC 9110 §12.5.1). Which one Prometheus prefers, its `scrape_protocols` say. */
function prefersOpenMetrics(accept = ''): boolean {
  const weights = { openMetrics: 0, text: 0 }
  for (const part of accept.toLowerCase().split(',')) {
    const [type, ...parameters] = part.split(';').map((piece) => piece.trim())
    const of = type === 'application/openmetrics-text' ? 'openMetrics' : type === 'text/plain' ? 'text' : undefined
    if (of === undefined) continue
    const weight = Number(parameters.find((parameter) => parameter.startsWith('q='))?.slice(2) ?? 1)
    weights[of] = Math.max(weights[of], weight)
  }
  return weights.openMetrics > 0 && weights.openMetrics >= weights.text
}

/** Metrics in the format that a scraper asks for. @param accept its field `Accept` */
export async function exposed(metrics: Iterable<MetricSeries>, accept?: string): Promise<Exposition> {
  const format = prefersOpenMetrics(accept) ? OPEN_METRICS : PROMETHEUS
  return { type: format.type, content: await runInSlices(writeExposition(metrics, format)) }
}

/** Characters that become bytes at once: about a tenth of a millisecond. One text of megabytes would take a hundred. */
const PIECE = 64 * 1024

/** Writes metrics, piece by piece. */
export function* writeExposition(metrics: Iterable<MetricSeries>, format = PROMETHEUS): SlicedWork<readonly Buffer[]> {
  const pieces: Buffer[] = []
  let text = ''
  for (const metric of metrics) {
    text += `${text === '' && pieces.length === 0 ? '' : format.between}${format.head(metric)}`
    for (const block of metric.blocks)
      for (const lines of linesOf(metric.name, block, format)) {
        text += lines
        if (text.length < PIECE) continue
        pieces.push(Buffer.from(text))
        text = ''
        yield
      }
    yield
  }
  pieces.push(Buffer.from(text + format.end))
  return pieces
}

/** The lines of each series, with a line break before each. */
function* linesOf(name: string, block: SeriesBlock, { exemplar: show }: Format): Iterable<string> {
  const { bounds, series, values, exemplars } = block
  const width = widthOf(block)
  const bucketEnds = bounds === undefined ? [] : [...bounds, '+Inf'].map((bound) => `le="${bound}"} `)
  let at = 0
  for (const text of series.split('\n')) {
    if (bounds === undefined) yield `\n${text} ${numberText(values[at]!)}`
    else {
      const bucket = `\n${name}_bucket${text === '' ? '{' : `${text.slice(0, -1)},`}`
      let lines = ''
      let below = 0
      for (let k = 0; k < bucketEnds.length; k++) {
        below += values[at + k]!
        lines += `${bucket}${bucketEnds[k]}${below}`
        const exemplar = show && exemplars?.get(at + k)
        if (exemplar !== undefined) lines += show!(exemplar)
      }
      yield `${lines}\n${name}_sum${text} ${numberText(values[at + width - 2]!)}\n${name}_count${text} ${values[at + width - 1]}`
    }
    at += width
  }
}

const numberText = (value: number): string =>
  value === Number.POSITIVE_INFINITY ? '+Inf' : value === Number.NEGATIVE_INFINITY ? '-Inf' : String(value)
