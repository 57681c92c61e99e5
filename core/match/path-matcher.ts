import type { RE2JS } from 're2js'
import type { PathPattern } from '../api/endpoint.ts'
import { expressionOf, MAX_SUBJECT, parseExpression, unmatchable } from './expression.ts'
import { parseTemplate, type Segment } from './path-template.ts'

/**
 * A pattern by itself, which matches what it would match as the path of an endpoint's `match`.
 *
 * ```ts
 * const admin = compilePath({ prefix: '/admin' })
 * if (typeof admin === 'string') throw new Error(`expected ${admin}`)
 * const path = normalPath(x.request.path)
 * if (typeof path !== 'string' || path.length > admin.longest || admin.matches(path)) return reply(403, 'admin_only')
 * ```
 */
export interface PathMatcher {
  /** Steps of the program of its expression; 0 if it has none. The time for one character grows with them. */
  readonly steps: number
  /** Characters that a path may have at most: a longer one may match or not, so it must be refused. */
  readonly longest: number
  /**
   * Whether a path matches. Takes time in proportion to the length of the path.
   * @param path normal form
   * @param anyCase upper and lower case are equal; as `caseSensitive` of the endpoint says
   */
  matches(path: string, anyCase?: boolean): boolean
}

/**
 * Compiles a pattern, at load.
 *
 * @example compilePath({ exact: '/users/{id}' }) // a PathMatcher; of { exact: 'users' } a text that says what was expected
 * @returns what was expected, after that word, if it is no pattern, or if no path could match it
 */
export function compilePath(pattern: PathPattern): PathMatcher | string {
  if ('regex' in pattern) {
    const parsed = parseExpression(pattern.regex)
    if (typeof parsed === 'string') return parsed
    return unmatchable(pattern.regex) ?? new ExpressionMatcher(pattern.regex, parsed.programSize())
  }
  const whole = 'exact' in pattern
  const segments = parseTemplate(whole ? pattern.exact : pattern.prefix, whole)
  if (typeof segments === 'string') return segments
  if (hasEmpty(segments, whole)) return 'a path without empty segments'
  const texts = segments.map((segment) => ('literal' in segment ? segment.literal : undefined))
  return texts.includes(undefined) ? new TemplateMatcher(texts, whole) : new TextMatcher(texts.join('/'), whole)
}

/** @param whole an empty segment at the end is the slash there */
const hasEmpty = (segments: readonly Segment[], whole: boolean): boolean =>
  segments.some((one, i) => 'literal' in one && one.literal === '' && !(whole && i === segments.length - 1))

class ExpressionMatcher implements PathMatcher {
  readonly steps: number
  readonly longest = MAX_SUBJECT
  readonly #expression: RE2JS
  readonly #anyCase: RE2JS

  constructor(source: string, steps: number) {
    this.steps = steps
    this.#expression = expressionOf(source)
    this.#anyCase = expressionOf(`(?i)${source}`)
  }

  matches(path: string, anyCase = false): boolean {
    return (anyCase ? this.#anyCase : this.#expression).matches(path)
  }
}

/** Without parameters, as most are: a few times faster than segment by segment. */
class TextMatcher implements PathMatcher {
  readonly steps = 0
  readonly longest = Infinity
  readonly #text: string
  readonly #lower: string
  readonly #whole: boolean

  /** @param text without its first slash */
  constructor(text: string, whole: boolean) {
    this.#text = text === '' && !whole ? '' : `/${text}`
    this.#lower = this.#text.toLowerCase()
    this.#whole = whole
  }

  matches(path: string, anyCase = false): boolean {
    return anyCase ? this.#found(this.#lower, path.toLowerCase()) : this.#found(this.#text, path)
  }

  #found(text: string, path: string): boolean {
    if (this.#whole) return path === text
    // `OPTIONS *` has no path: it does not go on with a slash either.
    return path.startsWith(text) && (path[text.length] === '/' || (path.length === text.length && path !== ''))
  }
}

/** Texts of segments; undefined: a parameter. */
type Texts = readonly (string | undefined)[]

class TemplateMatcher implements PathMatcher {
  readonly steps = 0
  readonly longest = Infinity
  readonly #texts: Texts
  readonly #lower: Texts
  readonly #whole: boolean

  constructor(texts: Texts, whole: boolean) {
    this.#texts = texts
    this.#lower = texts.map((text) => text?.toLowerCase())
    this.#whole = whole
  }

  matches(path: string, anyCase = false): boolean {
    if (path[0] !== '/') return false
    return anyCase ? this.#found(this.#lower, path.toLowerCase()) : this.#found(this.#texts, path)
  }

  #found(texts: Texts, path: string): boolean {
    let at = 0
    for (const text of texts) {
      if (at === path.length) return false
      const slash = path.indexOf('/', at + 1)
      const end = slash === -1 ? path.length : slash
      if (text === undefined ? end === at + 1 : end - at - 1 !== text.length || !path.startsWith(text, at + 1))
        return false
      at = end
    }
    return !this.#whole || at === path.length
  }
}
