import type { RequestListener } from 'node:http'
import { performance } from 'node:perf_hooks'
import type { FilterFactory } from '../../../core/api/filter-factory.ts'
import type { LocalReply } from '../../../core/api/reply.ts'
import type { Clock } from '../../../core/base/clock.ts'
import type { GatewaySpec } from '../../../core/control/gateway-spec.ts'
import type { BreakerHandle } from '../../../core/state/endpoint-state.ts'
import {
  attempt,
  endpoint,
  exchange,
  FilterBench,
  specOf,
  startGateway,
  type TestGateway,
  type TestRequest,
} from '../../../core/testing.ts'
import { breaker } from '../../../filters/breaker/filter.ts'
import { startUpstream, type Upstream } from '../../support/upstream.ts'

/** The part of a tap test that is needed here. */
interface Test {
  teardown(fn: () => unknown): unknown
}

export interface Guarded extends TestGateway {
  /** URL of the endpoint, without a slash at its end. */
  readonly api: string
  readonly upstream: Upstream
  /** Its breaker. */
  readonly breaker: BreakerHandle
  /** Lets that many milliseconds pass, for all that tells time by the gateway's clock. */
  pass(ms: number): void
  /** The configuration with other options of the breaker. */
  spec(options: Record<string, unknown>): GatewaySpec
}

/** A gateway before one upstream, the breaker's options given; closed with the test. */
export async function guarded(
  t: Test,
  listener: RequestListener,
  options: Record<string, unknown> = {},
  filters: readonly FilterFactory[] = [],
): Promise<Guarded> {
  const upstream = await startUpstream(listener)
  t.teardown(() => upstream.close())
  let skew = 0
  const clock: Clock = { now: () => performance.now() + skew, wall: () => Date.now() + skew }
  const names = filters.map(({ name }) => name)
  const spec = (own: Record<string, unknown>): GatewaySpec =>
    specOf(
      [{ name: 'api', url: upstream.url }],
      ['request-id', 'auth', ['route-match', { prefix: '' }], ...names, ['breaker', own], 'proxy', 'metrics'],
    )
  const running = await startGateway(spec(options), { clock, filters })
  t.teardown(() => running.close())
  return {
    ...running,
    api: `${running.url}/api`,
    upstream,
    spec,
    get breaker() {
      return [...running.gateway.registry.get('api')!.breakers][0]!
    },
    pass: (ms) => {
      skew += ms
    },
  }
}

const orders = endpoint('orders')

/** Response of an open breaker with these options. */
export async function fallbackReply(options: Record<string, unknown>, init: TestRequest = {}): Promise<LocalReply> {
  const bench = new FilterBench([orders])
  const { filter } = await bench.make(breaker, { reset_timeout: '30s', ...options }, { endpoint: orders })
  for (const handle of bench.registry.get('orders')!.breakers) handle.trip()
  return filter.admit!(exchange(init), attempt(0)) as LocalReply
}

export const defaultResponse = (response: Record<string, unknown>): Promise<LocalReply> =>
  fallbackReply({ fallback_strategy: 'default_response', default_response: response })

export const redirect = (options: Record<string, unknown>, init?: TestRequest): Promise<LocalReply> =>
  fallbackReply({ fallback_strategy: 'redirect', redirect: options }, init)
