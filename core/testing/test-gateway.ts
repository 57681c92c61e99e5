import type { Finished } from '../api/filter.ts'
import type { Sample } from '../api/meter.ts'
import type { ReloadOutcome } from '../control/config-control.ts'
import type { Gateway } from '../main/gateway.ts'
import { readingsOf } from '../observe/metric-rows.ts'
import type { Metrics } from '../observe/metrics.ts'
import { type Injected, type InjectedResponse, inject } from './inject.ts'
import { metricOf } from './memory-meter.ts'
import type { LoggedLine } from './recording-logger.ts'
import type { RecordingRuntime } from './recording-runtime.ts'

/** A gateway that runs in this process. */
export interface TestGateway {
  /** `http://127.0.0.1:port` */
  readonly url: string
  readonly port: number
  /** Undefined if there is no admin listener. */
  readonly adminUrl: string | undefined
  /** Sends one request over a real socket. */
  inject(request?: Injected): Promise<InjectedResponse>
  /** Every line logged since the start. */
  readonly logs: readonly LoggedLine[]
  /** What `log` hooks saw, in order; it grows after the client has its response. A test may empty it. */
  readonly finished: Finished[]
  /** Resolves when `log` hooks have seen as many requests since the start. */
  logged(count: number): Promise<void>
  /** The exposition that Prometheus would read. */
  metrics(): Promise<string>
  /**
   * The sum of all numbers of a metric whose labels include the given ones, now; undefined if there is none. Of a histogram,
   * name the series: `…_count`, `…_sum`, `…_bucket`.
   */
  metric(name: string, labels?: Sample['labels']): Promise<number | undefined>
  /** Stops accepting, lets requests in flight finish, and frees everything. Later calls do nothing. */
  close(): Promise<void>
  [Symbol.asyncDispose](): Promise<void>
  /** @internal The engine, for Weir's own tests. */
  readonly gateway: Gateway
  /** @internal */
  readonly runtime: RecordingRuntime
}

/** A gateway that runs in this process on a configuration. */
export interface ConfiguredGateway extends TestGateway {
  /**
   * Loads other YAML in the place of what there is.
   * @throws Error with every problem and its line; what runs goes on
   */
  reload(yaml: string): Promise<ReloadOutcome>
}

/** What a gateway under test is seen through. */
export interface GatewayParts {
  readonly gateway: Gateway
  readonly runtime: RecordingRuntime
  readonly meter: Metrics
  readonly logs: readonly LoggedLine[]
  close(): Promise<unknown>
}

/** Closures, not methods: tests spread it. */
export function testGateway({ gateway, runtime, meter, logs, close }: GatewayParts): TestGateway {
  const urlOf = (listener: string): string | undefined => {
    const address = gateway.address(listener)
    if (address === undefined) return undefined
    // One that listens on every address is reached through loopback.
    const host = { '::': '127.0.0.1', '0.0.0.0': '127.0.0.1' }[address.address] ?? address.address
    return `http://${host.includes(':') ? `[${host}]` : host}:${address.port}`
  }
  const [url, adminUrl] = [urlOf('proxy')!, urlOf('admin')]
  let closed: Promise<unknown> | undefined
  const closeOnce = async (): Promise<void> => {
    closed ??= close()
    await closed
  }
  return {
    url,
    port: Number(new URL(url).port),
    adminUrl,
    inject: async (request = {}) => {
      const to = request.admin === true ? adminUrl : url
      if (to === undefined) throw new Error('there is no admin listener: say `admin: {}` in the YAML')
      return inject(to, request)
    },
    logs,
    finished: runtime.finished,
    logged: (count) => runtime.untilFinished(count),
    metrics: async () => Buffer.concat((await meter.expose()).content).toString(),
    metric: async (name, labels) => {
      const readings = (await meter.rows()).flatMap((metric) => [...readingsOf(metric.name, metric.rows)])
      return metricOf(readings, name, labels)
    },
    close: closeOnce,
    [Symbol.asyncDispose]: closeOnce,
    gateway,
    runtime,
  }
}
