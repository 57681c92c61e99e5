import { RE2JS } from 're2js'
import { normalPattern } from '../base/normal-path.ts'

/** Characters of an expression, and steps of its program: what is larger costs too much per byte of a request. */
const MAX_LENGTH = 500
const MAX_PROGRAM = 1000
/** Characters that an expression is tried on. A longer subject is refused: to skip the expression would lead to another endpoint. */
export const MAX_SUBJECT = 512

/**
 * An expression of RE2's syntax, whose time grows linearly with its subject.
 * @returns what was expected, after that word, if it is none
 */
export function parseExpression(source: string): RE2JS | string {
  if (source.length > MAX_LENGTH) return `an expression of at most ${MAX_LENGTH} characters`
  try {
    const expression = RE2JS.compile(source)
    if (expression.programSize() > MAX_PROGRAM)
      return `a smaller expression: its repetitions make ${expression.programSize()} steps, at most ${MAX_PROGRAM} are allowed`
    return expression
  } catch (error) {
    return `an expression in the syntax of RE2 (no look-around, no references back): ${(error as Error).message}`
  }
}

/** Of text that was checked. A dot is any character: a line break in a query would be a way past `.*admin.*`. */
export const expressionOf = (source: string): RE2JS => RE2JS.compile(source, RE2JS.DOTALL)

/**
 * Why an expression for paths may match none: it is tried on their normal form, so what no normal form has would match nothing, and
 * requests would get past it.
 * @returns what was expected, after that word; undefined if nothing is wrong
 */
export function unmatchable(source: string): string | undefined {
  for (const [written] of source.matchAll(/[^\x20-\x7e]|%[\da-f]{2}/giu)) {
    // Of a character outside ASCII several bytes are encoded: one of them alone is no text.
    const normal = /^%[89a-f]/i.test(written) ? written.toUpperCase() : normalPattern(written)
    if (typeof normal !== 'string') return normal.expected
    if (normal !== written) return `${normal} for ${written}, as in the normal form of paths`
  }
  return undefined
}
