import {
  type Alias,
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  parseDocument,
  type YAMLMap,
} from 'yaml'
import type { Path } from '../core/spec.ts'
import { formatPath, LocatedConfigError, type PlacedProblem } from './problems.ts'
import { syntaxProblems } from './syntax.ts'

/** Both from 1; the column counts UTF-16 units. */
export interface Position {
  readonly line: number
  readonly col: number
}

/** The configuration text with its places. Answers where a path stands; nothing is indexed before somebody asks. */
export class Source {
  readonly file: string
  readonly document: Document.Parsed | undefined
  /** What each alias stands for: the nearest anchor of that name before it. Filled while the data are read. */
  readonly aliases = new Map<Alias, unknown>()
  readonly #lines: LineCounter | undefined
  readonly #keys = new WeakMap<YAMLMap, Map<string, { key: unknown; value: unknown }>>()

  /** Without a document (the file could not be read) nothing has a place. */
  constructor(file: string, document?: Document.Parsed, lines?: LineCounter) {
    this.file = file
    this.document = document
    this.#lines = lines
  }

  /**
   * Where a path stands: the key for a value of a mapping, the item itself for one of a list. What is not in the
   * document is looked for at its nearest ancestor that is.
   */
  locate(path: Path): Position | undefined {
    return this.positionOf(this.#find(path).place)
  }

  /** The text of the scalar at a path, as written and without its quotes; undefined if there is none. */
  text(path: Path): string | undefined {
    const { value, whole } = this.#find(path)
    return whole && isScalar(value) ? value.source : undefined
  }

  /** `file:line:col path: message`, with what is known of it. */
  format(problem: PlacedProblem): string {
    const position = problem.position ?? this.locate(problem.path)
    const place = position === undefined ? this.file : `${this.file}:${position.line}:${position.col}`
    const path = formatPath(problem.path)
    if (path !== '') return `${place} ${path}: ${problem.message}`
    return position === undefined ? `${place}: ${problem.message}` : `${place} ${problem.message}`
  }

  /** Where a node of the document starts. */
  positionOf(node: unknown): Position | undefined {
    const range = (node as { range?: readonly number[] | null } | null | undefined)?.range
    return range == null ? undefined : this.#lines?.linePos(range[0]!)
  }

  #find(path: Path): { place: unknown; value: unknown; whole: boolean } {
    let place: unknown = this.document?.contents
    let value: unknown = place
    for (const step of path) {
      const node = isAlias(value) ? this.aliases.get(value) : value
      if (isMap(node)) {
        const pair = this.#index(node).get(String(step))
        if (pair === undefined) return { place, value, whole: false }
        place = pair.key
        value = pair.value
      } else if (isSeq(node) && typeof step === 'number' && step < node.items.length) {
        place = node.items[step]
        value = place
      } else return { place, value, whole: false }
    }
    return { place, value: isAlias(value) ? this.aliases.get(value) : value, whole: true }
  }

  #index(map: YAMLMap): Map<string, { key: unknown; value: unknown }> {
    let index = this.#keys.get(map)
    if (index !== undefined) return index
    index = new Map()
    for (const pair of map.items) if (isScalar(pair.key)) index.set(String(pair.key.value), pair)
    this.#keys.set(map, index)
    return index
  }
}

/** Reads YAML text. Throws `LocatedConfigError` when it is none. */
export function parseSource(text: string, file: string): Source {
  const lines = new LineCounter()
  const document = parseDocument(text, {
    lineCounter: lines,
    schema: 'core',
    resolveKnownTags: false,
    stringKeys: true,
    // The library compares every key of a mapping with every other; plain.ts does it in linear time.
    uniqueKeys: false,
    prettyErrors: false,
    logLevel: 'error',
  })
  const source = new Source(file, document, lines)
  const problems = syntaxProblems(document, lines, text)
  if (problems.length > 0) throw new LocatedConfigError(problems, source)
  return source
}
