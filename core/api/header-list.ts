/** True if `name`, in any case, is `lower`. */
export function sameName(name: string, lower: string): boolean {
  return name.length === lower.length && (name === lower || name.toLowerCase() === lower)
}

/**
 * Header fields as they are on the wire: a flat list `[name, value, name, value, …]` of latin-1 strings that keeps
 * order, case and duplicates (`Set-Cookie` is never joined: RFC 9110 §5.3). Names passed to its methods are lower case
 * when they are looked up and kept as given when they are written.
 */
export class HeaderList {
  /** The fields themselves. Edit through the methods unless you rebuild the whole list. */
  raw: string[]

  constructor(raw: string[] = []) {
    this.raw = raw
  }

  static of(fields: Readonly<Record<string, string | readonly string[]>>): HeaderList {
    const list = new HeaderList()
    for (const [name, value] of Object.entries(fields)) {
      if (typeof value === 'string') list.add(name, value)
      else for (const one of value) list.add(name, one)
    }
    return list
  }

  /** First value of a field, or undefined. */
  get(lower: string): string | undefined {
    const { raw } = this
    for (let i = 0; i < raw.length; i += 2) if (sameName(raw[i]!, lower)) return raw[i + 1]
    return undefined
  }

  /** Every value of a field, in order. */
  all(lower: string): string[] {
    const { raw } = this
    const values: string[] = []
    for (let i = 0; i < raw.length; i += 2) if (sameName(raw[i]!, lower)) values.push(raw[i + 1]!)
    return values
  }

  /** All values of a list-valued field joined by `, ` (RFC 9110 §5.3), or undefined. Not for `Set-Cookie`. */
  joined(lower: string): string | undefined {
    const values = this.all(lower)
    return values.length === 0 ? undefined : values.join(', ')
  }

  has(lower: string): boolean {
    return this.get(lower) !== undefined
  }

  /** Appends a field, keeping others of its name. */
  add(name: string, value: string): void {
    this.raw.push(name, value)
  }

  /** Replaces every field of that name by one, at the place of the first; appends it if there was none. */
  set(name: string, value: string): void {
    const { raw } = this
    const lower = name.toLowerCase()
    let at = 0
    while (at < raw.length && !sameName(raw[at]!, lower)) at += 2
    const found = at < raw.length
    raw[at] = name
    raw[at + 1] = value
    if (found) this.#deleteFrom(at + 2, lower)
  }

  /** Removes every field of that name; says whether there was one. */
  delete(lower: string): boolean {
    return this.#deleteFrom(0, lower)
  }

  #deleteFrom(start: number, lower: string): boolean {
    const { raw } = this
    let out = start
    for (let i = start; i < raw.length; i += 2) {
      if (sameName(raw[i]!, lower)) continue
      raw[out++] = raw[i]!
      raw[out++] = raw[i + 1]!
    }
    const removed = out < raw.length
    raw.length = out
    return removed
  }

  *[Symbol.iterator](): IterableIterator<[name: string, value: string]> {
    for (let i = 0; i < this.raw.length; i += 2) yield [this.raw[i]!, this.raw[i + 1]!]
  }

  clone(): HeaderList {
    return new HeaderList(this.raw.slice())
  }
}
