import type { Endpoint, Target } from '../api/endpoint.ts'
import type { EndpointSpec, FilterSpec, GatewaySpec, OptionsSpec } from '../control/gateway-spec.ts'
import { endpoint, targetOf } from './test-endpoint.ts'

/** The chain of a configuration that does not say `filters`. */
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

/** A spec by hand, as `config/` would make it from YAML: one listener on a free port of 127.0.0.1. */
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
  const own = Object.entries(filters).map(([key, options]): [string, OptionsSpec | 'off'] => [
    key,
    options === 'off' ? 'off' : { options, at: [...at, 'filters', key] },
  ])
  const id = version === undefined ? name : `${version}/${name}`
  return { endpoint: endpoint(id, { targets, status, requires }), filters: Object.fromEntries(own), at }
}
