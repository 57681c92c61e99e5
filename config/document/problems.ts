import { show } from '../../core/base/show.ts'
import { didYouMean } from '../../core/base/suggest.ts'
import type { Path } from '../../core/control/config-error.ts'
import type { ConfigDocument } from './config-document.ts'
import { formatPath } from './format-path.ts'
import type { PlacedProblem } from './placed-problem.ts'

// A suggestion takes longer to find than the problem, and nobody reads the hundredth.
const MAX_SUGGESTIONS = 100
const MAX_CANDIDATES = 50

/** Collects the errors and warnings of one document. */
export class Problems {
  readonly document: ConfigDocument
  readonly errors: PlacedProblem[] = []
  readonly warnings: PlacedProblem[] = []
  readonly #told = new Set<string>()
  #suggestions = 0

  constructor(document: ConfigDocument) {
    this.document = document
  }

  error(path: Path, message: string, position?: PlacedProblem['position']): void {
    this.errors.push(position === undefined ? { path, message } : { path, message, position })
  }

  warn(path: Path, message: string, position?: PlacedProblem['position']): void {
    this.warnings.push(position === undefined ? { path, message } : { path, message, position })
  }

  /** Warns of what stands in several places, at the first of them. */
  warnOnce(path: Path, message: string, position?: PlacedProblem['position']): void {
    if (this.#told.has(message)) return
    this.#told.add(message)
    this.warn(path, message, position)
  }

  /** @param hint where such a key belongs, as a sentence; it takes the place of a suggestion */
  unknownKey(path: Path, known: readonly string[], hint?: string): void {
    const key = String(path.at(-1))
    const mend = hint === undefined ? this.suggestion(key, known, 'Known here') : ` ${hint}`
    this.error(path, `unknown key ${show(key)}.${mend}`)
  }

  /** ` Did you mean "x"?`, or ` <label>: ` with the candidates. */
  suggestion(word: string, candidates: readonly string[], label: string): string {
    if (this.#suggestions++ >= MAX_SUGGESTIONS) return ''
    const near = didYouMean(word, candidates)
    if (near !== '') return near
    const more = candidates.length - MAX_CANDIDATES
    return ` ${label}: ${candidates.slice(0, MAX_CANDIDATES).join(', ')}${more > 0 ? ` and ${more} more` : ''}`
  }

  /** `endpoints[0].url (line 12)`. */
  place(path: Path): string {
    const { file, line, path: local } = this.document.place({ path, message: '' })
    if (line === undefined) return formatPath(local)
    return `${formatPath(local)} (${file === this.document.main.name ? '' : `${file} `}line ${line})`
  }

  /** The value at a path as a message may show it. */
  found(path: Path, value: unknown): string {
    return this.document.found(path, show(value))
  }
}
