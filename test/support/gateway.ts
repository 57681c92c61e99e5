import type { Endpoint, Target } from '../../core/api/endpoint.ts'
import type { Finished } from '../../core/api/filter.ts'
import type { FilterFactory } from '../../core/api/filter-factory.ts'
import { type Logger, silentLogger } from '../../core/api/logger.ts'
import { type Clock, systemClock } from '../../core/base/clock.ts'
import { TimerWheel } from '../../core/base/timer-wheel.ts'
import { Catalog } from '../../core/build/catalog.ts'
import { Runtime } from '../../core/chain/runtime.ts'
import type { EndpointSpec, FilterSpec, GatewaySpec, OptionsSpec } from '../../core/control/gateway-spec.ts'
import { FILTERS } from '../../core/main/built-in.ts'
import { Gateway, type GatewayParts } from '../../core/main/gateway.ts'
import { Metrics } from '../../core/observe/metrics.ts'

export const DEFAULT_CHAIN = [
  'request-id',
  'auth',
  'route-match',
  'method-check',
  'breaker',
  'proxy',
  'metrics',
] as const

type ChainEntry =
  | string
  | readonly [factory: string, options: Record<string, unknown>, name?: string]
  | (Partial<FilterSpec> & { readonly factory: string })
type EndpointEntry = {
  name: string
  url: string
  /** Further targets, or others of the same. Default: `url` alone. */
  targets?: readonly Target[]
  version?: string
  status?: Endpoint['status']
  requires?: string[]
  filters?: Record<string, Record<string, unknown> | 'off'>
}

export function targetOf(url: string): Target {
  const { origin, host, pathname } = new URL(url)
  return { url, origin, host, basePath: pathname.replace(/\/$/, ''), weight: 1 }
}

/** A spec by hand, as `config/` would make it from YAML. */
export function specOf(endpoints: readonly EndpointEntry[], chain: readonly ChainEntry[] = DEFAULT_CHAIN): GatewaySpec {
  return {
    listeners: [
      {
        name: 'proxy',
        host: '127.0.0.1',
        port: 0,
        chain: chain.map(filterSpec),
        routes: true,
        requires: [],
        at: ['filters'],
      },
    ],
    endpoints: endpoints.map(endpointSpec),
  }
}

function filterSpec(entry: ChainEntry, index: number): FilterSpec {
  const at = ['filters', index]
  if (typeof entry === 'string') return { factory: entry, name: entry, options: {}, at }
  if ('factory' in entry) return { name: entry.factory, options: {}, at, ...entry }
  const [factory, options, name = factory] = entry
  return { factory, name, options, at }
}

function endpointSpec(entry: EndpointEntry, index: number): EndpointSpec {
  const { name, version, url, targets = [targetOf(url)], status = 'active', requires = [], filters = {} } = entry
  const at = ['endpoints', index] as const
  const endpoint: Endpoint = {
    id: version === undefined ? name : `${version}/${name}`,
    name,
    version,
    targets,
    status,
    match: { hosts: [], paths: [] },
    requires,
  }
  const own = Object.entries(filters).map(([key, options]): [string, OptionsSpec | 'off'] => [
    key,
    options === 'off' ? 'off' : { options, at: [...at, 'filters', key] },
  ])
  return { endpoint, filters: Object.fromEntries(own), at }
}

export interface RunningGateway {
  readonly gateway: Gateway
  readonly runtime: Runtime
  readonly metrics: Metrics
  /** `http://127.0.0.1:port` */
  readonly url: string
  readonly port: number
  /** What `log` saw, in order. */
  readonly finished: Finished[]
  /** Resolves when `log` has seen as many exchanges. */
  logged(count: number): Promise<void>
  close(): Promise<void>
}

/** Starts a gateway in this process on a free port. */
export async function startGateway(
  spec: GatewaySpec,
  options: {
    filters?: readonly FilterFactory[]
    logger?: Logger
    clock?: Clock
    timers?: TimerWheel
  } & Partial<GatewayParts> = {},
): Promise<RunningGateway> {
  const finished: Finished[] = []
  let wake: (() => void)[] = []
  const accessLog = {
    write(record: Finished): void {
      finished.push(record)
      for (const fn of wake) fn()
    },
    flushSync(): void {},
  }
  const metrics = new Metrics()
  const runtime = new Runtime({
    clock: options.clock ?? systemClock,
    timers: options.timers ?? new TimerWheel(),
    logger: options.logger ?? silentLogger,
    meter: metrics,
    accessLog,
  })
  const entries = [...FILTERS, ...(options.filters ?? [])].map((factory) => [factory, 'test'] as const)
  const gateway = new Gateway({ runtime, catalog: new Catalog(entries), baseDir: process.cwd(), ...options })
  await gateway.load(spec)
  await gateway.open()
  const { port } = gateway.address('proxy')!
  return {
    gateway,
    runtime,
    metrics,
    url: `http://127.0.0.1:${port}`,
    port,
    finished,
    logged: (count) =>
      new Promise((resolve) => {
        const check = (): void => {
          if (finished.length < count) return
          wake = wake.filter((fn) => fn !== check)
          resolve()
        }
        wake.push(check)
        check()
      }),
    close: async () => void (await gateway.close(2000)),
  }
}
