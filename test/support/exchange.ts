import type { Attempt, Outcome } from '../../core/api/attempt.ts'
import { Body } from '../../core/api/body.ts'
import type { Endpoint, Target } from '../../core/api/endpoint.ts'
import { type Downstream, Exchange } from '../../core/api/exchange.ts'
import type { ExchangeWithResponse, Filter } from '../../core/api/filter.ts'
import type { FilterEnv, FilterFactory } from '../../core/api/filter-factory.ts'
import { HeaderList } from '../../core/api/header-list.ts'
import { type Logger, silentLogger } from '../../core/api/logger.ts'
import type { LocalReply } from '../../core/api/reply.ts'
import { EndpointsKey } from '../../core/api/service.ts'
import type { Clock } from '../../core/base/clock.ts'
import { readNamed } from '../../core/base/read-file.ts'
import { TimerWheel } from '../../core/base/timer-wheel.ts'
import { Metrics } from '../../core/observe/metrics.ts'
import { EndpointRegistry, EndpointRegistryKey } from '../../core/state/registry.ts'
import { SharedState } from '../../core/state/shared-state.ts'

/** A clock that moves only when told. */
export class ManualClock implements Clock {
  #now = 0
  #wall = Date.UTC(2026, 0, 1)

  now(): number {
    return this.#now
  }

  wall(): number {
    return this.#wall
  }

  /** @param ms milliseconds */
  advance(ms: number): void {
    this.#now += ms
    this.#wall += ms
  }
}

/** An endpoint with what a test does not care about filled in. */
export function endpoint(id: string, rest: Partial<Endpoint> = {}): Endpoint {
  const cut = id.indexOf('/')
  return {
    id,
    name: id.slice(cut + 1),
    version: cut === -1 ? undefined : id.slice(0, cut),
    targets: [],
    status: 'active',
    match: { hosts: [], paths: [] },
    requires: [],
    ...rest,
  }
}

export interface RequestInit {
  method?: string
  path?: string
  query?: string
  headers?: Readonly<Record<string, string | readonly string[]>>
  host?: string
  body?: string
  downstream?: Partial<Downstream>
}

/** A real exchange, its head just parsed. */
export function exchange(init: RequestInit = {}, startedAt = 0): Exchange {
  return new Exchange(
    {
      method: init.method ?? 'GET',
      path: init.path ?? '/',
      query: init.query ?? '',
      httpVersion: '1.1',
      // As a parser hands them over: hostile values are not the exchange's business.
      headers: HeaderList.fromWire(
        Object.entries(init.headers ?? {}).flatMap(([name, value]) => [value].flat().flatMap((one) => [name, one])),
      ),
      body: init.body === undefined ? Body.empty() : Body.of(init.body),
      upgrade: undefined,
    },
    {
      address: '192.0.2.1',
      peer: '192.0.2.1',
      trusted: false,
      scheme: 'http',
      host: init.host ?? 'gateway.test',
      ...init.downstream,
    },
    startedAt,
  )
}

/** The same exchange, with a response head. */
export function answered(
  x: Exchange,
  status = 200,
  headers: Readonly<Record<string, string | readonly string[]>> = {},
): ExchangeWithResponse {
  x.response = { status, statusText: undefined, headers: HeaderList.of(headers), body: Body.empty() }
  return x as ExchangeWithResponse
}

export function attempt(startedAt: number, number = 1, target?: Target): Attempt {
  return { number, target, startedAt }
}

export function outcome(result: Outcome['result'], status?: number): Outcome {
  return { result, status, error: undefined, headMs: undefined, totalMs: 1 }
}

/** `status reason` of a reply, or what else a hook returned. */
export function verdict(returned: unknown): unknown {
  const { status, reason } = (returned ?? {}) as Partial<LocalReply>
  return reason === undefined ? returned : `${status} ${reason}`
}

export interface Made {
  readonly filter: Filter
  readonly warnings: readonly string[]
  dispose(): Promise<void>
}

/** What a process gives its filters, with time in the test's hand. `make` stands for one load of a configuration. */
export class Bench {
  readonly clock = new ManualClock()
  readonly timers = new TimerWheel({ manual: true, now: () => this.clock.now() })
  readonly shared = new SharedState()
  readonly metrics = new Metrics()
  readonly logged: { level: string; fields: Readonly<Record<string, unknown>>; message: string }[] = []
  readonly registry = new EndpointRegistry(this.clock, silentLogger)
  readonly #services = new Map<string, unknown>()

  constructor(endpoints: readonly Endpoint[] = []) {
    this.#services.set(EndpointsKey.name, endpoints)
    this.#services.set(EndpointRegistryKey.name, this.registry)
    this.registry.sync(endpoints)
  }

  /** Validates the options as a load does and makes an instance. Throws what the schema or the factory says. */
  async make(
    factory: FilterFactory,
    options: Readonly<Record<string, unknown>> = {},
    at: { name?: string; endpoint?: Endpoint; baseDir?: string } = {},
  ): Promise<Made> {
    const result = await factory.options?.['~standard'].validate(options)
    if (result?.issues !== undefined) throw new Error(result.issues.map((issue) => issue.message).join('\n'))
    const name = at.name ?? factory.name
    const warnings: string[] = []
    const releases: (() => void)[] = []
    const controller = new AbortController()
    const transaction = this.shared.begin()
    const env: FilterEnv = {
      name,
      endpoint: at.endpoint,
      baseDir: at.baseDir ?? process.cwd(),
      readFile: (path) => readNamed(at.baseDir ?? process.cwd(), path).bytes,
      warn: (message) => warnings.push(message),
      log: this.#logger(),
      meter: this.metrics,
      clock: this.clock,
      timers: this.timers,
      signal: controller.signal,
      service: (key) => this.#services.get(key.name) as never,
      share: (key, spec) => {
        const scope = spec.scope ?? 'endpoint'
        const owner = scope === 'factory' ? [] : scope === 'instance' ? [name] : [name, at.endpoint?.id]
        const { value, release } = transaction.acquire(JSON.stringify([factory.name, ...owner, key]), spec)
        releases.push(release)
        return value
      },
    }
    const dispose = async (): Promise<void> => {
      controller.abort()
      for (const release of releases) release()
    }
    try {
      const filter = await factory.create(result?.value, env)
      transaction.commit()
      return {
        filter,
        warnings,
        dispose: async () => {
          await filter.dispose?.()
          await dispose()
        },
      }
    } catch (error) {
      await dispose()
      throw error
    }
  }

  #logger(): Logger {
    const at = (level: string) => (fields: object, message: string) => {
      this.logged.push({ level, fields: fields as Readonly<Record<string, unknown>>, message })
    }
    return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error'), child: () => this.#logger() }
  }
}
