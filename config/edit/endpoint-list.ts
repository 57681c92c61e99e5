import { isMap, isScalar, isSeq, type Pair, type YAMLMap, type YAMLSeq } from 'yaml'
import { parsePiece } from '../document/config-file.ts'
import { splitEndpoints } from '../document/split-endpoints.ts'
import { flow, listItem } from './render.ts'
import {
  endOf,
  eolOf,
  isFlow,
  type KeyEdit,
  lineEnd,
  nodeAt,
  pairOf,
  replace,
  spliceKey,
  startOf,
  UneditableError,
} from './splice.ts'

// Each function returns the text of a file after a change of its list of endpoints; the rest stays byte for byte. The text
// must be a valid configuration. They throw an UneditableError if they find no way. The caller must load the result and
// check that it means what was wanted.

/** Changes keys of the endpoint at an index. */
export function changeEndpoint(text: string, index: number, edits: readonly KeyEdit[]): string {
  const item = itemAt(text, index)
  const root = item === undefined ? ['endpoints', index] : [0]
  let piece = item?.text ?? text
  for (const { path, value } of edits) piece = spliceKey(piece, { path: [...root, ...path], value })
  return item === undefined ? piece : replace(text, item.start, item.start + item.text.length, piece)
}

/** Removes the endpoint at an index. Comments around it stay. */
export function removeEndpoint(text: string, index: number): string {
  const item = itemAt(text, index)
  if (item !== undefined) {
    const { next } = lineEnd(item.text, endOf(nodeAt(item.text, [0]), item.text))
    return replace(text, item.start, item.start + next, '')
  }
  const list = nodeAt(text, ['endpoints'])
  if (!isSeq(list) || !isFlow(list)) throw new UneditableError('the list of endpoints is written in an unusual way')
  const { items } = list
  const start = startOf(items[index])
  if (index + 1 < items.length) return replace(text, start, startOf(items[index + 1]), '')
  const from = index === 0 ? start : endOf(items[index - 1], text)
  return replace(text, from, endOf(items[index], text), '')
}

/** Adds an endpoint after the others. */
export function addEndpoint(text: string, entry: unknown): string {
  const split = splitEndpoints(text)
  if (split !== undefined) {
    const item = itemAt(text, split.items.length - 1)!
    const indent = /^ */.exec(split.items[0]!.text)![0]
    return insertLines(text, item.start + endOf(nodeAt(item.text, [0]), item.text), listItem(entry, indent))
  }
  const { contents } = parsePiece(text).yaml
  if (!isMap(contents)) throw new UneditableError('the file is not a mapping')
  const pair = pairOf(contents, 'endpoints')
  if (pair === undefined) return addList(text, contents, entry)
  if (isSeq(pair.value) && pair.value.items.length > 0) return appendFlow(text, pair.value, entry)
  if (!isSeq(pair.value) && !(isScalar(pair.value) && pair.value.value === null))
    throw new UneditableError('the list of endpoints is an alias (*)')
  return fillList(text, contents, pair, entry)
}

/** The text of the endpoint at an index, if the list is a block. */
function itemAt(text: string, index: number): { text: string; start: number } | undefined {
  const items = splitEndpoints(text)?.items
  if (items?.[index] === undefined) return undefined
  let start = 0
  for (let line = 0; line < items[0]!.before; line++) start = text.indexOf('\n', start) + 1
  for (const { text: before } of items.slice(0, index)) start += before.length
  return { text: items[index].text, start }
}

function insertLines(text: string, after: number, lines: readonly string[]): string {
  const { end } = lineEnd(text, after)
  const eol = eolOf(text)
  return replace(text, end, end, lines.map((line) => eol + line).join(''))
}

function addList(text: string, contents: YAMLMap, entry: unknown): string {
  if (isFlow(contents)) return spliceKey(text, { path: ['endpoints'], value: [entry] })
  return insertLines(text, endOf(contents, text), ['endpoints:', ...listItem(entry, '  ')])
}

/** Adds the first endpoint to an empty list. */
function fillList(text: string, contents: YAMLMap, { key, value }: Pair, entry: unknown): string {
  if (isFlow(contents)) return spliceKey(text, { path: ['endpoints'], value: [entry] })
  const start = endOf(key, text) + 1
  const bare = replace(text, start, Math.max(start, endOf(value, text)), '')
  return insertLines(bare, start, listItem(entry, '  '))
}

/** Adds an item to a list in brackets: on its own line if the last item has its own. */
function appendFlow(text: string, list: YAMLSeq, entry: unknown): string {
  if (!isFlow(list)) throw new UneditableError('the list of endpoints is written in an unusual way')
  const last = list.items.at(-1)
  const line = text.lastIndexOf('\n', startOf(last)) + 1
  const before = text.slice(line, startOf(last))
  const end = endOf(last, text)
  return replace(text, end, end, `,${/^[ \t]+$/.test(before) ? eolOf(text) + before : ' '}${flow(entry, true)}`)
}
