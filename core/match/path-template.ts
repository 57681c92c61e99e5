import { normalPattern } from '../base/normal-path.ts'

/** A segment of a pattern: a text in normal form, or a parameter. */
export type Segment = { readonly literal: string } | { readonly parameter: string }

const PARAMETER = /^\{([A-Za-z_][A-Za-z0-9_]*)\}$/
/** What follows the match, in `rewrite`. */
export const REST = 'rest'
/** A pattern with more segments is none that anybody wrote. */
const MAX_SEGMENTS = 64

/**
 * Segments of a path with parameters: `/users/{id}` → `users`, `{id}`. `/` has none.
 * @param whole a slash at the end counts; else it is that of the prefix
 * @returns what was expected, after that word, if it is no such path
 */
export function parseTemplate(path: string, whole = false): readonly Segment[] | string {
  if (!path.startsWith('/') || /[?#*\s]/.test(path))
    return 'a path such as /shop or /users/{id}, without wildcards and query'
  const texts = (whole && path !== '/' ? path : path.replace(/\/+$/, '')).split('/').slice(1)
  if (texts.length > MAX_SEGMENTS) return `a path of at most ${MAX_SEGMENTS} segments`
  const segments: Segment[] = []
  for (const text of texts) {
    const name = text[0] === '{' ? PARAMETER.exec(text)?.[1] : undefined
    if (name === undefined && /[{}]/.test(text)) return 'parameters that are whole segments, such as /users/{id}'
    if (name === REST) return `another name than {${REST}}, which stands for what follows the match`
    if (name !== undefined) {
      if (segments.some((one) => 'parameter' in one && one.parameter === name))
        return `each parameter once, not {${name}} twice`
      segments.push({ parameter: name })
      continue
    }
    const form = normalPattern(`/${text}`)
    if (typeof form !== 'string') return form.expected
    segments.push({ literal: form.slice(1) })
  }
  return segments
}

/** Names of the parameters, in their order. */
export const parametersOf = (segments: readonly Segment[]): string[] =>
  segments.flatMap((segment) => ('parameter' in segment ? [segment.parameter] : []))
