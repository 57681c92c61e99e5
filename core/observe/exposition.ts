import type { SlicedWork } from '../base/time-slice.ts'
import { escaped, type MetricSeries, type SeriesBlock, widthOf } from './metric-series.ts'

/** Of Prometheus's text format. */
export const EXPOSITION_TYPE = 'text/plain; version=0.0.4; charset=utf-8'

/** Numbers that are written without a pause: about a millisecond. */
const PIECE = 1000

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

function* linesOf(name: string, block: SeriesBlock): Iterable<string> {
  const { bounds, series, values } = block
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
      yield `${name}_bucket${open}le="${bounds[k] ?? '+Inf'}"} ${numberText(below)}`
    }
    yield `${name}_sum${text} ${numberText(values[at + width - 2]!)}`
    yield `${name}_count${text} ${numberText(values[at + width - 1]!)}`
  }
}

const numberText = (value: number): string =>
  value === Number.POSITIVE_INFINITY ? '+Inf' : value === Number.NEGATIVE_INFINITY ? '-Inf' : String(value)
