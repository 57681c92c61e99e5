import type { Endpoint, Route } from '../../core/index.ts'
import { compareVersions, isRelease } from './compare-versions.ts'

interface Entry {
  readonly endpoint: Endpoint
  readonly template: string
}

interface Found extends Entry {
  /** Length of the matched part of the path's normal form. */
  readonly length: number
}

/**
 * The routes of one set of hosts: by version and name under the prefix, by path pattern, and for every path. It compares normal
 * forms (`normalPath`) alone. The cost of a lookup does not grow with the number of endpoints.
 */
export class RouteTable {
  readonly #prefix: string
  readonly #versioned = new Map<string, Entry>()
  readonly #named = new Map<string, Entry>()
  readonly #patterns = new Map<string, Entry>()
  #longest = 0

  /** @param prefix normal form; empty, or starting with `/` and not ending with it */
  constructor(prefix: string) {
    this.#prefix = prefix
  }

  /**
   * Makes `{prefix}/{version}/{name}` lead to the endpoint, and `{prefix}/{name}` to the best version of that name.
   * @param name normal form
   * @param version normal form
   * @param template of the route
   * @returns another endpoint that has the same version and name already, if any
   */
  addName(name: string, version: string | undefined, endpoint: Endpoint, template: string): Endpoint | undefined {
    const entry = { endpoint, template }
    const best = this.#named.get(name)
    if (version !== undefined) {
      const key = `${version}/${name}`
      const taken = this.#versioned.get(key)
      if (taken !== undefined) return taken.endpoint
      this.#versioned.set(key, entry)
    } else if (best !== undefined && best.endpoint.version === undefined) return best.endpoint
    if (best === undefined || isBetter(endpoint, best.endpoint)) this.#named.set(name, entry)
    return undefined
  }

  /**
   * Makes paths under a pattern lead to the endpoint.
   * @param pattern normal form; empty for every path, or starting with `/` and not ending with it
   * @param template of the route
   * @returns the endpoint that has the pattern already, if any
   */
  addPattern(pattern: string, endpoint: Endpoint, template: string): Endpoint | undefined {
    const taken = this.#patterns.get(pattern)
    if (taken !== undefined) return taken.endpoint
    this.#patterns.set(pattern, { endpoint, template })
    this.#longest = Math.max(this.#longest, pattern.length)
    return undefined
  }

  /**
   * The route of a path; its endpoint may be out of service. The longest match wins; of equal ones, the pattern.
   * @param normal normal form of the path
   * @param path as it came, of which the route has what follows the match
   */
  find(normal: string, path: string): Route | undefined {
    const named = this.#byName(normal)
    const best = this.#byPattern(normal, named?.length ?? 0) ?? named
    if (best === undefined) return undefined
    return {
      endpoint: best.endpoint,
      path: path.slice(normal === path ? best.length : endInPath(best.length, normal, path)),
      template: best.template,
    }
  }

  #byName(path: string): Found | undefined {
    const start = this.#prefix.length
    if (!path.startsWith(this.#prefix) || path[start] !== '/') return undefined
    const first = segmentEnd(path, start + 1)
    const second = first === path.length ? first : segmentEnd(path, first + 1)
    const versioned = this.#versioned.get(path.slice(start + 1, second))
    if (versioned !== undefined) return found(versioned, second)
    const named = this.#named.get(path.slice(start + 1, first))
    return named && found(named, first)
  }

  /** Looks up the path at each segment boundary, from the longest pattern down to `least` characters. */
  #byPattern(path: string, least: number): Found | undefined {
    if (this.#patterns.size === 0 || path[0] !== '/') return undefined
    let end = path.length <= this.#longest ? path.length : path.lastIndexOf('/', this.#longest)
    for (; end >= least; end = path.lastIndexOf('/', end - 1)) {
      const entry = this.#patterns.get(path.slice(0, end))
      if (entry !== undefined) return found(entry, end)
      if (end === 0) return undefined
    }
    return undefined
  }
}

/**
 * Which endpoint the name alone leads to: one without version; else a release, even one that is out of service, because clients that
 * name no version must not meet a pre-release by surprise; else an active one; else the highest version.
 */
function isBetter(a: Endpoint, b: Endpoint): boolean {
  if (b.version === undefined) return false
  if (a.version === undefined) return true
  const release = isRelease(a.version)
  if (release !== isRelease(b.version)) return release
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

/** Where in the path a match ends that ends in its normal form at `end`: at the same slash, because both have the same slashes. */
function endInPath(end: number, normal: string, path: string): number {
  if (end === normal.length) return path.length
  let at = -1
  for (let slash = normal.indexOf('/'); slash !== -1 && slash <= end; slash = normal.indexOf('/', slash + 1))
    at = path.indexOf('/', at + 1)
  return at
}
