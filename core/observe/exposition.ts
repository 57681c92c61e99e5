import type { SlicedWork } from '../base/time-slice.ts'
import { type MetricRows, readingsOf } from './metric-rows.ts'

/** Of Prometheus's text format. */
export const EXPOSITION_TYPE = 'text/plain; version=0.0.4; charset=utf-8'

/** Numbers that are written without a pause: about a millisecond. */
const PIECE = 1000

/** Metrics in Prometheus's text format ("Exposition formats"), byte for byte as prom-client writes them. */
export function* writeExposition(metrics: Iterable<MetricRows>): SlicedWork<string> {
  const texts: string[] = []
  for (const { name, help, type, rows } of metrics) {
    const lines = [`# HELP ${name} ${escaped(help)}`, `# TYPE ${name} ${type}`]
    for (const reading of readingsOf(name, rows)) {
      lines.push(`${reading.name}${labelsText(reading.labels)} ${numberText(reading.value)}`)
      if (lines.length % PIECE === 0) yield
    }
    texts.push(lines.join('\n'))
    yield
  }
  return `${texts.join('\n\n')}\n`
}

function labelsText(labels: Readonly<Record<string, string | number>>): string {
  let text = ''
  for (const label in labels) {
    const value = labels[label]!
    text += `${text === '' ? '{' : ','}${label}="${typeof value === 'number' ? value : escaped(value).replaceAll('"', '\\"')}"`
  }
  return text === '' ? '' : `${text}}`
}

const escaped = (text: string): string => text.replaceAll('\\', '\\\\').replaceAll('\n', '\\n')

const numberText = (value: number): string =>
  value === Number.POSITIVE_INFINITY ? '+Inf' : value === Number.NEGATIVE_INFINITY ? '-Inf' : String(value)
