import type { Endpoint, Match, Route } from '../api/endpoint.ts'
import { type EndpointProblem, EndpointsError } from '../api/endpoints-error.ts'
import { normalPath } from '../base/normal-path.ts'
import { Conditions, conditionsText, TooLongError } from './conditions.ts'
import type { Candidate } from './host-routes.ts'
import { NamedEndpoints } from './named-endpoints.ts'
import { type NoRoute, tooLong } from './no-route.ts'
import { climbs, isAmbiguous, readingsOf } from './readings.ts'
import { RequestValues, type RouteRequest } from './request-values.ts'
import { type Compiled, compileMatch, compileName, identityOf } from './route-entry.ts'
import { routeOf } from './route-of.ts'
import { hostPattern, RoutesByHost } from './routes-by-host.ts'

const NO_ROUTE: NoRoute = { reason: 'no_route', detail: 'No endpoint matches this request.' }
const AMBIGUOUS: NoRoute = {
  reason: 'path_ambiguous',
  detail: 'Expected a path that all servers read in the same way: without %2F, // and ; where they lead elsewhere.',
}

/** What matches the path of a request, for explanations. */
export interface RouteCandidate {
  readonly endpoint: Endpoint
  /** As in its match; empty: every host. */
  readonly host: string
  readonly template: string
  /** Where the match ends in the normal form of the path. */
  readonly end: number
  /** Whether it has methods, how many conditions on fields and cookies, and how many on the query: the larger comes first. */
  readonly rank: readonly number[]
  /** The condition that the request does not meet: `method`, `header "x-beta"`. Undefined: it meets all. */
  readonly failed: string | undefined
}

/** What leads to an endpoint, as it was given. */
interface Given {
  /** Its place in the entry of the endpoint. */
  readonly at: EndpointProblem['at']
  readonly path: string
  /** Normal form; empty: every host. */
  readonly host: string
  readonly conditions: string
}

/** What two endpoints may not have both. */
interface Taken {
  readonly endpoint: string
  readonly at: EndpointProblem['at']
}

/**
 * All that leads to endpoints. On the exact host of a request it looks first, then on its `*.` patterns from the longest, then among what
 * names no host; on each by path, then by the number of conditions, then by the order of the configuration. It compares normal
 * forms alone. Every reading of a path that upstreams disagree about must lead to the same endpoint.
 *
 * ```ts
 * const routes = new RouteTable(env.service(EndpointsKey), '/orchestrator')
 * const { method, path, query, headers } = x.request
 * const route = routes.find({ host: x.downstream.host, method, path, query, headers })
 * if ('endpoint' in route) x.set(RouteSlot, route)
 * ```
 */
export class RouteTable {
  readonly #byId = new Map<string, Endpoint>()
  readonly #routes = new RoutesByHost()
  /** Equal ones are one. */
  readonly #conditions = new Map([['', Conditions.none]])
  readonly #taken = new Map<string, Taken>()
  readonly #problems: EndpointProblem[] = []

  /**
   * @param prefix before version and name in paths; empty, or starting with `/` and not ending with it
   * @throws EndpointsError when something can't be matched, or leads to two endpoints
   */
  constructor(endpoints: readonly Endpoint[], prefix: string) {
    const names = new NamedEndpoints(prefix)
    endpoints.forEach((endpoint, order) => {
      this.#byId.set(endpoint.id, endpoint)
      if (endpoint.match.length === 0 || endpoint.byName) names.add(endpoint, order)
      for (const match of endpoint.match) this.#addMatch(endpoint, match, order)
    })
    for (const { endpoint, path, order } of names.all()) {
      const compiled = compileName(endpoint, path, `${prefix}/${endpoint.id}`, order)
      this.#addTo(compiled, endpoint, { at: ['name'], path, host: '', conditions: '' })
    }
    const first = endpoints.find(({ match }) => match.length > 0)
    for (const message of this.#routes.complete()) this.#problems.push({ endpoint: first!.id, at: [], message })
    if (this.#problems.length > 0) throw new EndpointsError(this.#problems)
    this.#taken.clear()
    this.#conditions.clear()
  }

  /** An endpoint by its id. */
  of(id: string): Endpoint | undefined {
    return this.#byId.get(id)
  }

  /** The route of a request, or why it has none. The endpoint may be out of service. */
  find(request: RouteRequest): Route | NoRoute {
    const { path } = request
    const normal = normalPath(path)
    if (typeof normal !== 'string') return { reason: normal.reason, detail: `Expected ${normal.expected}.` }
    let read: RequestValues | undefined
    const values = (): RequestValues => {
      read ??= new RequestValues(request)
      return read
    }
    try {
      const found = this.#find(request.host, normal, values)
      if (isAmbiguous(normal)) {
        const endpoint = found instanceof Set ? undefined : found?.entry.endpoint
        const readings = readingsOf(normal, endpoint?.allowAmbiguous)
        if (readings === undefined) return AMBIGUOUS
        for (const reading of readings) {
          const other = climbs(reading) ? undefined : this.#find(request.host, reading, values)
          if (climbs(reading) || (other instanceof Set ? undefined : other?.entry.endpoint) !== endpoint)
            return { ...AMBIGUOUS, reading }
        }
      }
      if (found === undefined) return NO_ROUTE
      if (found instanceof Set)
        return {
          reason: 'method_not_allowed',
          detail: `Allowed methods: ${[...found].join(', ')}.`,
          methods: [...found],
        }
      return routeOf(found, normal, path)
    } catch (error) {
      if (error instanceof TooLongError) return tooLong(error)
      throw error
    }
  }

  /**
   * Everything whose path matches, in order of precedence, with the condition that is not met, if any. For explanations: it looks at all.
   * @param normal normal form of the path
   */
  candidates(request: RouteRequest, normal: string): RouteCandidate[] {
    const all: RouteCandidate[] = []
    const values = new RequestValues(request)
    this.#routes.find(request.host, normal, ({ entry: { endpoint, host, template, conditions }, end }) => {
      all.push({ endpoint, host, template, end, rank: conditions.rank, failed: conditions.failed(values) })
      return false
    })
    return all
  }

  /** The match; the methods with which there is one; or undefined. */
  #find(host: string, normal: string, values: () => RequestValues): Candidate | Set<string> | undefined {
    let match: Candidate | undefined
    let methods: Set<string> | undefined
    this.#routes.find(host, normal, (found) => {
      const { conditions } = found.entry
      const failed = conditions.any ? conditions.failed(values()) : undefined
      if (failed === undefined) {
        match = found
        return true
      }
      if (failed === 'method') {
        methods ??= new Set()
        for (const method of conditions.methods) methods.add(method)
      }
      return false
    })
    return match ?? methods
  }

  #addMatch(endpoint: Endpoint, match: Match, order: number): void {
    const host = match.host === undefined ? '' : hostPattern(match.host)
    if (host === undefined) {
      const message = `expected a host such as api.example.com or *.example.com, without a port, found "${match.host}"`
      this.#problems.push({ endpoint: endpoint.id, at: match.at.host, message })
      return
    }
    const { path } = match
    const text = 'prefix' in path ? path.prefix : 'exact' in path ? path.exact : path.regex
    const key = conditionsText(match)
    const conditions = this.#conditions.get(key) ?? new Conditions(match)
    this.#conditions.set(key, conditions)
    this.#addTo(compileMatch(endpoint, match, conditions, order), endpoint, {
      at: match.at.path,
      path: text,
      host,
      conditions: key,
    })
  }

  #addTo(compiled: Compiled | string, endpoint: Endpoint, { at, path, host, conditions }: Given): void {
    if (typeof compiled === 'string') {
      this.#problems.push({ endpoint: endpoint.id, at, message: `expected ${compiled}, found "${path}"` })
      return
    }
    const key = `${host} ${identityOf(compiled.form, conditions)}`
    const taken = this.#taken.get(key)
    if (taken === undefined) {
      this.#taken.set(key, { endpoint: endpoint.id, at })
      this.#routes.of(host).add(compiled)
    } else if (taken.endpoint !== endpoint.id) {
      const where = host === '' ? 'every host' : host
      const { template } = compiled.entry
      this.#problems.push({
        endpoint: endpoint.id,
        at,
        message: `"${taken.endpoint}" and "${endpoint.id}" both have "${template}" on ${where}, if only in another spelling: change one of them`,
        other: taken,
      })
    }
  }
}
