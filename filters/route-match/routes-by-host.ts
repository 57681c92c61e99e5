import {
  type Endpoint,
  type EndpointProblem,
  EndpointsError,
  normalHost,
  normalPattern,
  type Route,
} from '../../core/index.ts'
import { RouteTable } from './route-table.ts'

const HOST = /^(?:\*\.)?(?:[a-z0-9_-]+(?:\.[a-z0-9_-]+)*|\[[0-9a-f:.]+\])$/
/** A longer host is no host name (RFC 1035 §2.3.4) and is not looked up. */
const MAX_HOST = 255

const PART_OF_PATH = 'it is a part of the path: '

/** What leads to an endpoint on its hosts, in normal form; undefined where there is none. */
interface Patterns {
  readonly name: string | undefined
  /** Empty if it has none. */
  readonly version: string | undefined
  readonly paths: readonly { readonly form: string | undefined; readonly template: string }[]
}

/** An endpoint with hosts alone gets every path there, and has no name. */
const EVERY_PATH: Patterns = { name: undefined, version: undefined, paths: [{ form: '', template: '/' }] }

/**
 * All routes of a listener, in order of the host: the exact host first, then `*.` patterns from the longest, then endpoints without
 * hosts.
 */
export class RoutesByHost {
  readonly #prefix: { readonly written: string; readonly normal: string }
  readonly #anywhere: RouteTable
  readonly #exact = new Map<string, RouteTable>()
  /** By the part behind the `*`: `.example.com`. */
  readonly #wildcard = new Map<string, RouteTable>()
  readonly #problems: EndpointProblem[] = []

  /**
   * @param prefix with a normal form; empty, or starting with `/` and not ending with it
   * @throws EndpointsError when a pattern or a name can't be matched, or two endpoints claim the same paths of the same host
   */
  constructor(prefix: string, endpoints: readonly Endpoint[]) {
    this.#prefix = { written: prefix, normal: normalPattern(prefix) as string }
    this.#anywhere = new RouteTable(this.#prefix.normal)
    for (const endpoint of endpoints) this.#add(endpoint)
    if (this.#problems.length > 0) throw new EndpointsError(this.#problems)
  }

  /**
   * @param host `host[:port]` as the client sent it
   * @param normal normal form of the path
   * @param path as it came
   */
  find(host: string, normal: string, path: string): Route | undefined {
    if (this.#exact.size > 0 || this.#wildcard.size > 0) {
      const route = this.#onHost(normalHost(host), normal, path)
      if (route !== undefined) return route
    }
    return this.#anywhere.find(normal, path)
  }

  #onHost(host: string, normal: string, path: string): Route | undefined {
    if (host.length > MAX_HOST) return undefined
    const route = this.#exact.get(host)?.find(normal, path)
    if (route !== undefined || this.#wildcard.size === 0) return route
    for (let dot = host.indexOf('.'); dot > 0; dot = host.indexOf('.', dot + 1)) {
      const found = this.#wildcard.get(host.slice(dot))?.find(normal, path)
      if (found !== undefined) return found
    }
    return undefined
  }

  #add(endpoint: Endpoint): void {
    const { hosts, paths } = endpoint.match
    const own = hosts.length > 0 && paths.length === 0 ? EVERY_PATH : this.#patternsOf(endpoint)
    if (hosts.length === 0) this.#addTo(this.#anywhere, own, endpoint, 'every host')
    hosts.forEach((written, i) => {
      const table = this.#tableOf(written, endpoint, i)
      if (table !== undefined) this.#addTo(table, own, endpoint, written)
    })
  }

  /** What leads to an endpoint on its hosts: its name, and its patterns. */
  #patternsOf({ id, name, version, match }: Endpoint): Patterns {
    const normal = (text: string, what: string, at: EndpointProblem['at'], found: string): string | undefined => {
      const form = normalPattern(text)
      if (typeof form === 'string') return form
      this.#problems.push({ endpoint: id, at, message: `${what}expected ${form.expected}, found "${found}"` })
      return undefined
    }
    const first = version === undefined ? '' : normal(`/${version}`, PART_OF_PATH, ['version'], version)
    const last = normal(`/${name}`, PART_OF_PATH, ['name'], name)
    const paths = match.paths.map((written, i) => {
      const template = written.replace(/\/+$/, '')
      if (template === '' ? written === '/' : /^\/[^?#*{}\s\\]*$/.test(template))
        return { form: normal(template, '', ['path', i], written), template: template || '/' }
      const message = `expected a path prefix such as /shop, without wildcards, found "${written}"`
      this.#problems.push({ endpoint: id, at: ['path', i], message })
      return { form: undefined, template }
    })
    return { name: last?.slice(1), version: first?.slice(1), paths }
  }

  #addTo(table: RouteTable, { name, version, paths }: Patterns, endpoint: Endpoint, host: string): void {
    if (name !== undefined && version !== undefined) {
      const template = `${this.#prefix.written}/${endpoint.id}`
      const taken = table.addName(name, version === '' ? undefined : version, endpoint, template)
      this.#taken(taken, endpoint, ['name'], ['name'], `the name "${endpoint.id}"`, host)
    }
    paths.forEach(({ form, template }, i) => {
      if (form === undefined) return
      const taken = table.addPattern(form, endpoint, template)
      const other = taken?.match.paths.findIndex((path) => normalPattern(path.replace(/\/+$/, '')) === form) ?? -1
      const [at, what] =
        form === '' && endpoint.match.paths.length === 0
          ? [['host'], 'every path']
          : [['path', i], `the path "${template}"`]
      this.#taken(taken, endpoint, at, other === -1 ? ['host'] : ['path', other], what, host)
    })
  }

  /** Reports that another endpoint has the same already. */
  #taken(
    taken: Endpoint | undefined,
    endpoint: Endpoint,
    at: EndpointProblem['at'],
    otherAt: EndpointProblem['at'],
    what: string,
    host: string,
  ): void {
    if (taken === undefined || taken === endpoint) return
    this.#problems.push({
      endpoint: endpoint.id,
      at,
      message: `"${taken.id}" and "${endpoint.id}" both have ${what} on ${host}, if only in another spelling: change one of them`,
      other: { endpoint: taken.id, at: otherAt },
    })
  }

  #tableOf(written: string, endpoint: Endpoint, index: number): RouteTable | undefined {
    const host = normalHost(written)
    if (!HOST.test(host) || /:\d*$/.test(written)) {
      const message = `expected a host such as api.example.com or *.example.com, without a port, found "${written}"`
      this.#problems.push({ endpoint: endpoint.id, at: ['host', index], message })
      return undefined
    }
    const [tables, key] = host.startsWith('*') ? [this.#wildcard, host.slice(1)] : [this.#exact, host]
    let table = tables.get(key)
    if (table === undefined) {
      table = new RouteTable(this.#prefix.normal)
      tables.set(key, table)
    }
    return table
  }
}
