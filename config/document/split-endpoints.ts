/** One item of a list, with the number of lines before it in the file. */
export interface SplitItem {
  readonly text: string
  readonly before: number
}

export interface Split {
  /** The file without the items' lines. */
  readonly head: string
  /** The number of the head's lines before the cut, and of the lines that were cut out. */
  readonly cut: { readonly after: number; readonly lines: number }
  readonly items: readonly SplitItem[]
}

const DASH = 45
const SPACE = 32
const TAB = 9

/**
 * Cuts the list under the top-level key `endpoints` into its items, by indentation alone, so that each item is parsed by
 * itself: when one of thousands of endpoints changes, only that one is parsed again, and the event loop is never held up
 * for long. Undefined if the list is not written as a block. For invalid YAML the result means nothing.
 */
export function splitEndpoints(text: string): Split | undefined {
  const key = /^endpoints:[ \t]*(?:#.*)?\r?$/m.exec(text)
  if (key === null) return undefined
  const start = text.indexOf('\n', key.index) + 1
  if (start === 0) return undefined
  let line = countLines(text, start)
  const first = line
  const items: SplitItem[] = []
  let indent: number | undefined
  let item: { start: number; before: number } | undefined
  let at = start
  const close = (): void => {
    if (item !== undefined) items.push({ text: text.slice(item.start, at), before: item.before })
  }
  for (; at < text.length; line++) {
    const end = text.indexOf('\n', at)
    const next = end === -1 ? text.length : end + 1
    let column = at
    while (text.charCodeAt(column) === SPACE) column++
    const depth = column - at
    let blank = column
    while (text.charCodeAt(blank) === SPACE || text.charCodeAt(blank) === TAB) blank++
    const letter = text[blank]
    if (blank < next && letter !== '\n' && letter !== '#' && !text.startsWith('\r\n', blank)) {
      const dash = text.charCodeAt(column) === DASH && /^[ \r\n]?$/.test(text[column + 1] ?? '')
      if (indent === undefined && !dash) return undefined
      indent ??= depth
      if (depth === indent && dash) {
        close()
        item = { start: at, before: line }
      } else if (depth <= indent) {
        // The place of a key without text is the end of the list, which would be cut out.
        if (depth > 0 || letter === ':') return undefined
        break
      }
    }
    at = next
  }
  close()
  if (items.length === 0) return undefined
  return { head: text.slice(0, start) + text.slice(at), cut: { after: first, lines: line - first }, items }
}

function countLines(text: string, end: number): number {
  let lines = 0
  for (let at = text.indexOf('\n'); at !== -1 && at < end; at = text.indexOf('\n', at + 1)) lines++
  return lines
}
