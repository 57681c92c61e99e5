/** The kind of a field that no table names. */
const NONE = 0

interface Entry {
  /** Folded as names are when they are compared. */
  readonly lower: string
  readonly kind: number
}

/**
 * Finds what a table says of a field's name, in any case. Made for loops over every field of every message: it compares the length
 * and the first letter before the name, and allocates nothing (to hash or lower-case each name cost 2 % of a request).
 *
 * ```ts
 * const kinds = new FieldKinds({ cookie: 1, 'x-internal-*': 2 })
 * kinds.of('X-Internal-Id') // 2
 * kinds.of('Accept') // 0
 * ```
 */
export class FieldKinds {
  /** By length and first letter. */
  readonly #names: (readonly Entry[] | undefined)[]
  readonly #longest: number
  /** By first letter; the longest first. */
  readonly #prefixes: (readonly Entry[] | undefined)[]

  /**
   * @param table kinds by name. A name that ends in `*` stands for all that begin with the rest; the longest one counts, and a
   * whole name before any of those. 0 means none.
   */
  constructor(table: Readonly<Record<string, number>>) {
    const entries = Object.entries(table)
    this.#longest = Math.max(0, ...entries.map(([name]) => name.length))
    // Without holes: reading them is slower.
    this.#names = new Array<undefined>((this.#longest + 1) * LETTERS).fill(undefined)
    this.#prefixes = new Array<undefined>(LETTERS).fill(undefined)
    for (const [name, kind] of entries) {
      const isPrefix = name.endsWith('*')
      const lower = fold(isPrefix ? name.slice(0, -1) : name)
      const list = isPrefix ? this.#prefixes : this.#names
      const at = isPrefix ? letterOf(lower) : lower.length * LETTERS + letterOf(lower)
      list[at] = [...(list[at] ?? []), { lower, kind }].toSorted((a, b) => b.lower.length - a.lower.length)
    }
  }

  /** The kind of the field with this name; 0 if the table does not name it. */
  of(name: string): number {
    const letter = letterOf(name)
    if (name.length <= this.#longest) {
      const names = this.#names[name.length * LETTERS + letter]
      if (names !== undefined) for (const { lower, kind } of names) if (begins(name, lower)) return kind
    }
    const prefixes = this.#prefixes[letter]
    if (prefixes !== undefined)
      for (const { lower, kind } of prefixes) if (name.length >= lower.length && begins(name, lower)) return kind
    return NONE
  }
}

const LETTERS = 32
const letterOf = (name: string): number => name.charCodeAt(0) & 31

/** As the characters of tokens are compared: `| 0x20` folds the case of letters; it makes one of `^` and `~`, but of no others. */
const fold = (name: string): string => String.fromCharCode(...Array.from(name, (char) => char.charCodeAt(0) | 0x20))

/** Whether a token at least as long begins with a folded one. */
function begins(name: string, lower: string): boolean {
  for (let i = 0; i < lower.length; i++) if ((name.charCodeAt(i) | 0x20) !== lower.charCodeAt(i)) return false
  return true
}
