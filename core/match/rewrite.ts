import { normalPattern } from '../base/normal-path.ts'
import { REST } from './path-template.ts'

/** A path that goes upstream: texts and parameters in turn. */
export type Rewrite = readonly ({ readonly text: string } | { readonly parameter: string })[]

/**
 * Reads a `rewrite`: `/api/{id}{rest}`.
 * @param known parameters of the match
 * @returns what was expected, after that word, if it can't be used
 */
export function rewriteOf(template: string, known: readonly string[], isExpression: boolean): Rewrite | string {
  if (!template.startsWith('/') && template !== `{${REST}}`)
    return 'a rewrite that begins with /, such as /api/{id}{rest}'
  if (/[?#\s]/.test(template)) return 'a rewrite without query, fragment and spaces'
  const parts: ({ text: string } | { parameter: string })[] = []
  for (const part of template.split(/(\{[^{}]*\})/)) {
    if (part === '') continue
    const name = /^\{(.*)\}$/.exec(part)?.[1]
    if (name === undefined) {
      if (/[{}]/.test(part)) return 'braces in pairs in the rewrite'
      const form = normalPattern(part)
      if (typeof form !== 'string') return `in the rewrite ${form.expected}`
      parts.push({ text: form })
    } else if (known.includes(name) || (name === REST && !isExpression)) parts.push({ parameter: name })
    else {
      const names = [...known, ...(isExpression ? [] : [REST])].map((one) => `{${one}}`)
      return `a rewrite with parameters of the match (${names.join(', ') || 'it has none'}), not {${name}}`
    }
  }
  return parts
}

/** The path that goes upstream. @param rest what follows the match, with its slash */
export function rewritten(rewrite: Rewrite, params: Readonly<Record<string, string>>, rest: string): string {
  let path = ''
  for (const part of rewrite) path += 'text' in part ? part.text : (params[part.parameter] ?? rest)
  return path
}
