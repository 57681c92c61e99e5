import { isMapping } from '../document/plain-data.ts'
import { typed } from '../document/references.ts'

/** A scalar with a reference, kept as it is written. */
export class Written {
  readonly text: string
  /** True without quotes: the value may be other than text. Not possible inside `[ ]` and `{ }`. */
  readonly bare: boolean

  constructor(text: string, bare: boolean) {
    this.text = text
    this.bare = bare
  }
}

const WIDTH = 60

/** Plain data as indented lines in block style. */
export function block(value: unknown, indent: string): string[] {
  if (Array.isArray(value))
    return value.flatMap((one) => (isShort(one) ? [`${indent}- ${flow(one)}`] : listItem(one, indent)))
  return Object.entries(value as object).flatMap(([name, one]) =>
    isShort(one) ? [`${indent}${key(name)}: ${flow(one)}`] : [`${indent}${key(name)}:`, ...block(one, `${indent}  `)],
  )
}

/** A mapping or a list as an item of a list, one line per key. */
export function listItem(value: unknown, indent: string): string[] {
  const [first = '', ...more] = block(value, `${indent}  `)
  return [`${indent}- ${first.slice(indent.length + 2)}`, ...more]
}

/** Plain data on one line, in flow style. */
export function flow(value: unknown, inside = false): string {
  if (Array.isArray(value)) return `[${value.map((item) => flow(item, true)).join(', ')}]`
  if (value instanceof Written) return value.bare && !inside ? value.text : quoted(value.text)
  if (!isMapping(value)) return scalar(value)
  const items = Object.entries(value).map(([name, item]) => `${key(name)}: ${flow(item, true)}`)
  return items.length === 0 ? '{}' : `{ ${items.join(', ')} }`
}

/** True for a value that is better on one line. */
export function isShort(value: unknown): boolean {
  if (value instanceof Written || !(Array.isArray(value) || isMapping(value))) return true
  return Object.keys(value).length === 0 || (!hasBare(value) && flow(value).length <= WIDTH)
}

const hasBare = (value: unknown): boolean =>
  value instanceof Written
    ? value.bare
    : typeof value === 'object' && value !== null && Object.values(value).some(hasBare)

const isBare = (text: string): boolean => text.length <= 1000 && typed(text) === text

export const key = (name: string): string => (/^[A-Za-z_][\w.-]*$/.test(name) && isBare(name) ? name : quoted(name))

function scalar(value: unknown): string {
  if (typeof value !== 'string') return String(value)
  if (/^(?:[A-Za-z_/](?:[\w./:-]*[\w/])?|\d+[A-Za-z]+)$/.test(value) && isBare(value)) return value
  // Escaped: a caller who changes endpoints must not read the environment or files this way.
  return quoted(value.replaceAll('${', () => '$${'))
}

/** JSON strings are YAML strings in double quotes, except for characters that YAML escapes (YAML 1.2.2 §5.1). */
const quoted = (text: string): string =>
  JSON.stringify(text).replaceAll(
    /[\u007f-\u009f\u2028\u2029\ufeff\ufffe\uffff]/g,
    (letter) => `\\u${letter.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
