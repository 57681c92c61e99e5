import { createHash } from 'node:crypto'
import { resolve } from 'node:path'
import type { Awaitable } from '../api/attempt.ts'
import type { Endpoint } from '../api/endpoint.ts'
import type { FilterEnv, FilterFactory } from '../api/filter-factory.ts'
import { EndpointsKey, type ServiceKey } from '../api/service.ts'
import type { ShareSpec } from '../api/share-spec.ts'
import { digestOf, FileCheck } from '../base/file-digests.ts'
import { readNamed } from '../base/read-file.ts'
import { withTimeLimit } from '../base/time-limit.ts'
import { Instance } from '../chain/instance.ts'
import type { Runtime } from '../chain/runtime.ts'
import type { Problem } from '../control/config-error.ts'
import type { FilterSpec, OptionsSpec } from '../control/gateway-spec.ts'
import type { SharedState, ShareTransaction } from '../state/shared-state.ts'
import type { Catalog } from './catalog.ts'
import { checkFilter } from './factory-check.ts'
import { checkOptions } from './option-check.ts'

/** What building needs beside the spec. */
export interface BuildContext {
  readonly runtime: Runtime
  readonly catalog: Catalog
  readonly shared: SharedState
  readonly services: ReadonlyMap<ServiceKey<unknown>, unknown>
  readonly baseDir: string
}

/** How long `create`, or `dispose`, of one filter may take. */
const TIMEOUT_MS = 10_000

/** The filter instances of one load: one for equal options, those of the live snapshot used again. */
export class Instances {
  readonly problems: Problem[] = []
  readonly warnings: Problem[] = []
  /** Every file that was asked for, by absolute path, whether it could be read or not. */
  readonly read = new Set<string>()
  readonly #context: BuildContext
  readonly #tx: ShareTransaction
  readonly #endpoints: readonly Endpoint[]
  readonly #endpointsKey: string
  readonly #live = new Map<string, Instance>()
  readonly #byKey = new Map<string, Awaitable<Instance | undefined>>()
  readonly #made: Instance[] = []

  constructor(context: BuildContext, endpoints: readonly Endpoint[], live: Iterable<Instance>) {
    this.#context = context
    this.#tx = context.shared.begin()
    this.#endpoints = endpoints
    // Digested: with thousands of endpoints it is megabytes, and part of keys.
    this.#endpointsKey = createHash('sha256').update(JSON.stringify(endpoints)).digest('base64')
    const files = new FileCheck()
    for (const instance of live)
      if (context.catalog.get(instance.factory.name) === instance.factory && !files.changed(instance.files))
        this.#live.set(instance.key, instance)
  }

  /** The instance for these options: one that exists, or a new one. Undefined if it could not be made. */
  get(
    spec: FilterSpec,
    own: OptionsSpec,
    factory: FilterFactory,
    endpoint: Endpoint | undefined,
  ): Awaitable<Instance | undefined> {
    const routed = factory.needs?.includes(EndpointsKey) ? this.#endpointsKey : ''
    const key = JSON.stringify([factory.name, spec.name, canonical(own.options), endpoint ?? '', routed])
    let instance = this.#byKey.get(key)
    if (instance === undefined) {
      const live = this.#live.get(key)
      for (const message of live?.warnings ?? []) this.warnings.push({ path: own.at, message })
      instance = live ?? this.#make(key, spec, own, factory, endpoint)
      this.#byKey.set(key, instance)
    }
    return instance
  }

  /** Whether an instance of the live snapshot may be used again as it is, with nothing to say of it. */
  isLive(instance: Instance): boolean {
    return instance.warnings.length === 0 && this.#live.get(instance.key) === instance
  }

  /** What instances share becomes visible to later loads. */
  commit(): void {
    this.#tx.commit()
  }

  /** New instances are held here until the load is over: those that no chain took are disposed of. */
  async release(): Promise<void> {
    // Filters may keep their env, and so this: every generation would hang on the one after it.
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
      this.problems.push(...checked.problems)
      return undefined
    }
    const { runtime } = this.#context
    const controller = new AbortController()
    const releases: (() => void)[] = []
    const free = (): void => {
      controller.abort()
      for (const release of releases.splice(0)) release()
    }
    const files = new Map<string, string>()
    const warnings: string[] = []
    const env: FilterEnv = {
      name: spec.name,
      endpoint,
      baseDir: this.#context.baseDir,
      readFile: (path) => {
        this.read.add(resolve(this.#context.baseDir, path))
        const { file, bytes } = readNamed(this.#context.baseDir, path)
        files.set(file, digestOf(bytes))
        return bytes
      },
      warn: (message) => void warnings.push(`${spec.name}: ${message}`),
      log: runtime.logger.child({ filter: spec.name }),
      meter: runtime.meter,
      clock: runtime.clock,
      timers: runtime.timers,
      signal: controller.signal,
      service: <T>(service: ServiceKey<T>) => this.#service(service, factory),
      share: <T>(name: string, share: ShareSpec<T>) => {
        const { value, release } = this.#tx.acquire(shareKey(factory, spec, endpoint, name, share), share)
        releases.push(release)
        return value
      },
    }
    let made: ReturnType<FilterFactory['create']> | undefined
    try {
      made = factory.create(checked.value, env)
      const filter = checkFilter(await withTimeLimit(TIMEOUT_MS, 'create()', made), factory)
      const instance = new Instance({ key, name: spec.name, factory, filter, files, warnings }, async () => {
        for (const step of [() => withTimeLimit(TIMEOUT_MS, 'dispose()', filter.dispose?.()), free])
          try {
            await step()
          } catch (error) {
            runtime.filterError(undefined, spec.name, 'dispose', error)
          }
      })
      for (const message of warnings) this.warnings.push({ path: own.at, message })
      instance.hold()
      this.#made.push(instance)
      return instance
    } catch (error) {
      free()
      // One that comes after its time is not kept.
      void Promise.resolve(made)
        .then((late) => late?.dispose?.())
        .catch(() => {})
      this.problems.push({ path: own.at, message: `the filter "${spec.name}" could not be made: ${messageOf(error)}` })
      return undefined
    }
  }

  #service<T>(key: ServiceKey<T>, factory: FilterFactory): T {
    if (factory.needs?.includes(key) !== true)
      throw new Error(`service "${key.name}" is not named in the factory's needs`)
    if ((key as ServiceKey<unknown>) === EndpointsKey) return this.#endpoints as T
    const service = this.#context.services.get(key)
    if (service === undefined) throw new Error(`there is no service "${key.name}" here`)
    return service as T
  }
}

function shareKey(
  factory: FilterFactory,
  spec: FilterSpec,
  endpoint: Endpoint | undefined,
  name: string,
  share: ShareSpec<unknown>,
): string {
  const scope = share.scope ?? 'endpoint'
  return JSON.stringify([
    factory.name,
    scope === 'factory' ? '' : spec.name,
    scope === 'endpoint' ? (endpoint?.id ?? '') : '',
    name,
  ])
}

/** JSON with sorted keys, so that equal options are equal strings. */
function canonical(value: unknown): string {
  return JSON.stringify(value, (_key, v: unknown) =>
    typeof v === 'object' && v !== null && !Array.isArray(v)
      ? Object.fromEntries(Object.entries(v).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)))
      : v,
  )
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))
