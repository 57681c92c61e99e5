import type { Endpoint, Route } from '../../core/index.ts'
import { compareVersions } from './compare-versions.ts'

interface Entry {
  readonly endpoint: Endpoint
  readonly template: string
}

interface Found extends Entry {
  /** Length of the matched part of the path, in characters. */
  readonly length: number
}

/** An encoded character takes up to this many characters. */
const ENCODED = 9

/**
 * The routes of one set of hosts: by version and name under the prefix, by path pattern, and for every path. The cost of a lookup
 * does not grow with the number of endpoints.
 */
export class RouteTable {
  readonly #prefix: string
  readonly #versioned = new Map<string, Entry>()
  readonly #named = new Map<string, Entry>()
  readonly #patterns = new Map<string, Entry>()
  #longest = 0

  /** @param prefix empty, or starting with `/` and not ending with it */
  constructor(prefix: string) {
    this.#prefix = prefix
  }

  /** Makes `{prefix}/{version}/{name}` lead to the endpoint, and `{prefix}/{name}` to the best version of that name. */
  addName(endpoint: Endpoint): void {
    const { name, version } = endpoint
    const key = version === undefined ? name : `${version}/${name}`
    const entry = { endpoint, template: `${this.#prefix}/${key}` }
    if (version !== undefined) this.#versioned.set(key, entry)
    const best = this.#named.get(name)
    if (best === undefined || isBetter(endpoint, best.endpoint)) this.#named.set(name, entry)
  }

  /**
   * Makes paths under a pattern lead to the endpoint.
   * @param pattern empty for every path, or starting with `/` and not ending with it
   * @returns the endpoint that has the pattern already, if any
   */
  addPattern(pattern: string, endpoint: Endpoint): Endpoint | undefined {
    const taken = this.#patterns.get(pattern)
    if (taken !== undefined) return taken.endpoint
    this.#patterns.set(pattern, { endpoint, template: pattern === '' ? '/' : pattern })
    this.#longest = Math.max(this.#longest, pattern.length)
    return undefined
  }

  /** The route of a path; its endpoint may be out of service. The longest match wins; of equal ones, the pattern. */
  find(path: string): Route | undefined {
    const named = this.#byName(path)
    const best = this.#byPattern(path, named?.length ?? 0) ?? named
    if (best === undefined) return undefined
    return { endpoint: best.endpoint, path: path.slice(best.length), template: best.template }
  }

  #byName(path: string): Found | undefined {
    const start = this.#prefix.length
    if (!path.startsWith(this.#prefix) || path[start] !== '/') return undefined
    const first = segmentEnd(path, start + 1)
    const second = first === path.length ? first : segmentEnd(path, first + 1)
    const two = path.slice(start + 1, second)
    const one = path.slice(start + 1, first)
    const versioned = this.#versioned.get(two) ?? (two.includes('%') ? this.#versioned.get(decode(two)) : undefined)
    if (versioned !== undefined) return found(versioned, second)
    const named = this.#named.get(one) ?? (one.includes('%') ? this.#named.get(decode(one)) : undefined)
    return named && found(named, first)
  }

  /** Looks up the path at each segment boundary, from the longest pattern down to `least` characters. */
  #byPattern(path: string, least: number): Found | undefined {
    if (this.#patterns.size === 0 || path[0] !== '/') return undefined
    const encoded = path.includes('%')
    const most = encoded ? this.#longest * ENCODED : this.#longest
    let end = path.length <= most ? path.length : path.lastIndexOf('/', most)
    for (; end >= least; end = path.lastIndexOf('/', end - 1)) {
      const piece = path.slice(0, end)
      const entry = this.#patterns.get(piece) ?? (encoded ? this.#patterns.get(decode(piece)) : undefined)
      if (entry !== undefined) return found(entry, end)
      if (end === 0) return undefined
    }
    return undefined
  }
}

/** Which endpoint the name alone leads to: one without version; else an active one; else the highest version. */
function isBetter(a: Endpoint, b: Endpoint): boolean {
  if (b.version === undefined) return false
  if (a.version === undefined) return true
  if ((a.status === 'active') !== (b.status === 'active')) return a.status === 'active'
  return compareVersions(a.version, b.version) > 0
}

function found({ endpoint, template }: Entry, length: number): Found {
  return { endpoint, template, length }
}

function segmentEnd(path: string, from: number): number {
  const end = path.indexOf('/', from)
  return end === -1 ? path.length : end
}

/**
 * Percent-decodes a piece of a path to look it up; the upstream gets the path undecoded. Encoded slashes stay, because they are no
 * separators (RFC 3986 §2.2). A malformed piece becomes a key that no route has.
 */
function decode(piece: string): string {
  try {
    return decodeURIComponent(piece.replaceAll(/%2f/gi, '%252F'))
  } catch {
    return '\0'
  }
}
