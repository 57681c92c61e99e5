import type { Endpoint, Route } from '../../core/index.ts'
import { RouteTable } from './route-table.ts'

const HOST = /^(?:\*\.)?(?:[a-z0-9_-]+(?:\.[a-z0-9_-]+)*|\[[0-9a-f:.]+\])$/
/** A longer host is no host name (RFC 1035 §2.3.4) and is not looked up. */
const MAX_HOST = 255

/**
 * All routes of a listener, in order of the host: the exact host first, then `*.` patterns from the longest, then endpoints without
 * hosts.
 */
export class RoutesByHost {
  readonly #prefix: string
  readonly #anywhere: RouteTable
  readonly #exact = new Map<string, RouteTable>()
  /** By the part behind the `*`: `.example.com`. */
  readonly #wildcard = new Map<string, RouteTable>()

  /**
   * Throws when two endpoints claim the same paths of the same host.
   * @param prefix empty, or starting with `/` and not ending with it
   */
  constructor(prefix: string, endpoints: readonly Endpoint[]) {
    this.#prefix = prefix
    this.#anywhere = new RouteTable(prefix)
    for (const endpoint of endpoints) this.#add(endpoint)
  }

  /** @param host `host[:port]` as the client sent it */
  find(host: string, path: string): Route | undefined {
    if (this.#exact.size > 0 || this.#wildcard.size > 0) {
      const route = this.#onHost(hostName(host), path)
      if (route !== undefined) return route
    }
    return this.#anywhere.find(path)
  }

  #onHost(host: string, path: string): Route | undefined {
    if (host.length > MAX_HOST) return undefined
    const route = this.#exact.get(host)?.find(path)
    if (route !== undefined || this.#wildcard.size === 0) return route
    for (let dot = host.indexOf('.'); dot > 0; dot = host.indexOf('.', dot + 1)) {
      const found = this.#wildcard.get(host.slice(dot))?.find(path)
      if (found !== undefined) return found
    }
    return undefined
  }

  #add(endpoint: Endpoint): void {
    const patterns = endpoint.match.paths.map((pattern) => cleanPattern(pattern, endpoint))
    if (endpoint.match.hosts.length === 0) {
      this.#anywhere.addName(endpoint)
      for (const pattern of patterns) addPattern(this.#anywhere, pattern, endpoint, 'every host')
      return
    }
    for (const host of endpoint.match.hosts) {
      const table = this.#tableOf(host, endpoint)
      if (patterns.length === 0) addPattern(table, '', endpoint, host)
      else {
        table.addName(endpoint)
        for (const pattern of patterns) addPattern(table, pattern, endpoint, host)
      }
    }
  }

  #tableOf(pattern: string, endpoint: Endpoint): RouteTable {
    const host = pattern.toLowerCase()
    if (!HOST.test(host))
      throw new Error(
        `endpoint "${endpoint.id}": "${pattern}" is not a valid host: expected api.example.com or *.example.com, without a port`,
      )
    const [tables, key] = host.startsWith('*') ? [this.#wildcard, host.slice(1)] : [this.#exact, host]
    let table = tables.get(key)
    if (table === undefined) {
      table = new RouteTable(this.#prefix)
      tables.set(key, table)
    }
    return table
  }
}

function addPattern(table: RouteTable, pattern: string, endpoint: Endpoint, host: string): void {
  const taken = table.addPattern(pattern, endpoint)
  if (taken === undefined || taken === endpoint) return
  throw new Error(
    `endpoints "${taken.id}" and "${endpoint.id}" both match ${pattern === '' ? 'every path' : `"${pattern}"`} on ${host}: set different match.paths`,
  )
}

function cleanPattern(pattern: string, endpoint: Endpoint): string {
  const clean = pattern.replace(/\/+$/, '')
  if ((clean === '' && pattern !== '/') || (clean !== '' && !/^\/[^?#*{}\s\\]*$/.test(clean)))
    throw new Error(
      `endpoint "${endpoint.id}": "${pattern}" is not a valid path: expected a prefix such as /shop, without wildcards`,
    )
  return clean
}

/** The host in lower case, without port and without the dot at the end of an absolute name. */
function hostName(host: string): string {
  const colon = host.lastIndexOf(':')
  let name = colon === -1 || host.endsWith(']') ? host : host.slice(0, colon)
  if (name.endsWith('.')) name = name.slice(0, -1)
  return name.toLowerCase()
}
