import type { Endpoint } from '../api/endpoint.ts'
import type { Filter, TerminalFilter } from '../api/filter.ts'
import type { FilterEnv, FilterFactory } from '../api/filter-factory.ts'
import { EndpointsKey } from '../api/service.ts'
import { listNamed, readNamed } from '../base/read-file.ts'
import { TimerWheel } from '../base/timer-wheel.ts'
import { filterMetrics } from '../build/filter-metrics.ts'
import { RoutesKey, RouteTables } from '../match/route-tables.ts'
import { EndpointRegistry, EndpointRegistryKey } from '../state/registry.ts'
import { SharedState } from '../state/shared-state.ts'
import { StartConditions, StartConditionsKey } from '../state/start-conditions.ts'
import { ManualClock } from './manual-clock.ts'
import { MemoryMeter } from './memory-meter.ts'
import { RecordingLogger } from './recording-logger.ts'
import type { ServiceValue } from './run/chain-setup.ts'

/** An instance of a filter, for tests that call its hooks themselves. */
export interface BenchFilter {
  readonly filter: Filter & Partial<TerminalFilter>
  /** What it said with `env.warn`. */
  readonly warnings: readonly string[]
  /** As at the end of its life: calls `dispose`, aborts `env.signal`, gives up what it shares. */
  dispose(): Promise<void>
}

/**
 * What a process gives its filters, with time in the test's hand, and instances of them without a chain: for tests that call
 * single hooks. `make` stands for one load of a configuration.
 *
 * ```ts
 * const bench = new FilterBench()
 * const { filter } = await bench.make(tenant, { header: 'X-Tenant' })
 * assert.equal(filter.request?.(exchange({ headers: { 'X-Tenant': 'acme' } })), undefined)
 * ```
 */
export class FilterBench {
  readonly clock = new ManualClock()
  /** Deadlines, which fire when the clock was moved and `timers.advance()` is called. */
  readonly timers = new TimerWheel({ manual: true, now: () => this.clock.now() })
  readonly shared = new SharedState()
  readonly meter = new MemoryMeter()
  readonly log = new RecordingLogger()
  readonly registry = new EndpointRegistry(this.clock, this.log)
  readonly #services = new Map<string, unknown>()

  /**
   * @param endpoints those of the configuration
   * @param services beside the registry
   */
  constructor(endpoints: readonly Endpoint[] = [], services: readonly ServiceValue[] = []) {
    this.#services.set(EndpointsKey.name, endpoints)
    this.#services.set(RoutesKey.name, new RouteTables(endpoints))
    this.#services.set(EndpointRegistryKey.name, this.registry)
    this.#services.set(StartConditionsKey.name, new StartConditions(this.clock))
    for (const [key, service] of services) this.#services.set(key.name, service)
    this.registry.sync(endpoints)
  }

  /**
   * Validates the options as a load does and makes an instance.
   * @throws what the schema or the factory says
   */
  async make(
    factory: FilterFactory,
    options: Readonly<Record<string, unknown>> = {},
    at: { name?: string; endpoint?: Endpoint; baseDir?: string } = {},
  ): Promise<BenchFilter> {
    const result = await factory.options?.['~standard'].validate(options)
    if (result?.issues !== undefined) throw new Error(result.issues.map((issue) => issue.message).join('\n'))
    const name = at.name ?? factory.name
    const baseDir = at.baseDir ?? process.cwd()
    const warnings: string[] = []
    const releases: (() => void)[] = []
    const controller = new AbortController()
    const transaction = this.shared.begin()
    const share: FilterEnv['share'] = (key, spec) => {
      const scope = spec.scope ?? 'endpoint'
      const owner = scope === 'factory' ? [] : scope === 'instance' ? [name] : [name, at.endpoint?.id]
      const { value, release } = transaction.acquire(JSON.stringify([factory.name, ...owner, key]), spec)
      releases.push(release)
      return value
    }
    const env: FilterEnv = {
      ...filterMetrics({ meter: this.meter, share }),
      name,
      endpoint: at.endpoint,
      baseDir,
      readFile: (path) => readNamed(baseDir, path).bytes,
      listFiles: (path) => listNamed(baseDir, path).names,
      warn: (message) => warnings.push(message),
      log: this.log.child({ filter: name }),
      meter: this.meter,
      clock: this.clock,
      timers: this.timers,
      signal: controller.signal,
      service: (key) => {
        const service = this.#services.get(key.name)
        if (service === undefined) throw new Error(`there is no service "${key.name}": give it to the bench`)
        return service as never
      },
      serviceIf: (key) => this.#services.get(key.name) as never,
      share,
    }
    const free = (): void => {
      controller.abort()
      for (const release of releases.splice(0)) release()
    }
    try {
      const filter = await factory.create(result?.value, env)
      transaction.commit()
      return {
        filter,
        warnings,
        dispose: async () => {
          await filter.dispose?.()
          free()
        },
      }
    } catch (error) {
      free()
      throw error
    }
  }
}
