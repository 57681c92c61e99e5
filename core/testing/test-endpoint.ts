import type { Endpoint, Match, PathPattern, Target } from '../api/endpoint.ts'

/** A target of that URL, as a configuration gives it. */
export function targetOf(url: string, weight = 1): Target {
  const { origin, host, pathname } = new URL(url)
  return { url, origin, host, basePath: pathname.replace(/\/$/, ''), weight }
}

/**
 * An endpoint with what a test does not care about filled in.
 *
 * ```ts
 * endpoint('v1/orders', { targets: [targetOf('http://orders.test')] })
 * ```
 * @param id `name`, or `version/name`
 */
export function endpoint(id: string, rest: Partial<Endpoint> = {}): Endpoint {
  const cut = id.indexOf('/')
  return {
    id,
    name: id.slice(cut + 1),
    version: cut === -1 ? undefined : id.slice(0, cut),
    targets: [],
    status: 'active',
    match: [],
    byName: false,
    stripPrefix: false,
    rewrite: undefined,
    caseSensitive: true,
    allowAmbiguous: [],
    requires: [],
    ...rest,
  }
}

/**
 * A match, as a configuration gives it.
 *
 * ```ts
 * endpoint('users', { match: [matchOf('/users/{id}', { methods: ['GET'] })] })
 * ```
 * @param path prefix, or another pattern
 */
export function matchOf(path: string | PathPattern = '/', rest: Partial<Match> = {}): Match {
  const pattern = typeof path === 'string' ? { prefix: path } : path
  const at = { host: ['host'], path: ['path'] }
  return { host: undefined, path: pattern, methods: [], headers: [], query: [], cookies: [], at, ...rest }
}

/** An endpoint as a test describes it: like an entry of `endpoints:` in the YAML. */
export interface TestEndpoint {
  /** Default: `api`. */
  readonly name?: string
  readonly version?: string
  /** Default: `http://upstream.test`. */
  readonly url?: string
  /** In place of `url`: several targets. */
  readonly urls?: readonly string[]
  readonly status?: Endpoint['status']
  /** What a filter of the chain must satisfy: `['authentication']`. */
  readonly requires?: Endpoint['requires']
  /** Options for this endpoint alone, by the filter's name in the chain; `off` leaves the filter out. */
  readonly filters?: Readonly<Record<string, Readonly<Record<string, unknown>> | 'off'>>
}

/** What the engine makes of such an entry. */
export function endpointOf({ name = 'api', version, url, urls, status, requires }: TestEndpoint): Endpoint {
  const targets = (urls ?? [url ?? 'http://upstream.test']).map((one) => targetOf(one))
  return endpoint(version === undefined ? name : `${version}/${name}`, {
    targets,
    ...(status === undefined ? {} : { status }),
    ...(requires === undefined ? {} : { requires }),
  })
}
