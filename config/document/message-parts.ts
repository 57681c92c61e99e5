import type { Path } from '../../core/control/config-error.ts'

/** A short rendering for messages, without the credentials of a URL. */
export function show(value: unknown): string {
  if (value === undefined || value === null) return 'nothing'
  if (Array.isArray(value)) return value.length === 0 ? 'an empty list' : 'a list'
  if (typeof value === 'object') return 'a mapping'
  if (typeof value !== 'string') return String(value)
  const text = value.replace(/\/\/[^/\s]*@/, '//…@')
  return JSON.stringify(text.length > 60 ? `${text.slice(0, 60)}…` : text)
}

/** `endpoints[0].filters.breaker`. */
export function formatPath(path: Path): string {
  let text = ''
  for (const step of path) {
    if (typeof step === 'number') text += `[${step}]`
    else if (/^[\w-]{1,60}$/.test(step)) text += text === '' ? step : `.${step}`
    else text += `[${show(step)}]`
  }
  return text
}
