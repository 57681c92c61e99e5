import { didYouMean } from '../../core/base/suggest.ts'
import type { PlainProblem } from '../../core/control/config-control.ts'
import { ConfigError, type Path, type Problem } from '../../core/control/config-error.ts'
import type { ConfigDocument } from './config-document.ts'

/** Stands in the plain data for a value that could not be read; its problem has been reported already. */
export const BROKEN = Symbol('broken')

/** A problem whose place is not found by path: a syntax error, the second of two equal keys, a file that is missing. */
export interface PlacedProblem extends Problem {
  /** Without a file it is the main one; `path` is as that file has it. */
  readonly position?: { readonly file?: string; readonly line?: number; readonly col?: number }
}

/**
 * A configuration that cannot be loaded. `problems` holds every one found; `message` has one line each,
 * `file:line:col path: message`.
 */
export class LocatedConfigError extends ConfigError {
  readonly document: ConfigDocument

  constructor(problems: readonly PlacedProblem[], document: ConfigDocument) {
    super(problems)
    this.name = 'LocatedConfigError'
    this.document = document
    this.message = problems.map((problem) => document.format(problem)).join('\n')
  }
}

/** A problem as people and tools read it. */
export function plainProblem(problem: PlacedProblem, document: ConfigDocument): PlainProblem {
  const { path, file, line, col } = document.place(problem)
  const message = document.message(problem)
  return { file, ...(line === undefined ? {} : { line, col }), path: formatPath(path), message }
}

// Suggestions cost more than the problem they decorate, and nobody reads the hundredth.
const MAX_SUGGESTIONS = 100

/** Collects what is wrong with, or unwise about, one document. */
export class Problems {
  readonly document: ConfigDocument
  readonly errors: PlacedProblem[] = []
  readonly warnings: PlacedProblem[] = []
  #suggestions = 0

  constructor(document: ConfigDocument) {
    this.document = document
  }

  error(path: Path, message: string, position?: PlacedProblem['position']): void {
    this.errors.push(position === undefined ? { path, message } : { path, message, position })
  }

  warn(path: Path, message: string): void {
    this.warnings.push({ path, message })
  }

  unknownKey(path: Path, known: readonly string[]): void {
    const key = String(path.at(-1))
    this.error(path, `unknown key ${show(key)}.${this.suggestion(key, known, 'Known here')}`)
  }

  /** ` Did you mean "x"?`, else ` <label>: ` and the candidates. */
  suggestion(word: string, candidates: readonly string[], label: string): string {
    if (this.#suggestions++ >= MAX_SUGGESTIONS) return ''
    const near = didYouMean(word, candidates)
    return near === '' ? ` ${label}: ${candidates.slice(0, 20).join(', ')}` : near
  }

  /** `endpoints[0].url (line 12)`. */
  place(path: Path): string {
    const { file, line, path: local } = this.document.place({ path, message: '' })
    if (line === undefined) return formatPath(local)
    return `${formatPath(local)} (${file === this.document.main.name ? '' : `${file} `}line ${line})`
  }

  /**
   * The value as a message may show it. What came out of the environment may be a secret, so the reference is shown
   * instead of it.
   */
  found(path: Path, value: unknown): string {
    const text = this.document.scalar(path)
    return text?.includes(`\${`) ? `the value of ${show(text)}` : show(value)
  }
}

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
