import { show } from '../../core/base/show.ts'

/** Environment variables by name, as in `process.env`. */
export type Environment = Readonly<Record<string, string | undefined>>

/** Where the values of references come from. */
export interface References {
  readonly env: Environment
  /** The text of the file at this path. Throws an error with a message for the operator. */
  readFile(path: string): string
}

export interface Substitution {
  readonly text: string
  /** True if the text was one reference and nothing else. */
  readonly whole: boolean
  /** The variable, or `file:` and the path, that the text ends with; undefined if it ends with something else. */
  readonly last: string | undefined
  /** What went wrong, in order; if there is anything, `text` is of no use. */
  readonly problems: readonly string[]
}

const FORMS = `write \${NAME}, \${NAME:-default}, \${NAME:?message} or \${file:path}; $\${ stands for a literal \${`

/**
 * Replaces the references in a text:
 *
 * - `${NAME}`: the variable; a problem if it is not set, but not if it is empty
 * - `${NAME:-default}`: the default if it is not set or empty
 * - `${NAME:?message}`: a problem with that message if it is not set or empty
 * - `${file:path}`: the contents of the file without the line break at its end; always a text
 * - `$${`: a literal `${`
 *
 * (POSIX.1-2024, Shell Command Language §2.6.2, without nesting.) References in the values are not replaced.
 * @param secret true if the text may be a secret: problems don't show it then
 */
export function substitute(text: string, references: References, secret = false): Substitution {
  const problems: string[] = []
  let out = ''
  let at = 0
  let count = 0
  let literal = false
  let last: string | undefined
  while (at < text.length) {
    const start = text.indexOf('${', at)
    if (start === -1) break
    if (start > at && text[start - 1] === '$') {
      out += `${text.slice(at, start - 1)}\${`
      literal = true
      at = start + 2
      continue
    }
    literal ||= start > at
    out += text.slice(at, start)
    const end = text.indexOf('}', start)
    if (end === -1) {
      problems.push(`a \${ has no closing }: ${FORMS}`)
      return { text, whole: false, last: undefined, problems }
    }
    const reference = text.slice(start + 2, end)
    literal ||= reference.startsWith('file:')
    const value = resolve(reference, references, secret)
    if (typeof value === 'string') out += value
    else problems.push(value.problem)
    count++
    last = /^(?:file:.*|\w*)/s.exec(reference)![0]
    at = end + 1
  }
  const rest = text.slice(at)
  return {
    text: out + rest,
    whole: count === 1 && !literal && rest === '',
    last: rest === '' ? last : undefined,
    problems,
  }
}

function resolve(
  reference: string,
  { env, readFile }: References,
  secret: boolean,
): string | { readonly problem: string } {
  if (reference.startsWith('file:')) {
    try {
      return readFile(reference.slice('file:'.length)).replace(/\r?\n$/, '')
    } catch (error) {
      return { problem: (error as Error).message }
    }
  }
  const match = /^([A-Za-z_][A-Za-z0-9_]*)(?::([-?])(.*))?$/s.exec(reference)
  const shown = secret ? 'this' : show(`\${${reference}}`)
  if (match === null) return { problem: `${shown} is not a reference: ${FORMS}` }
  const [, name = '', operator, word = ''] = match
  if (word.includes('${')) return { problem: `a reference inside another ("\${${name}:${operator}…") is not supported` }
  const value = Object.hasOwn(env, name) ? env[name] : undefined
  if (operator === undefined) return value ?? { problem: `the environment variable ${name} is not set${hint(name)}` }
  if (value !== undefined && value !== '') return value
  if (operator === '-') return word
  return { problem: `the environment variable ${name} is ${value === undefined ? 'not set' : 'empty'}${message(word)}` }
}

const hint = (name: string): string => ` (\${${name}:-default} gives it a default)`
const message = (word: string): string => (word === '' ? '' : `: ${word}`)

/** The value of a plain scalar with this text: YAML 1.2.2 §10.3.2, core schema. */
export function typed(text: string): string | number | boolean | null {
  if (/^(?:null|Null|NULL|~|)$/.test(text)) return null
  if (/^(?:true|True|TRUE)$/.test(text)) return true
  if (/^(?:false|False|FALSE)$/.test(text)) return false
  if (/^0o[0-7]+$/.test(text) || /^0x[0-9a-fA-F]+$/.test(text)) return Number(text)
  if (/^[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?$/.test(text)) return Number(text)
  if (/^[-+]?\.(?:inf|Inf|INF)$/.test(text)) return text.startsWith('-') ? -Infinity : Infinity
  return /^\.(?:nan|NaN|NAN)$/.test(text) ? Number.NaN : text
}
