import type { Exemplar } from '../api/meter.ts'
import { runInSlices, type SlicedWork } from '../base/time-slice.ts'
import { escaped, type MetricSeries, type SeriesBlock, widthOf } from './metric-series.ts'

/** Of Prometheus's text format. */
const EXPOSITION_TYPE = 'text/plain; version=0.0.4; charset=utf-8'

/** Numbers that are written without a pause: about a millisecond. */
const PIECE = 1000

/** Of OpenMetrics 1.0, which Prometheus prefers: the only one that has exemplars. */
const OPEN_METRICS_TYPE = 'application/openmetrics-text; version=1.0.0; charset=utf-8'

/** Whether a scraper that sends this `Accept` takes OpenMetrics. Prometheus names it only if it prefers it. */
const takesOpenMetrics = (accept: string | undefined): boolean =>
  accept !== undefined && /\bapplication\/openmetrics-text\b(?![^,]*;\s*q=0(?:\.0*)?\s*(?:[,;]|$))/i.test(accept)

/** Metrics in the format that a scraper asks for. @param accept its field `Accept` */
export async function exposed(
  metrics: Iterable<MetricSeries>,
  accept: string | undefined,
): Promise<{ type: string; text: string }> {
  if (takesOpenMetrics(accept)) return { type: OPEN_METRICS_TYPE, text: await runInSlices(writeOpenMetrics(metrics)) }
  return { type: EXPOSITION_TYPE, text: await runInSlices(writeExposition(metrics)) }
}

/** Metrics in the format of OpenMetrics: counters are named without `_total`, and traced observations have exemplars. */
export function* writeOpenMetrics(metrics: Iterable<MetricSeries>): SlicedWork<string> {
  const lines: string[] = []
  for (const { name, help, type, blocks } of metrics) {
    const family = type === 'counter' ? name.replace(/_total$/, '') : name
    // A counter without the suffix can't be one here.
    const kind = type === 'counter' && family === name ? 'unknown' : type
    lines.push(`# TYPE ${family} ${kind}`, `# HELP ${family} ${escaped(help).replaceAll('"', '\\"')}`)
    for (const block of blocks)
      for (const line of linesOf(name, block, exemplarText)) {
        lines.push(line)
        if (lines.length % PIECE === 0) yield
      }
    yield
  }
  return `${lines.join('\n')}\n# EOF\n`
}

const exemplarText = ({ traceId, value, at }: Exemplar): string =>
  ` # {trace_id="${traceId}"} ${numberText(value)} ${(at / 1000).toFixed(3)}`

/** Metrics in Prometheus's text format ("Exposition formats"), byte for byte as prom-client writes them. */
export function* writeExposition(metrics: Iterable<MetricSeries>): SlicedWork<string> {
  const texts: string[] = []
  for (const { name, help, type, blocks } of metrics) {
    const lines = [`# HELP ${name} ${escaped(help)}`, `# TYPE ${name} ${type}`]
    for (const block of blocks)
      for (const line of linesOf(name, block)) {
        lines.push(line)
        if (lines.length % PIECE === 0) yield
      }
    texts.push(lines.join('\n'))
    yield
  }
  return `${texts.join('\n\n')}\n`
}

function* linesOf(name: string, block: SeriesBlock, show?: (exemplar: Exemplar) => string): Iterable<string> {
  const { bounds, series, values, exemplars } = block
  const width = widthOf(block)
  for (const [i, text] of series.split('\n').entries()) {
    const at = i * width
    if (bounds === undefined) {
      yield `${text} ${numberText(values[at]!)}`
      continue
    }
    const open = text === '' ? '{' : `${text.slice(0, -1)},`
    let below = 0
    for (let k = 0; k <= bounds.length; k++) {
      below += values[at + k]!
      const exemplar = show && exemplars?.get(at + k)
      const shown = exemplar === undefined ? '' : show!(exemplar)
      yield `${name}_bucket${open}le="${bounds[k] ?? '+Inf'}"} ${numberText(below)}${shown}`
    }
    yield `${name}_sum${text} ${numberText(values[at + width - 2]!)}`
    yield `${name}_count${text} ${numberText(values[at + width - 1]!)}`
  }
}

const numberText = (value: number): string =>
  value === Number.POSITIVE_INFINITY ? '+Inf' : value === Number.NEGATIVE_INFINITY ? '-Inf' : String(value)
