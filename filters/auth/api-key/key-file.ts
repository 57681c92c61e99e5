import { setImmediate } from 'node:timers/promises'
import { isAlias, isMap, isScalar, isSeq, LineCounter, parseDocument, type YAMLMap } from 'yaml'
import { simpleItems } from './simple-items.ts'

/** An item of a list of keys, not checked yet. */
export interface PlacedEntry {
  /** File and line: `keys.yaml:12`. */
  readonly place: string
  readonly value: unknown
  /** What of it can't be read; then the value means nothing. */
  readonly problem?: string
}

/** Part of a text that is parsed by itself. */
interface Piece {
  readonly text: string
  /** Number of lines before it in the file. */
  readonly before: number
  /** Spaces before the items of a list that was cut into pieces. Undefined for what is no piece of such a list. */
  readonly indent?: number
}

/** Characters; YAML of that length is parsed in some milliseconds, during which no request is served. */
const PIECE = 16 * 1024
const MAX_DEPTH = 8
const FORM = 'expected a list of keys, or a mapping with "keys"'

const LINE = '[ \\t]*(?:#[^\\n]*)?\\r?\\n'
/** What may stand before the first item of a list that is cut into pieces. */
const HEAD = new RegExp(`^(?:${LINE})*(?:---${LINE}(?:${LINE})*)?(?:keys:${LINE}(?:${LINE})*)?( *)-(?=[ \\r\\n])`)

/**
 * The items of a file of keys: a list in YAML, or a mapping with the list as `keys`. Yields to the event loop between pieces of
 * the file.
 * @throws Error in words for the operator, without the contents of the file, if it is not valid YAML or holds no list
 */
export async function* keyEntries(file: string, bytes: Uint8Array): AsyncGenerator<PlacedEntry> {
  for (const piece of piecesOf(textOf(file, bytes))) {
    const simple = piece.indent === undefined ? undefined : simpleItems(piece.text, piece.indent)
    if (simple === undefined) yield* entriesOf(file, piece)
    else for (const { line, value } of simple) yield { place: `${file}:${piece.before + line + 1}`, value }
    await setImmediate()
  }
}

function textOf(file: string, bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch (cause) {
    throw new Error(`${file}: the file is not UTF-8 text`, { cause })
  }
}

/** Cuts a list that is written as a block before some of its items, by indentation alone. Any other text is one piece. */
function piecesOf(text: string): Piece[] {
  const whole = [{ text, before: 0 }]
  const head = HEAD.exec(text)
  if (head === null) return whole
  const indent = head[1]!.length
  const pieces: Piece[] = []
  let start = head[0].length - 1 - indent
  let before = text.slice(0, start).split('\n').length - 1
  let line = before
  for (let at = start; at < text.length; line++) {
    const end = text.indexOf('\n', at) + 1 || text.length
    let column = at
    while (text[column] === ' ') column++
    const depth = column - at
    if (depth <= indent && !/[#\r\n]/.test(text[column] ?? '\n')) {
      const item = depth === indent && text[column] === '-' && /[ \r\n]/.test(text[column + 1] ?? '\n')
      if (!item) return whole
      if (at - start >= PIECE) {
        pieces.push({ text: text.slice(start, at), before, indent })
        start = at
        before = line
      }
    }
    at = end
  }
  pieces.push({ text: text.slice(start), before, indent })
  return pieces
}

function* entriesOf(file: string, { text, before }: Piece): Generator<PlacedEntry> {
  const lines = new LineCounter()
  const placeAt = (offset = 0): string => `${file}:${before + lines.linePos(offset).line}`
  // The settings that the configuration is parsed with.
  const { contents, errors, warnings } = parseDocument(text, {
    lineCounter: lines,
    schema: 'core',
    resolveKnownTags: false,
    stringKeys: true,
    uniqueKeys: false,
    prettyErrors: false,
    logLevel: 'error',
  })
  const [error] = [...errors, ...warnings].sort((a, b) => a.pos[0] - b.pos[0])
  // After a colon the library quotes the document.
  if (error !== undefined)
    throw new Error(`${placeAt(error.pos[0])}: not valid YAML: ${error.message.split(':', 1)[0]}`)
  const list = isMap(contents) ? valueOfKeys(contents) : contents
  if (!isSeq(list)) {
    const empty = contents === null || (isScalar(contents) && contents.value === null)
    throw new Error(empty ? `${file}: the file is empty: write [] for a list without keys` : `${file}: ${FORM}`)
  }
  for (const node of list.items) {
    const place = placeAt((node as { range?: readonly number[] }).range?.[0])
    try {
      yield { place, value: plain(node, 0) }
    } catch (problem) {
      if (!(problem instanceof Unreadable)) throw problem
      yield { place, value: undefined, problem: problem.message }
    }
  }
}

/** The value of `keys` in a mapping that has nothing else. */
function valueOfKeys({ items }: YAMLMap): unknown {
  const [pair] = items
  return items.length === 1 && isScalar(pair?.key) && pair.key.value === 'keys' ? pair.value : undefined
}

/** A value that can't be read. */
class Unreadable extends Error {}

function plain(node: unknown, depth: number): unknown {
  if (isAlias(node)) throw new Unreadable('aliases (*name) are not read here: write the value out')
  if (depth > MAX_DEPTH) throw new Unreadable('nested too deeply')
  if (isSeq(node)) return node.items.map((item) => plain(item, depth + 1))
  if (!isMap(node)) return isScalar(node) ? node.value : null
  const value = new Map<string, unknown>()
  for (const pair of node.items) {
    if (!isScalar(pair.key)) throw new Unreadable('a name must be plain text')
    const name = String(pair.key.value)
    if (value.has(name)) throw new Unreadable(`${/^\w{1,32}$/.test(name) ? `"${name}"` : 'a name'} is repeated`)
    value.set(name, plain(pair.value, depth + 1))
  }
  return Object.fromEntries(value) // unlike an assignment it takes `__proto__` as a name like any other
}
