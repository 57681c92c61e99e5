import { createHash } from 'node:crypto'
import { resolve } from 'node:path'
import type { Awaitable } from '../api/attempt.ts'
import type { Endpoint } from '../api/endpoint.ts'
import { EndpointsError } from '../api/endpoints-error.ts'
import type { FilterEnv, FilterFactory } from '../api/filter-factory.ts'
import type { ServiceKey } from '../api/service.ts'
import type { SetField } from '../api/set-field.ts'
import { errorText, safely } from '../base/error-text.ts'
import { digestOf, FileCheck } from '../base/file-digests.ts'
import { listNamed, readNamed } from '../base/read-file.ts'
import { withTimeLimit } from '../base/time-limit.ts'
import { Instance } from '../chain/instance.ts'
import type { Runtime } from '../chain/runtime.ts'
import type { Problem } from '../control/config-error.ts'
import { forInstance } from '../control/event-listeners.ts'
import type { EndpointSpec, FilterSpec, OptionsSpec } from '../control/gateway-spec.ts'
import { RouteTables } from '../match/route-tables.ts'
import type { SharedState, ShareTransaction } from '../state/shared-state.ts'
import type { Catalog } from './catalog.ts'
import { placedProblems } from './endpoint-problems.ts'
import { checkFilter } from './factory-check.ts'
import { filterMetrics } from './filter-metrics.ts'
import { FilterServices } from './filter-services.ts'
import { canonical, shareKey } from './instance-keys.ts'
import { checkOptions } from './option-check.ts'
import { checkSets } from './set-check.ts'
import { ToldOnce } from './told-once.ts'

/** What a build needs besides the spec. */
export interface BuildContext {
  readonly runtime: Runtime
  readonly catalog: Catalog
  readonly shared: SharedState
  readonly services: ReadonlyMap<ServiceKey<unknown>, unknown>
  readonly baseDir: string
  /** What files hold, by absolute path, whatever may be in them now. */
  readonly files?: ReadonlyMap<string, Uint8Array>
}

const NOTHING: readonly SetField[] = []

/** A file, or the names in a folder. */
type Read = ReturnType<typeof readNamed>

/** How long `create`, or `dispose`, of one filter may take; milliseconds. */
const TIMEOUT_MS = 10_000

/** The filter instances of one load: one per set of equal options. Instances of the live snapshot are used again. */
export class Instances {
  readonly #wrong: Problem[] = []
  readonly #failed = new ToldOnce()
  readonly #warned = new ToldOnce()
  /** Every file that a filter tried to read, by absolute path. */
  readonly tried = new Set<string>()
  /** What was in those that could be read. */
  readonly read = new Map<string, Uint8Array>()
  readonly #context: BuildContext
  readonly #tx: ShareTransaction
  readonly #specs: readonly EndpointSpec[]
  readonly #services: FilterServices
  readonly #endpointsKey: string
  readonly #live = new Map<string, Instance>()
  readonly #byKey = new Map<string, Awaitable<Instance | undefined>>()
  readonly #made: Instance[] = []

  constructor(context: BuildContext, specs: readonly EndpointSpec[], live: Iterable<Instance>) {
    this.#context = context
    this.#tx = context.shared.begin()
    this.#specs = specs
    const endpoints = specs.map(({ endpoint }) => endpoint)
    this.#services = new FilterServices(context.services, endpoints, new RouteTables(endpoints))
    // A digest, because it is part of keys: with thousands of endpoints the text has megabytes.
    this.#endpointsKey = createHash('sha256').update(JSON.stringify(endpoints)).digest('base64')
    const files = new FileCheck(context.files)
    for (const instance of live)
      if (context.catalog.get(instance.factory.name) === instance.factory && !files.changed(instance.files))
        this.#live.set(instance.key, instance)
  }

  /** The instance for these options, an existing or a new one. Undefined if it could not be created. */
  get(
    spec: FilterSpec,
    own: OptionsSpec,
    factory: FilterFactory,
    endpoint: Endpoint | undefined,
  ): Awaitable<Instance | undefined> {
    const routed = FilterServices.ofEndpoints(factory) ? this.#endpointsKey : ''
    const key = JSON.stringify([factory.name, spec.name, canonical(own.options), endpoint ?? '', routed])
    let instance = this.#byKey.get(key)
    if (instance === undefined) {
      const live = this.#live.get(key)
      for (const message of live?.warnings ?? []) this.#warned.tell(spec, own, message)
      instance = live ?? this.#make(key, spec, own, factory, endpoint)
      this.#byKey.set(key, instance)
    }
    return instance
  }

  get problems(): readonly Problem[] {
    return [...this.#wrong, ...this.#failed.everywhere]
  }

  get warnings(): readonly Problem[] {
    return this.#warned.once
  }

  /** Whether an instance of the live snapshot can be used again and has no warnings to repeat. */
  isLive(instance: Instance): boolean {
    return instance.warnings.length === 0 && this.#live.get(instance.key) === instance
  }

  /** Makes shared data visible to later loads. */
  commit(): void {
    this.#tx.commit()
  }

  /** The load is over: releases its hold on new instances. Those that no chain holds are disposed. */
  async release(): Promise<void> {
    // Filters may keep their env, and with it this object: without this, each load would keep the one before it in memory.
    this.#live.clear()
    this.#byKey.clear()
    await Promise.all(this.#made.splice(0).map((instance) => instance.release()))
  }

  async #make(
    key: string,
    spec: FilterSpec,
    own: OptionsSpec,
    factory: FilterFactory,
    endpoint: Endpoint | undefined,
  ): Promise<Instance | undefined> {
    const checked = checkOptions(factory, own)
    if (checked.problems !== undefined) {
      this.#wrong.push(...checked.problems)
      return undefined
    }
    const { runtime, baseDir, files: given } = this.#context
    const controller = new AbortController()
    const releases: (() => unknown)[] = []
    /** Runs a step that ends the instance. What fails is logged, and the other steps run. */
    const end = async (what: string, step: () => unknown): Promise<void> => {
      try {
        await withTimeLimit(TIMEOUT_MS, what, step())
      } catch (error) {
        runtime.filterError(undefined, spec.name, 'dispose', error)
      }
    }
    const free = async (): Promise<void> => {
      controller.abort()
      await Promise.all(releases.splice(0).map((release) => end('close() of a share', release)))
    }
    const files = new Map<string, string>()
    const named = <R extends Read>(read: (...from: Parameters<typeof readNamed>) => R, path: string): R => {
      this.tried.add(resolve(baseDir, path))
      const result = read(baseDir, path, given)
      this.read.set(result.file, result.bytes)
      files.set(result.file, digestOf(result.bytes))
      return result
    }
    const warnings: string[] = []
    const share: FilterEnv['share'] = (name, shared) => {
      // What is acquired now would never be released.
      if (controller.signal.aborted) throw new Error('share() came too late: the filter is disposed already')
      const { value, release } = this.#tx.acquire(shareKey(factory, spec, endpoint, name, shared), shared)
      releases.push(release)
      return value
    }
    const env: FilterEnv = {
      ...filterMetrics({ meter: runtime.meter, share }),
      name: spec.name,
      endpoint,
      baseDir,
      readFile: (path) => named(readNamed, path).bytes,
      listFiles: (path) => named(listNamed, path).names,
      warn: (message) => void warnings.push(`${spec.name}: ${message}`),
      log: runtime.logger.child({ filter: spec.name }),
      meter: runtime.meter,
      clock: runtime.clock,
      timers: runtime.timers,
      signal: controller.signal,
      service: (service) => forInstance(this.#services.get(service, factory), controller.signal),
      serviceIf: (service) => forInstance(this.#services.getIf(service, factory), controller.signal),
      share,
    }
    let made: ReturnType<FilterFactory['create']> | undefined
    try {
      const sets = factory.sets === undefined ? NOTHING : checkSets(factory.sets(checked.value))
      made = factory.create(checked.value, env)
      const filter = checkFilter(await withTimeLimit(TIMEOUT_MS, 'create()', made), factory)
      const instance = new Instance({ key, name: spec.name, factory, filter, files, sets, warnings }, async () => {
        await end('dispose()', () => filter.dispose?.())
        await free()
      })
      for (const message of warnings) this.#warned.tell(spec, own, message)
      instance.hold()
      this.#made.push(instance)
      return instance
    } catch (error) {
      const ofEndpoints = this.#problemsOf(error)
      if (ofEndpoints.length > 0) this.#wrong.push(...ofEndpoints)
      else this.#failed.tell(spec, own, `the filter "${spec.name}" could not be created: ${errorText(error)}`)
      void disposeLate(made, (hook, later) => {
        if (later !== error) runtime.filterError(undefined, spec.name, hook, later)
      })
      await free()
      return undefined
    }
  }

  /** What is wrong with endpoints, if that is what was thrown. */
  #problemsOf(error: unknown): Problem[] {
    // A revoked proxy throws at `instanceof`.
    return safely(() => (error instanceof EndpointsError ? placedProblems(error, this.#specs) : undefined)) ?? []
  }
}

/** Disposes a filter that comes too late, or is invalid. */
async function disposeLate(
  made: ReturnType<FilterFactory['create']> | undefined,
  failed: (hook: string, error: unknown) => void,
): Promise<void> {
  let hook = 'create'
  try {
    const late = await made
    hook = 'dispose'
    await late?.dispose?.()
  } catch (error) {
    failed(hook, error)
  }
}
