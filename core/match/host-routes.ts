import { type RE2JS, RE2Set } from 're2js'
import { TooLongError } from './conditions.ts'
import { expressionOf, MAX_SUBJECT } from './expression.ts'
import { PathTrie } from './path-trie.ts'
import type { Compiled, RouteEntry } from './route-entry.ts'

const NONE: readonly never[] = []

/** What matches a request on one host. */
export interface Candidate {
  readonly entry: RouteEntry
  /** Where the match ends in the normal form of the path. */
  readonly end: number
  /** Begins and ends of the parameters in the normal form, in the order of `entry.parameters`. */
  readonly captures: readonly number[]
}

/** Steps of all expressions of one host together: what is larger costs too much per byte of a path. */
const MAX_PROGRAMS = 2000

interface ExpressionEntry {
  readonly expression: RE2JS
  readonly entry: RouteEntry
}

/** The routes of one host, or of all. */
export class HostRoutes {
  /** Paths without parameters that match as a whole. */
  readonly #exact = new Map<string, readonly RouteEntry[]>()
  /** Those that match in any case, by lower case. */
  readonly #folded = new Map<string, readonly RouteEntry[]>()
  readonly #expressions: ExpressionEntry[] = []
  #set: RE2Set | undefined
  readonly #trie = new PathTrie<RouteEntry>()
  /** The cost of a lookup depends on the paths. */
  #branches = false

  add({ entry, form }: Compiled): void {
    if ('expression' in form) {
      this.#expressions.push({ expression: expressionOf(form.expression), entry })
      return
    }
    const { segments, ends, folds } = form
    this.#branches ||= entry.parameters.length > 0
    if (ends === 'exact' && entry.parameters.length === 0) {
      const path = `/${segments.map((segment) => ('literal' in segment ? segment.literal : '')).join('/')}`
      const [entries, key] = folds ? [this.#folded, path.toLowerCase()] : [this.#exact, path]
      entries.set(key, inserted(entries.get(key), entry))
    } else this.#trie.add(segments, ends, entry, folds, byRank)
  }

  /** All are added. @returns what is wrong with them together */
  complete(): string | undefined {
    this.#trie.complete()
    if (this.#branches && this.#trie.backtracks)
      return 'parameters and texts stand beside each other in so many places that a lookup may take too long: use fewer parameters'
    if (this.#expressions.length === 0) return undefined
    const all = this.#expressions.reduce((sum, { expression }) => sum + expression.programSize(), 0)
    if (all > MAX_PROGRAMS)
      return `the expressions of one host make ${all} steps together, at most ${MAX_PROGRAMS} are allowed: use fewer or simpler ones`
    this.#set = new RE2Set(RE2Set.ANCHOR_BOTH)
    for (const { expression } of this.#expressions) this.#set.add(expression.pattern())
    this.#set.compile()
    return undefined
  }

  /**
   * Visits what matches the path, in order of precedence, until a visit returns true.
   * @param path normal form
   * @throws TooLongError if an expression would have to be tried on a path that is too long
   */
  find(path: string, visit: (found: Candidate) => boolean): boolean {
    for (const entry of this.#exact.get(path) ?? NONE)
      if (visit({ entry, end: path.length, captures: NONE })) return true
    if (this.#folded.size > 0)
      for (const entry of this.#folded.get(path.toLowerCase()) ?? NONE)
        if (visit({ entry, end: path.length, captures: NONE })) return true
    if (this.#set !== undefined) {
      if (path.length > MAX_SUBJECT) throw new TooLongError('path', '')
      for (const index of this.#set.match(path).toSorted((a, b) => a - b)) {
        const { expression, entry } = this.#expressions[index]!
        if (visit({ entry, end: path.length, captures: capturesOf(expression, entry, path) })) return true
      }
    }
    return this.#trie.find(path, (entry, end, captures) => visit({ entry, end, captures }))
  }
}

/** Where the named groups of an expression are. A group that took no part is empty. */
function capturesOf(expression: RE2JS, { parameters }: RouteEntry, path: string): readonly number[] {
  if (parameters.length === 0) return NONE
  const matcher = expression.matcher(path)
  matcher.matches()
  return parameters.flatMap((name) => [Math.max(0, matcher.start(name)), Math.max(0, matcher.end(name))])
}

const inserted = (entries: readonly RouteEntry[] = NONE, entry: RouteEntry): readonly RouteEntry[] =>
  [...entries, entry].sort(byRank)

function byRank(a: RouteEntry, b: RouteEntry): number {
  const [x, y] = [a.conditions.rank, b.conditions.rank]
  for (let i = 0; i < x.length; i++) if (x[i] !== y[i]) return y[i]! - x[i]!
  return a.order - b.order
}
