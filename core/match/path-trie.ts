import type { Segment } from './path-template.ts'

/** Decides about what was found: false looks further. */
export type Visit<T> = (found: T, end: number, captures: readonly number[]) => boolean

/** Places that a lookup may try, whatever the path: about 20 µs. */
const MOST_TRIED = 1000

const NONE: readonly never[] = []

/** A segment in the trie. Most have one literal child: it is kept without a map. */
class Node<T> {
  key: string | undefined
  child: Node<T> | undefined
  children: Map<string, Node<T>> | undefined
  /** Children whose upper and lower case are equal, by lower case. */
  folded: Map<string, Node<T>> | undefined
  parameter: Node<T> | undefined
  /** Where the path ends here. */
  exact: readonly T[] = NONE
  /** Where it may go on. */
  prefix: readonly T[] = NONE

  literal(text: string): Node<T> | undefined {
    return this.children === undefined ? (this.key === text ? this.child : undefined) : this.children.get(text)
  }

  /** The child for a segment, made if there is none. */
  make(segment: Segment, folds: boolean): Node<T> {
    if ('parameter' in segment) {
      this.parameter ??= new Node()
      return this.parameter
    }
    if (folds) {
      this.folded ??= new Map()
      return entryOf(this.folded, segment.literal.toLowerCase())
    }
    if (this.child === undefined || this.key === segment.literal) {
      this.key = segment.literal
      this.child ??= new Node()
      return this.child
    }
    this.children ??= new Map([[this.key!, this.child]])
    return entryOf(this.children, segment.literal)
  }

  /**
   * Copies what matches in any case below each literal that it matches: a lookup then needs the literal alone, and finds the longer path
   * whatever its case.
   */
  settle(): void {
    const literals = this.#literals()
    if (this.folded !== undefined)
      for (const [text, child] of literals) {
        const folded = this.folded.get(text.toLowerCase())
        if (folded !== undefined) child.#take(folded)
      }
    for (const [, child] of literals) child.settle()
    for (const child of this.folded?.values() ?? NONE) child.settle()
    this.parameter?.settle()
  }

  #literals(): Iterable<readonly [string, Node<T>]> {
    return this.children ?? (this.child === undefined ? NONE : [[this.key!, this.child]])
  }

  #take({ exact, prefix, folded, parameter }: Node<T>): void {
    this.exact = [...this.exact, ...exact]
    this.prefix = [...this.prefix, ...prefix]
    for (const [key, child] of folded ?? NONE) {
      this.folded ??= new Map()
      entryOf(this.folded, key).#take(child)
    }
    if (parameter === undefined) return
    this.parameter ??= new Node()
    this.parameter.#take(parameter)
  }

  /** Places that a lookup below here may try at most. */
  get most(): number {
    let largest = 0
    for (const [, { most }] of this.#literals()) largest = Math.max(largest, most)
    for (const { most } of this.folded?.values() ?? NONE) largest = Math.max(largest, most)
    return 1 + largest + (this.parameter?.most ?? 0)
  }
}

function entryOf<T>(children: Map<string, Node<T>>, key: string): Node<T> {
  let child = children.get(key)
  if (child === undefined) {
    child = new Node()
    children.set(key, child)
  }
  return child
}

/**
 * Paths by their segments: of those that match a path, the one comes first whose first different segment is a literal, in whatever case
 * it matches, then a parameter, then the end of a prefix; of equal ones that which matches in one case alone. The cost of a lookup
 * grows with the segments of the path, not with the number of paths.
 */
export class PathTrie<T> {
  readonly #root = new Node<T>()
  #folds = false

  /** @param ends `exact`: with the path, `prefix`: with a segment of it */
  add(
    segments: readonly Segment[],
    ends: 'exact' | 'prefix',
    value: T,
    folds: boolean,
    order: (a: T, b: T) => number,
  ): void {
    let node = this.#root
    for (const segment of segments) node = node.make(segment, folds)
    const others = node[ends]
    node[ends] = others.length === 0 ? [value] : [...others, value].sort(order)
    this.#folds ||= folds
  }

  /** All are added. */
  complete(): void {
    if (this.#folds) this.#root.settle()
  }

  /** Whether a path may be made for which a lookup takes too long. */
  get backtracks(): boolean {
    return this.#root.most > MOST_TRIED
  }

  /**
   * Visits what matches a path, in order of precedence, until a visit returns true.
   * @param path normal form
   */
  find(path: string, visit: Visit<T>): boolean {
    return path[0] === '/' && this.#look(this.#root, path, 0, [], visit)
  }

  /** @param at where the segment of the node ends */
  #look(node: Node<T>, path: string, at: number, captures: number[], visit: Visit<T>): boolean {
    if (at < path.length && !(at === 0 && path.length === 1)) {
      const slash = path.indexOf('/', at + 1)
      const end = slash === -1 ? path.length : slash
      const text = path.slice(at + 1, end)
      const literal = node.literal(text) ?? (this.#folds ? node.folded?.get(text.toLowerCase()) : undefined)
      if (literal !== undefined && this.#look(literal, path, end, captures, visit)) return true
      if (node.parameter !== undefined && text !== '') {
        captures.push(at + 1, end)
        if (this.#look(node.parameter, path, end, captures, visit)) return true
        captures.length -= 2
      }
    }
    const ended = at === path.length || path.length === 1
    if (ended) for (const found of node.exact) if (visit(found, path.length === 1 ? 1 : at, captures)) return true
    for (const found of node.prefix) if (visit(found, at, captures)) return true
    return false
  }
}
