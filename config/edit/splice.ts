import { isMap, isScalar, isSeq, type Pair, type YAMLMap, type YAMLSeq } from 'yaml'
import type { Path } from '../../core/control/config-error.ts'
import { parsePiece } from '../document/config-file.ts'
import { block, flow, isShort, key } from './render.ts'

/** The file is written in a way that can't be edited automatically. */
export class UneditableError extends Error {}

/** A change of one key of a mapping; without a value the key is removed. */
export interface KeyEdit {
  readonly path: Path
  readonly value?: unknown
}

/** The YAML node at a path of a text. */
export function nodeAt(text: string, path: Path): unknown {
  let node: unknown = parsePiece(text).yaml.contents
  for (const step of path)
    node = isMap(node) ? pairOf(node, String(step))?.value : isSeq(node) ? node.items[Number(step)] : undefined
  return node
}

/** Makes a change. Only the lines of that key change. */
export function spliceKey(text: string, { path, value }: KeyEdit): string {
  const map = nodeAt(text, path.slice(0, -1))
  if (!isMap(map)) throw new UneditableError('it is an alias (*)')
  const name = String(path.at(-1))
  const pair = pairOf(map, name)
  if (value === undefined) return pair === undefined ? text : withoutKey(text, map, pair)
  return pair === undefined ? withKey(text, map, name, value) : withValue(text, map, pair, value)
}

export function pairOf(map: YAMLMap, name: string): Pair | undefined {
  return map.items.find((pair) => isScalar(pair.key) && String(pair.key.value) === name)
}

/** The line break of a text. */
export const eolOf = (text: string): string => (/\r?\n/.exec(text)?.[0] === '\r\n' ? '\r\n' : '\n')

export const replace = (text: string, start: number, end: number, by: string): string =>
  text.slice(0, start) + by + text.slice(end)

/** The end of the line at an offset: without its line break, and with it. */
export function lineEnd(text: string, at: number): { end: number; next: number } {
  const newline = text.indexOf('\n', at)
  if (newline === -1) return { end: text.length, next: text.length }
  return { end: text[newline - 1] === '\r' && newline > at ? newline - 1 : newline, next: newline + 1 }
}

export const startOf = (node: unknown): number => rangeOf(node)[0]

/** The end of a node, without a comment and the line break. */
export function endOf(node: unknown, text: string): number {
  if ((isMap(node) || isSeq(node)) && !isFlow(node) && node.items.length > 0) {
    const last: unknown = node.items.at(-1)
    return isMap(node) ? endOfPair(last as Pair, text) : endOf(last, text)
  }
  // An empty value begins after the space that follows the colon.
  return text.slice(0, rangeOf(node)[1]).trimEnd().length
}

export const isFlow = (node: YAMLMap | YAMLSeq): boolean => node.flow === true

function rangeOf(node: unknown): readonly [number, number] {
  const range = (node as { range?: readonly [number, number, number] | null } | null)?.range
  if (range == null) throw new UneditableError('it is written in an unusual way')
  return [range[0], range[1]]
}

const endOfPair = ({ key: name, value }: Pair, text: string): number => endOf(value ?? name, text)

function columnOf(text: string, at: number): number {
  return at - (text.lastIndexOf('\n', at - 1) + 1)
}

function withValue(text: string, map: YAMLMap, pair: Pair, value: unknown): string {
  const start = rangeOf(pair.key)[1]
  const end = endOfPair(pair, text)
  const eol = eolOf(text)
  if (isFlow(map)) return replace(text, start, end, `: ${flow(value, true)}`)
  if (isShort(value)) return replace(text, start, end, `: ${flow(value)}`)
  const indent = ' '.repeat(columnOf(text, startOf(pair.key)) + 2)
  return replace(text, start, end, [':', ...block(value, indent)].join(eol))
}

function withKey(text: string, map: YAMLMap, name: string, value: unknown): string {
  const last = map.items.at(-1)
  if (isFlow(map)) {
    const added = `${key(name)}: ${flow(value, true)}`
    if (last === undefined) return replace(text, startOf(map) + 1, rangeOf(map)[1] - 1, ` ${added} `)
    const end = endOfPair(last, text)
    return replace(text, end, end, `, ${added}`)
  }
  if (last === undefined) throw new UneditableError('it is written in an unusual way')
  const indent = ' '.repeat(columnOf(text, startOf(map.items[0]!.key)))
  const { end } = lineEnd(text, endOfPair(last, text))
  const eol = eolOf(text)
  return replace(text, end, end, eol + block({ [name]: value }, indent).join(eol))
}

function withoutKey(text: string, map: YAMLMap, pair: Pair): string {
  const at = map.items.indexOf(pair as (typeof map.items)[number])
  const start = startOf(pair.key)
  const end = endOfPair(pair, text)
  if (map.items.length === 1) return replace(text, start, end, isFlow(map) ? '' : '{}')
  const next = map.items[at + 1]
  if (isFlow(map))
    return next === undefined
      ? replace(text, endOfPair(map.items[at - 1]!, text), end, '')
      : replace(text, start, startOf(next.key), '')
  // The first key may be behind a dash.
  if (at === 0) return replace(text, start, startOf(next!.key), '')
  return replace(text, start - columnOf(text, start), lineEnd(text, end).next, '')
}
