import { equalsIgnoreCase, isFieldName } from '../base/tokens.ts'

/**
 * Header fields as they are on the wire: a flat list of names and values in latin-1 that keeps order, case and duplicates
 * (`Set-Cookie` is never joined: RFC 9110 §5.3).
 *
 * Every method finds a name in any case. What adds or replaces a field throws a `TypeError` for a name that is no token
 * (RFC 9110 §5.6.2) and for a value with a line break, another control character, or a character above U+00FF (§5.5), so
 * that the filter that sets such a field is the one that fails.
 *
 * ```ts
 * x.request.headers.set('X-Tenant', tenant)
 * x.request.headers.delete('x-tenant') // removes it, in whatever case it came
 * ```
 */
export class HeaderList {
  #raw: string[]
  /** Somebody else reads the array: it is copied before the first change. */
  #shared = false

  /**
   * @param fields names and values in turn: `['Content-Type', 'text/plain', …]`; copied
   * @throws TypeError for a field that can't be on the wire
   */
  constructor(fields: readonly string[] = []) {
    this.#raw = fields === UNCHECKED ? UNCHECKED : checkedCopy(fields)
  }

  /**
   * A list of fields that a parser has accepted. They are not checked again, and the array is kept, not copied. Not for values
   * that a filter makes.
   */
  static fromWire(raw: string[]): HeaderList {
    const list = new HeaderList(UNCHECKED)
    list.#raw = raw
    return list
  }

  /** @internal The same for an array that stays as it is: it is copied before the first change. */
  static sharing(raw: readonly string[]): HeaderList {
    const list = HeaderList.fromWire(raw as string[])
    list.#shared = true
    return list
  }

  /**
   * A list from an object; an array as value makes one field per element.
   *
   * @example HeaderList.of({ 'Content-Type': 'text/plain', 'Set-Cookie': ['a=1', 'b=2'] })
   * @throws TypeError for a field that can't be on the wire
   */
  static of(fields: Readonly<Record<string, string | readonly string[]>>): HeaderList {
    const list = new HeaderList()
    for (const [name, value] of Object.entries(fields)) {
      if (typeof value === 'string') list.add(name, value)
      else for (const one of value) list.add(name, one)
    }
    return list
  }

  /** Names and values in turn, for fast loops over all fields. Changes go through the methods. */
  get raw(): readonly string[] {
    return this.#raw
  }

  /** First value of a field, or undefined. */
  get(name: string): string | undefined {
    const raw = this.#raw
    for (let i = 0; i < raw.length; i += 2) if (equalsIgnoreCase(raw[i]!, name)) return raw[i + 1]
    return undefined
  }

  /** Every value of a field, in order. */
  all(name: string): string[] {
    const raw = this.#raw
    const values: string[] = []
    for (let i = 0; i < raw.length; i += 2) if (equalsIgnoreCase(raw[i]!, name)) values.push(raw[i + 1]!)
    return values
  }

  /** All values of a list-valued field joined by `, ` (RFC 9110 §5.3), or undefined. Not for `Set-Cookie`. */
  joined(name: string): string | undefined {
    const values = this.all(name)
    return values.length === 0 ? undefined : values.join(', ')
  }

  /** Whether there is a field of that name, even with an empty value. */
  has(name: string): boolean {
    return this.get(name) !== undefined
  }

  /** Appends a field, keeping others of its name. @throws TypeError for a field that can't be on the wire */
  add(name: string, value: string): void {
    checkField(name, value)
    this.#own().push(name, value)
  }

  /**
   * Replaces every field of that name by one, at the place of the first; appends it if there was none.
   * @throws TypeError for a field that can't be on the wire
   */
  set(name: string, value: string): void {
    checkField(name, value)
    const raw = this.#own()
    let at = 0
    while (at < raw.length && !equalsIgnoreCase(raw[at]!, name)) at += 2
    const found = at < raw.length
    raw[at] = name
    raw[at + 1] = value
    if (found) this.#deleteFrom(at + 2, name)
  }

  /** Removes every field of that name. @returns whether there was one */
  delete(name: string): boolean {
    return this.#deleteFrom(0, name)
  }

  /** The array, to be changed. */
  #own(): string[] {
    if (this.#shared) {
      this.#raw = this.#raw.slice()
      this.#shared = false
    }
    return this.#raw
  }

  #deleteFrom(start: number, name: string): boolean {
    const raw = this.#own()
    let out = start
    for (let i = start; i < raw.length; i += 2) {
      if (equalsIgnoreCase(raw[i]!, name)) continue
      raw[out++] = raw[i]!
      raw[out++] = raw[i + 1]!
    }
    const removed = out < raw.length
    raw.length = out
    return removed
  }

  /** Pairs of name and value, in order. */
  *[Symbol.iterator](): IterableIterator<[name: string, value: string]> {
    const raw = this.#raw
    for (let i = 0; i < raw.length; i += 2) yield [raw[i]!, raw[i + 1]!]
  }

  /** An independent copy. */
  clone(): HeaderList {
    return HeaderList.fromWire(this.#raw.slice())
  }
}

/** Tells the constructor that `fromWire` sets the array. */
const UNCHECKED: string[] = []

/** What no field value may hold (RFC 9110 §5.5). */
// biome-ignore lint/suspicious/noControlCharactersInRegex: it looks for control characters
const ILLEGAL = /[\0-\x08\x0a-\x1f\x7f]|[^\0-\xff]/

function checkField(name: unknown, value: unknown): void {
  if (typeof name !== 'string' || !isFieldName(name))
    throw new TypeError(`${JSON.stringify(name)} can't be the name of a header field`)
  if (typeof value !== 'string')
    throw new TypeError(`the value of the header field "${name}" must be a string, found ${typeof value}`)
  // The value may be a secret: it is not shown.
  if (ILLEGAL.test(value))
    throw new TypeError(
      `the value of the header field "${name}" has a line break, a control character or one above U+00FF`,
    )
}

function checkedCopy(fields: readonly string[]): string[] {
  if (fields.length % 2 === 1) throw new TypeError('header fields come in pairs: a name, then its value')
  for (let i = 0; i < fields.length; i += 2) checkField(fields[i], fields[i + 1])
  return fields.slice()
}
