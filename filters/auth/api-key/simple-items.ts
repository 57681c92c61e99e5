/** An item of a list, as plain data. */
export interface SimpleItem {
  /** Its line in the text; the first is 0. */
  readonly line: number
  readonly value: Readonly<Record<string, SimpleValue>>
}

type SimpleValue = string | boolean | readonly string[]

/** A plain word: it starts with a letter, so that it is no number. */
const WORD = '[A-Za-z][\\w./+=@-]*(?::[\\w./+=@-]+)*'
const WORDS = new RegExp(`^${WORD}(?: ${WORD})*$`)
const FLOW = new RegExp(`^\\[${WORD}(?:, ${WORD})*\\]$`)
const QUOTED = /^"[\x20\x21\x23-\x5b\x5d-\x7e]*"$/
const DATE = /^\d{4}-\d\d-\d\d(?:T\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d))?$/
/** What the core schema of YAML 1.2 (§10.3.2) reads as something else than a text. */
const NO_TEXT = /^(?:null|true|false)$/i

const SKIPPED = /^ *(?:#.*)?$/
const MEMBER = /^( *)(- )?([a-z][a-z_]*):(?: (.+))?$/
const ITEM = /^( *)- (.+)$/

/**
 * The items of a list in YAML that is written as `weir keys new` prints it: a name and a value on each line, values that are words,
 * quoted texts without escapes, dates, or lists of words. Undefined if a line is of another form: a parser of YAML has to read it then. It reads
 * these forms as that parser does, in a tenth of the time.
 * @param indent number of spaces before the dash of an item
 */
export function simpleItems(text: string, indent: number): SimpleItem[] | undefined {
  const items: SimpleItem[] = []
  let value: Record<string, SimpleValue> = {}
  /** The list that the next lines may continue. */
  let list: string[] | undefined
  for (const [number, whole] of text.split('\n').entries()) {
    const line = whole.endsWith('\r') ? whole.slice(0, -1) : whole
    if (SKIPPED.test(line)) continue
    const [, spaces = '', dash, name = '', given] = MEMBER.exec(line) ?? []
    if (name !== '' && spaces.length === (dash === undefined ? indent + 2 : indent)) {
      if (list?.length === 0) return undefined
      if (dash !== undefined) {
        value = {}
        items.push({ line: number, value })
      }
      if (items.length === 0 || Object.hasOwn(value, name)) return undefined
      list = given === undefined ? [] : undefined
      const read = list ?? readValue(given!)
      if (read === undefined) return undefined
      value[name] = read
    } else {
      const [, before = '', word = ''] = ITEM.exec(line) ?? []
      const read = wordsOf(word)
      if (list === undefined || before.length !== indent + 4 || read === undefined) return undefined
      list.push(read)
    }
  }
  return list?.length === 0 ? undefined : items
}

function readValue(text: string): SimpleValue | undefined {
  if (text === 'true') return true
  if (text === 'false') return false
  if (!FLOW.test(text)) return wordsOf(text) ?? (DATE.test(text) ? text : undefined)
  const words = text.slice(1, -1).split(', ')
  return words.some((word) => NO_TEXT.test(word)) ? undefined : words
}

function wordsOf(text: string): string | undefined {
  if (QUOTED.test(text)) return text.slice(1, -1)
  return WORDS.test(text) && !NO_TEXT.test(text) ? text : undefined
}
