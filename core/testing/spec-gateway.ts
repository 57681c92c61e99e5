import type { FilterFactory } from '../api/filter-factory.ts'
import type { Logger } from '../api/logger.ts'
import { type Clock, systemClock } from '../base/clock.ts'
import { TimerWheel } from '../base/timer-wheel.ts'
import { Catalog } from '../build/catalog.ts'
import { checkSpec } from '../build/snapshot.ts'
import type { GatewaySpec } from '../control/gateway-spec.ts'
import { Gateway, type GatewayParts } from '../main/gateway.ts'
import { Metrics } from '../observe/metrics.ts'
import { RecordingLogger } from './recording-logger.ts'
import { RecordingRuntime } from './recording-runtime.ts'
import { type TestGateway, testGateway } from './test-gateway.ts'

/** What the engine alone is started with. */
export interface SpecSetup extends Partial<Omit<GatewayParts, 'runtime' | 'catalog'>> {
  readonly filters?: readonly FilterFactory[]
  /** Where it logs to. Default: to `logs`. */
  readonly logger?: Logger
  readonly clock?: Clock
  readonly timers?: TimerWheel
}

/** Starts the engine on a spec, without configuration, health checks and admin services. */
export async function startSpec(spec: GatewaySpec, setup: SpecSetup): Promise<TestGateway> {
  const { filters = [], logger, clock = systemClock, timers = new TimerWheel(), ...parts } = setup
  const log = new RecordingLogger()
  const meter = new Metrics()
  const runtime = new RecordingRuntime({ clock, timers, logger: logger ?? log, meter })
  const catalog = await catalogFor(spec, filters)
  const gateway = new Gateway({ baseDir: process.cwd(), ...parts, runtime, catalog })
  await gateway.load(spec)
  await gateway.open()
  return testGateway({ gateway, runtime, meter, logs: log.lines, close: () => gateway.close(2000) })
}

/** The built-in filters that the spec names; all of them where it is wrong, since the message may propose another. */
async function catalogFor(spec: GatewaySpec, own: readonly FilterFactory[]): Promise<Catalog> {
  const catalog = catalogOf(own, await namedFilters(spec, own))
  if ((await checkSpec(spec, catalog)).length === 0) return catalog
  const { FILTERS } = await import('../main/built-in.ts')
  return catalogOf(own, FILTERS)
}

const catalogOf = (own: readonly FilterFactory[], builtIn: readonly FilterFactory[]): Catalog =>
  new Catalog([...builtIn, ...own].map((factory) => [factory, 'test'] as const))

/** The built-in filters that a spec names. Only those are loaded: all of them take a third of a second. */
async function namedFilters({ listeners }: GatewaySpec, own: readonly FilterFactory[]): Promise<FilterFactory[]> {
  const names = new Set(listeners.flatMap(({ chain }) => chain.map(({ factory }) => factory)))
  for (const { name } of own) names.delete(name)
  const found = await Promise.all([...names].map(builtIn))
  return found.filter((factory) => factory !== undefined)
}

async function builtIn(name: string): Promise<FilterFactory | undefined> {
  const folder = name === 'admin' ? 'plugins' : 'filters'
  const module = await import(`../../${folder}/${name}/filter.ts`).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ERR_MODULE_NOT_FOUND') return {}
    throw error
  })
  return Object.values(module as Record<string, FilterFactory>).find((exported) => exported.name === name)
}
