import { type Endpoint, RouteSlot } from '../../api/endpoint.ts'
import type { FilterFactory } from '../../api/filter-factory.ts'
import type { ServiceKey } from '../../api/service.ts'
import type { Slot } from '../../api/slot.ts'
import { didYouMean } from '../../base/suggest.ts'
import { ConfigError } from '../../control/config-error.ts'
import type { EndpointSpec, FilterSpec, GatewaySpec } from '../../control/gateway-spec.ts'
import { endpointOf, type TestEndpoint } from '../test-endpoint.ts'
import { type FiltersUnderTest, type PlacedFilter, placedFilters } from './filters-under-test.ts'
import { checkKeys } from './known-keys.ts'
import { recorded } from './recorded-hooks.ts'
import type { RecordOf } from './run-record.ts'
import { givenFilter, KIT, routeFilter } from './test-filters.ts'
import type { TimeMode } from './test-time.ts'
import { upstreamFilter } from './test-upstream.ts'
import type { TestUpstream } from './upstream-step.ts'

/** A service with its key: `[GatewayStatusKey, { … }]`. */
// biome-ignore lint/suspicious/noExplicitAny: a list holds services of every type
export type ServiceValue<T = any> = readonly [key: ServiceKey<T>, service: T]

/** What the filters under test stand in. All of it may be left out. */
export interface ChainSetup {
  /** Options of the filter, if it is a single one; as the YAML writes them. */
  readonly options?: Readonly<Record<string, unknown>>
  /** The endpoint that requests are routed to. Default: `api` at `http://upstream.test`. */
  readonly endpoint?: TestEndpoint
  /** In place of `endpoint`: several. Requests go to the first, or to the one that they name. */
  readonly endpoints?: readonly TestEndpoint[]
  /**
   * When the route is written: `before` the filters (default), `after` their `request` hooks (then `x.endpoint` is undefined
   * there, as for filters that stand before `route-match`), or `never`. Without effect if one of the filters routes.
   */
  readonly route?: 'before' | 'after' | 'never'
  /** What plays the upstream, unless a request brings its own. Default: 200 without a body. None if a filter is terminal. */
  readonly upstream?: TestUpstream
  /** Services that the filters' factories `need`. The registry and the list of endpoints are there. */
  readonly services?: readonly ServiceValue[]
  /** Folder that relative paths in options start from. Default: the working directory. */
  readonly baseDir?: string
  /** Default: `real` if a filter is terminal (it calls real servers), else `auto`. */
  readonly time?: TimeMode
}

export const SETUP_KEYS = [
  'options',
  'endpoint',
  'endpoints',
  'route',
  'upstream',
  'services',
  'baseDir',
  'time',
] as const satisfies (keyof ChainSetup)[]

/** A setup as the engine needs it. */
export interface PlannedChain {
  readonly spec: GatewaySpec
  readonly factories: readonly FilterFactory[]
  readonly endpoints: readonly Endpoint[]
  readonly hasOwnTerminal: boolean
}

/** Turns what a test says into what a configuration would say. @throws Error in words for the test's author */
export function planChain(
  filters: FiltersUnderTest,
  setup: ChainSetup,
  recordOf: RecordOf,
  known: Map<FilterFactory, FilterFactory>,
): PlannedChain {
  checkKeys(setup, SETUP_KEYS, 'the setup of a chain')
  const placed = placedFilters(filters, setup.options)
  const all = placed.map(({ factory }) => factory)
  const terminal = all.findIndex((factory) => factory.terminal === true)
  const routes = all.some((factory) => writes(factory, RouteSlot))
  const given = givenFilter(readByThem(all), recordOf)
  const route = routes || setup.route === 'never' ? [] : [routeFilter(recordOf)]
  const end = terminal === -1 ? placed.length : terminal
  const chain = [
    ...kit(given),
    ...(setup.route === 'after' ? [] : route.flatMap(kit)),
    ...placed.slice(0, end),
    ...(setup.route === 'after' ? route.flatMap(kit) : []),
    ...placed.slice(end),
    ...(terminal === -1 ? kit(upstreamFilter(KIT.upstream, recordOf)) : []),
  ]
  const entries = setup.endpoints ?? [setup.endpoint ?? {}]
  const names = placed.map(({ spec }) => spec.name)
  const endpoints = entries.map((entry): EndpointSpec => endpointSpec(entry, names))
  // One and the same for a factory, so that a reload finds the instances that it made.
  const wrapped = (factory: FilterFactory): FilterFactory => {
    const made = known.get(factory) ?? recorded(factory, recordOf)
    known.set(factory, made)
    return made
  }
  const own = chain.map(({ factory }) => factory).filter((factory) => !all.includes(factory))
  return {
    spec: {
      listeners: [
        {
          name: 'test',
          host: undefined,
          port: 0,
          chain: chain.map(({ spec }) => spec),
          routes: true,
          requires: [],
          at: [],
        },
      ],
      endpoints,
    },
    factories: [...own, ...new Set(all.map(wrapped))],
    endpoints: endpoints.map(({ endpoint }) => endpoint),
    hasOwnTerminal: terminal !== -1,
  }
}

const kit = (factory: FilterFactory): PlacedFilter[] => {
  const spec: FilterSpec = { factory: factory.name, name: factory.name, options: {}, at: [factory.name] }
  return [{ factory, spec }]
}

const writes = (factory: FilterFactory, slot: Slot<unknown>): boolean =>
  factory.writes?.some(({ name }) => name === slot.name) === true

/** Slots that filters read and that none of them writes: the test may give them. */
function readByThem(factories: readonly FilterFactory[]): Slot<unknown>[] {
  return factories
    .flatMap((factory) => factory.reads ?? [])
    .filter((slot) => slot.name !== RouteSlot.name && !factories.some((factory) => writes(factory, slot)))
}

function endpointSpec(entry: TestEndpoint, names: readonly string[]): EndpointSpec {
  checkKeys(entry, ['name', 'version', 'url', 'urls', 'status', 'requires', 'filters'], 'an endpoint')
  const filters = Object.entries(entry.filters ?? {}).map(([name, options]) => {
    if (!names.includes(name))
      throw new TypeError(
        `an endpoint has options for "${name}", which the chain does not have.${didYouMean(name, names)}`,
      )
    return [name, options === 'off' ? options : { options, at: [name] }] as const
  })
  return { endpoint: endpointOf(entry), filters: Object.fromEntries(filters), at: ['endpoints'] }
}

/** What the engine found wrong, in words for somebody who wrote a test and no YAML. */
export function asTestError(error: unknown): unknown {
  if (!(error instanceof ConfigError)) return error
  const lines = error.problems.map(({ path, message, found }) => {
    const hint = /no service "/.test(message) ? '; give it with services: [[Key, service]]' : ''
    return `${path.join('.')}: ${message}${found === undefined ? '' : `, found ${found}`}${hint}`
  })
  return new Error(`the chain can't be built:\n${lines.join('\n')}`, { cause: error })
}
