import { defineService, type ServiceKey } from '../api/service.ts'

/** What leads to an endpoint. Plain data. */
export interface RouteView {
  /** Id of the endpoint. */
  readonly endpoint: string
  /** Host pattern; null: any. */
  readonly host: string | null
  /** As the configuration writes it: `/shop`, `exact /x`, `regex /…`. */
  readonly path: string
  /** Null: any. */
  readonly methods: readonly string[] | null
  /** Names of headers, cookies and query keys on which it depends. */
  readonly conditions: readonly string[]
  readonly file: string
  readonly line: number | null
}

/** A request that nobody sends. Plain data. */
export interface DescribedRequest {
  readonly method: string
  /** `http://host/path?query`, or a path alone. */
  readonly url: string
  /** Names and values in turn. */
  readonly headers?: readonly string[] | undefined
  /** Default: the first that leads to endpoints. */
  readonly listener?: string | undefined
  /** Address of the client. */
  readonly client?: string | undefined
}

/** One step of a test of a target. Plain data. */
export interface ConnectivityStep {
  readonly step: 'dns' | 'tcp' | 'tls' | 'http'
  readonly passed: boolean
  readonly duration_ms: number
  /** For people: addresses, versions, the status, or why it failed; never bytes of the upstream's body. */
  readonly detail: string
  /** Of `tls`: when the certificate begins and ceases to be valid (RFC 3339). */
  readonly valid_from?: string
  readonly valid_to?: string
}

/** Whether a target can be reached from here. Plain data. */
export interface ConnectivityTest {
  /** URL of the target, without credentials. */
  readonly target: string
  readonly passed: boolean
  readonly steps: readonly ConnectivityStep[]
}

/**
 * Shows and tests the routes of the configuration that runs; for admin filters. No method rejects.
 *
 * @example const tests = await env.service(RouterControlKey).test('v1/orders')
 */
export interface RouterControl {
  /** In the order in which they are looked at; what excludes each other stands in alphabetical order. */
  routes(): Promise<readonly RouteView[]>
  /**
   * What would happen to a request, as `weir explain --json` tells it. The chain that runs takes it up to the call of the upstream, which
   * is not made: a balancer may pick another target for the next request, and wrong credentials count as such. With workers, one of them
   * does so. It takes 5 s at most. `{ error }` says in words why there is no explanation: there is no such method or listener, ….
   */
  explain(request: DescribedRequest): Promise<Readonly<Record<string, unknown>>>
  /**
   * Tests each target of an endpoint, step by step, from this machine, with the `tls` and the `dns.servers` of the proxy filter there. Each
   * step may take 5 s; the first one that fails is the last. The request is that of the health check, if the endpoint has one, else HEAD
   * of the target's path; redirects are not followed. With workers, the primary does so. A test that is under way is waited for.
   * Undefined: there is no endpoint with that id.
   */
  test(endpoint: string): Promise<readonly ConnectivityTest[] | undefined>
}

/**
 * The routes.
 *
 * @example const routes = await env.service(RouterControlKey).routes()
 */
export const RouterControlKey: ServiceKey<RouterControl> = defineService('router')
