import {
  type Alias,
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  parseDocument,
  visit,
  type YAMLMap,
} from 'yaml'
import type { SlicedWork } from '../../core/base/time-slice.ts'
import type { Path } from '../../core/control/config-error.ts'
import type { PlacedProblem } from './placed-problem.ts'
import { splitEndpoints } from './split-endpoints.ts'
import { syntaxProblems } from './syntax-problems.ts'

/** Both count from 1; the column counts UTF-16 units. */
export interface Position {
  readonly line: number
  readonly col: number
}

/** A part of a text that was parsed by itself. */
interface Piece {
  readonly text: string
  readonly yaml: Document.Parsed
  readonly lines: LineCounter
}

/** A piece in its file. */
export interface PlacedPiece extends Piece {
  /** The file has so many more lines after this line of the piece. */
  readonly gap: { readonly after: number; readonly lines: number }
}

/** Pieces by their text, so that unchanged text is not parsed again. */
export type PieceCache = ReadonlyMap<string, Piece>

/** One configuration file. Finds the place of each path; builds its indexes only when they are needed. */
export class ConfigFile {
  readonly name: string
  readonly text: string
  readonly head: PlacedPiece | undefined
  /** The items of `endpoints`, if they were parsed one by one; then `head` has none. */
  readonly items: readonly PlacedPiece[] | undefined
  /** The node of each alias: the nearest anchor of that name before it. Filled while the data are read. */
  readonly aliases = new Map<Alias, unknown>()
  readonly #keys = new WeakMap<YAMLMap, Map<string, { key: unknown; value: unknown }>>()

  /** Without a head (the file could not be read) no path has a place. */
  constructor(name: string, text = '', head?: PlacedPiece, items?: readonly PlacedPiece[]) {
    this.name = name
    this.text = text
    this.head = head
    this.items = items
  }

  /**
   * The place of a path: that of the key for a value in a mapping, that of the item for an item of a list. A path that
   * is not in the file has the place of its nearest ancestor that is.
   */
  locate(path: Path): Position | undefined {
    const { piece, place } = this.#find(path)
    return piece === undefined ? undefined : positionOf(place, piece)
  }

  /** The text of the scalar at a path, as it is written, without its quotes; undefined if there is none. */
  scalar(path: Path): string | undefined {
    const { value, whole } = this.#find(path)
    return whole && isScalar(value) ? value.source : undefined
  }

  #find(path: Path): { piece: PlacedPiece | undefined; place: unknown; value: unknown; whole: boolean } {
    const [key, index, ...rest] = path
    const piece = key === 'endpoints' && typeof index === 'number' ? this.items?.[index] : undefined
    if (piece !== undefined) return { piece, ...this.#walk(piece, [0, ...rest]) }
    return { piece: this.head, ...this.#walk(this.head, path) }
  }

  #walk(piece: Piece | undefined, path: Path): { place: unknown; value: unknown; whole: boolean } {
    let place: unknown = piece?.yaml.contents
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

/** The place in the file where a node of a piece starts. */
export function positionOf(node: unknown, piece: PlacedPiece): Position | undefined {
  const range = (node as { range?: readonly number[] | null } | null | undefined)?.range
  if (range == null) return undefined
  const { line, col } = piece.lines.linePos(range[0]!)
  return { line: line > piece.gap.after ? line + piece.gap.lines : line, col }
}

/** Parses YAML text and reports what is wrong with it. Yields between endpoints. */
export function* parseFile(
  text: string,
  name: string,
  cache: PieceCache = new Map(),
): SlicedWork<{ file: ConfigFile; problems: readonly PlacedProblem[] }> {
  const split = splitEndpoints(text)
  const head = split && parsePiece(split.head)
  if (split !== undefined && head !== undefined && isClean(head) && isEmpty(head, 'endpoints')) {
    const items: PlacedPiece[] = []
    for (const { text: item, before } of split.items) {
      yield
      const piece = cache.get(item) ?? parsePiece(copy(item))
      if (!isItem(piece)) break
      items.push({ ...piece, gap: { after: 0, lines: before } })
    }
    if (items.length === split.items.length)
      return { file: new ConfigFile(name, text, { ...head, gap: split.cut }, items), problems: [] }
  }
  const whole = parsePiece(text)
  return {
    file: new ConfigFile(name, text, { ...whole, gap: { after: 0, lines: 0 } }),
    problems: syntaxProblems(whole.yaml, whole.lines, text),
  }
}

/** Parses a whole text. */
export function parsePiece(text: string): Piece {
  const lines = new LineCounter()
  const yaml = parseDocument(text, {
    lineCounter: lines,
    schema: 'core',
    resolveKnownTags: false,
    stringKeys: true,
    // The library compares every key of a mapping with every other; to-plain.ts does it in linear time.
    uniqueKeys: false,
    prettyErrors: false,
    logLevel: 'error',
  })
  return { text, yaml, lines }
}

const isClean = ({ yaml }: Piece): boolean => yaml.errors.length === 0 && yaml.warnings.length === 0

/** True for a mapping that has this key once and without a value: the value was cut out. */
function isEmpty({ yaml: { contents } }: Piece, key: string): boolean {
  if (!isMap(contents)) return false
  const [pair, ...more] = contents.items.filter((item) => isScalar(item.key) && item.key.value === key)
  return more.length === 0 && isScalar(pair?.value) && pair.value.source === ''
}

/** True for a single list item that neither has an anchor nor uses one. */
function isItem(piece: Piece): boolean {
  const { contents } = piece.yaml
  if (!isClean(piece) || !isSeq(contents) || contents.items.length !== 1) return false
  if (!/[&*]/.test(piece.text)) return true
  let alone = true
  const found = (): symbol => {
    alone = false
    return visit.BREAK
  }
  visit(piece.yaml, {
    Alias: found,
    Value: (_key, node) => (node.anchor === undefined ? undefined : found()),
  })
  return alone
}

/** An independent string: a slice would keep the whole text of an old configuration in memory. */
const copy = (text: string): string => Buffer.from(text).toString()
