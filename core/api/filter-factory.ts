import type { Clock } from '../base/clock.ts'
import type { TimerWheel } from '../base/timer-wheel.ts'
import type { Awaitable } from './attempt.ts'
import type { Endpoint, Requirement } from './endpoint.ts'
import type { Filter, TerminalFilter } from './filter.ts'
import type { CounterInstrument, GaugeInstrument, HistogramInstrument } from './instruments.ts'
import type { Logger } from './logger.ts'
import type { Meter } from './meter.ts'
import type { OrderAdvice } from './order-advice.ts'
import type { ServiceKey } from './service.ts'
import type { SetField } from './set-field.ts'
import type { ShareSpec } from './share-spec.ts'
import type { Slot } from './slot.ts'
import type { StandardJSONSchemaV1, StandardSchemaV1 } from './standard-schema.ts'

/**
 * A schema for a filter's options: any implementation of Standard Schema with JSON Schema (zod 4 has both). It must refuse
 * unknown keys (`z.strictObject`) and validate synchronously.
 */
export type Schema<O> = StandardSchemaV1<unknown, O> & StandardJSONSchemaV1

/**
 * What `create` gets beside its options. Everything in it lives as long as the instance.
 *
 * ```ts
 * create(options, env) {
 *   const key = env.readFile(options.key_file)
 *   const cache = env.share('cache', { version: 1, make: () => new Map<string, string>() })
 *   env.log.info({ tenants: cache.size }, 'ready')
 *   return new TenantFilter(key, cache, env.clock)
 * }
 * ```
 */
export interface FilterEnv {
  /** The instance's name in the chain. */
  readonly name: string
  /** Set only for factories with `perEndpoint`. */
  readonly endpoint: Endpoint | undefined
  /** Folder of the configuration file: relative paths in options start there. */
  readonly baseDir: string
  /**
   * The contents of a file that an option names, relative to `baseDir`; at most 10 MiB. When it changes, the next load makes
   * the instance anew.
   * @throws Error in words for the operator if it can't be read
   */
  readFile(path: string): Buffer
  /**
   * The names of the files in a folder that an option names, sorted; those that begin with a dot are left out. When the names
   * change, the next load makes the instance anew.
   * @throws Error in words for the operator if it can't be read
   */
  listFiles(path: string): string[]
  /** Says at load that an option is unwise: shown with its place, and the load goes on. */
  warn(message: string): void
  /** Writes lines that carry the filter's name. */
  readonly log: Logger
  /**
   * A counter of the factory: every instance that asks for the name gets the same one, and it lives over reloads. At most 1,000
   * combinations of label values; further ones are counted together, as `_OTHER`. Take values from the configuration, never from clients.
   * @param name snake case; it begins with the plugin's name and ends with `_total`
   * @param help one sentence for people
   * @throws Error in words for the operator if the name is taken or no name of a metric
   */
  counter<Label extends string = never>(name: string, help: string, labels?: readonly Label[]): CounterInstrument<Label>
  /** The same for a gauge. @param options `aggregate`: how the numbers of several workers become one; `sum` by default */
  gauge<Label extends string = never>(
    name: string,
    help: string,
    labels?: readonly Label[],
    options?: { readonly aggregate?: 'sum' | 'max' },
  ): GaugeInstrument<Label>
  /** The same for a histogram. @param options `buckets`: rising upper bounds; those of `DURATION_BUCKETS`, in seconds, by default */
  histogram<Label extends string = never>(
    name: string,
    help: string,
    labels?: readonly Label[],
    options?: { readonly buckets?: readonly number[] },
  ): HistogramInstrument<Label>
  /**
   * Registers metrics whose numbers the filter keeps itself. Names are unique in the process: one that several instances share is
   * registered in a `share`. `counter`, `gauge` and `histogram` do that.
   */
  readonly meter: Meter
  readonly clock: Clock
  /** Deadlines; late by up to 100 ms, never early. */
  readonly timers: TimerWheel
  /** Aborts when the instance is disposed. */
  readonly signal: AbortSignal
  /** A process-level part; name its key in `needs`. @throws Error if there is none */
  service<T>(key: ServiceKey<T>): T
  /**
   * The same for a part that may be missing: undefined if this process has none. Name its key in `wants`.
   *
   * @example const statistics = env.serviceIf(StatisticsKey)
   */
  serviceIf<T>(key: ServiceKey<T>): T | undefined
  /** Plain data that outlives a reload: see `ShareSpec`. */
  share<T>(key: string, spec: ShareSpec<T>): T
}

/** Makes the instances of one kind of filter. A key that is not listed here is a load error. */
// biome-ignore lint/suspicious/noExplicitAny: a catalog holds factories of every option type
export interface FilterFactory<O = any> {
  /** Kebab case; what the YAML says. */
  readonly name: string
  readonly apiVersion: 1
  /** One sentence for `weir plugins` and the docs. */
  readonly summary?: string
  /** Without a schema the filter takes no options. */
  readonly options?: Schema<O>
  /** Its filters have `call`, and produce the response. */
  readonly terminal?: boolean
  /** One instance per endpoint, made with `env.endpoint`; its hooks run when the route is known, wherever it stands. */
  readonly perEndpoint?: boolean
  /**
   * Its `request`, `routed` and `pick` decide from the request and the options alone and reach nobody: `weir explain` runs
   * them. Of other filters it says that it can't know.
   */
  readonly offline?: boolean
  /**
   * Whatever a request holds, each hook returns within microseconds. The engine then does not measure whether one of them blocks the
   * event loop: a reading of the clock costs as much as a short hook (two per hook, 0.05 to 0.15 µs each).
   */
  readonly prompt?: boolean
  /** Slots that an earlier filter must write (checked at load). */
  readonly reads?: readonly Slot<unknown>[]
  readonly writes?: readonly Slot<unknown>[]
  /**
   * Fields of requests that its instances set for the upstream, or decide by. What clients send in them is removed before the
   * first filter. Those of all endpoints count for every request of a listener: the route is not known yet. Called at load.
   *
   * @example const sets: FilterFactory<{ header: string }>['sets'] = ({ header }) => [{ name: header }]
   */
  sets?(options: O): readonly SetField[]
  /** Requirements that its `routed` guarantees: it calls `x.satisfy(…)` or replies. */
  readonly enforces?: readonly Requirement[]
  /**
   * Orders that are better. Another order is valid; it is warned of once at load, at the filter that comes too late.
   *
   * @example const advises: FilterFactory['advises'] = [{ before: { writes: RouteSlot }, why: '{other} replies to some requests' }]
   */
  readonly advises?: readonly OrderAdvice[]
  /** Services that `create` asks for. */
  readonly needs?: readonly ServiceKey<unknown>[]
  /** Services that `create` uses where the process has them. */
  readonly wants?: readonly ServiceKey<unknown>[]
  /**
   * Makes an instance from validated options. Called at load, for every set of options that is not in use already; it may
   * take 10 s.
   * @throws Error whose message tells the operator what is wrong: the load fails with it, and what runs goes on;
   * `EndpointsError` for what is wrong with endpoints
   */
  create(options: O, env: FilterEnv): Awaitable<Filter | TerminalFilter>
}

/**
 * Declares a filter factory. Returns it unchanged; its use is type inference and a readable plugin.
 *
 * ```ts
 * export default defineFilter({
 *   name: 'tenant',
 *   apiVersion: 1,
 *   options: z.strictObject({ header: z.string().default('x-tenant') }),
 *   create: ({ header }) => ({
 *     request(x) {
 *       if (!x.request.headers.has(header)) return reply(400, 'tenant_missing')
 *     },
 *   }),
 * })
 * ```
 */
export function defineFilter<O = Record<string, never>>(factory: FilterFactory<O>): FilterFactory<O> {
  return factory
}
