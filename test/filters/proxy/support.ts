import { spawn } from 'node:child_process'
import { once } from 'node:events'
import type { RequestListener } from 'node:http'
import { connect, type Socket } from 'node:net'
import { DEFAULT_LIMITS, type DownstreamLimits } from '../../../core/http/downstream-limits.ts'
import {
  type Clock,
  defineFilter,
  type FilterFactory,
  type Logger,
  type Outcome,
  type Target,
  type TimerWheel,
} from '../../../core/index.ts'
import { specOf, startGateway, type TestGateway } from '../../../core/testing.ts'
import { send } from '../../support/client.ts'
import { startRawUpstream, startUpstream, type Upstream } from '../../support/upstream.ts'

/** The part of a tap test that is needed here. */
interface Test {
  teardown(fn: () => unknown): unknown
}

export interface Proxied extends TestGateway {
  /** URL of the endpoint, without a slash at its end. */
  readonly api: string
  /** How attempts were settled, in order. */
  readonly outcomes: Outcome[]
  /** Resolves when as many attempts were settled. */
  settled(count: number): Promise<void>
}

interface Settings {
  /** Options of `request-id`. */
  readonly requestId?: Record<string, unknown>
  /** Options of `proxy`. */
  readonly proxy?: Record<string, unknown>
  /** Options of `breaker`. */
  readonly breaker?: Record<string, unknown>
  /** Options of `body-limit`, which is else left out. */
  readonly bodyLimit?: Record<string, unknown>
  /** Options of `retry`, which is else left out. */
  readonly retry?: Record<string, unknown>
  /** Options of `concurrency-limit`, which is else left out. */
  readonly concurrency?: Record<string, unknown>
  /** Options that the endpoint gives to its filters. */
  readonly own?: Record<string, Record<string, unknown> | 'off'>
  /** Targets of the endpoint. Default: the URL alone. */
  readonly targets?: readonly Target[]
  readonly trustedProxies?: readonly string[]
  readonly filters?: readonly FilterFactory[]
  /** `hook_timeout` of `filters`. */
  readonly hookTimeoutMs?: number
  /** Time in the test's hand. */
  readonly time?: { readonly clock: Clock; readonly timers: TimerWheel }
  readonly logger?: Logger
  /** Where they differ from the defaults. */
  readonly limits?: Partial<DownstreamLimits>
}

/** A gateway with the default chain before one upstream; closed with the test. */
export async function gatewayTo(t: Test, url: string, settings: Settings = {}): Promise<Proxied> {
  const outcomes: Outcome[] = []
  let wake: (() => void)[] = []
  const witness = defineFilter({
    name: 'witness',
    apiVersion: 1,
    create: () => ({
      settled(_x, _attempt, outcome) {
        outcomes.push(outcome)
        for (const fn of wake) fn()
      },
    }),
  })
  const extra = settings.filters ?? []
  const { targets } = settings
  const spec = specOf(
    [{ name: 'api', url, filters: settings.own ?? {}, ...(targets === undefined ? {} : { targets }) }],
    [
      ['request-id', settings.requestId ?? {}],
      'auth',
      ['route-match', { prefix: '' }],
      'method-check',
      ...(settings.retry === undefined ? [] : [['retry', settings.retry] as const]),
      ...(settings.concurrency === undefined ? [] : [['concurrency-limit', settings.concurrency] as const]),
      ['breaker', settings.breaker ?? {}],
      'witness',
      ...(settings.bodyLimit === undefined ? [] : [['body-limit', settings.bodyLimit] as const]),
      ...extra.map(({ name }) => ({ factory: name, hookTimeoutMs: settings.hookTimeoutMs })),
      ['proxy', settings.proxy ?? {}],
      'metrics',
    ],
  )
  const { trustedProxies = [] } = settings
  const limits = { ...DEFAULT_LIMITS, ...settings.limits }
  const running = await startGateway(spec, {
    filters: [witness, ...extra],
    trustedProxies,
    limits,
    ...settings.time,
    ...(settings.logger === undefined ? {} : { logger: settings.logger }),
  })
  t.teardown(() => running.close())
  return {
    ...running,
    api: `${running.url}/api`,
    outcomes,
    settled: (count) =>
      new Promise((resolve) => {
        const check = (): void => {
          if (outcomes.length < count) return
          wake = wake.filter((fn) => fn !== check)
          resolve()
        }
        wake.push(check)
        check()
      }),
  }
}

/** An HTTP upstream and a gateway before it. */
export async function proxied(
  t: Test,
  listener: RequestListener,
  settings: Settings = {},
): Promise<Proxied & { upstream: Upstream }> {
  const upstream = await startUpstream(listener)
  t.teardown(() => upstream.close())
  return { ...(await gatewayTo(t, upstream.url, settings)), upstream }
}

/** An upstream that speaks bytes, and a gateway before it. */
export async function proxiedRaw(t: Test, serve: (socket: Socket) => void, settings: Settings = {}): Promise<Proxied> {
  const upstream = await startRawUpstream(serve)
  t.teardown(() => upstream.close())
  return gatewayTo(t, upstream.url, settings)
}

const NEVER_ACCEPTS = `
const server = require('node:net').createServer().listen(0, '127.0.0.1', 1, () => {
  require('node:fs').writeSync(1, String(server.address().port))
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0)
})`

/** URL of an address that does not answer a SYN: the backlog of its listening socket, two connections, is full. */
export async function startBlackhole(t: Test): Promise<string> {
  const child = spawn(process.execPath, ['-e', NEVER_ACCEPTS], { stdio: ['ignore', 'pipe', 'inherit'] })
  t.teardown(() => child.kill('SIGKILL'))
  const [port] = (await once(child.stdout, 'data')) as [Buffer]
  for (let i = 0; i < 2; i++) {
    const socket = connect(Number(port), '127.0.0.1')
    socket.on('error', () => {})
    t.teardown(() => socket.destroy())
    await once(socket, 'connect')
  }
  return `http://127.0.0.1:${port}`
}

/** Calls `fn` with each whole request head that a socket receives, bodies of none. */
export function onHead(socket: Socket, fn: (head: string, count: number) => void): void {
  let received = ''
  let count = 0
  socket.on('data', (chunk) => {
    received += chunk.toString('latin1')
    for (let end = received.indexOf('\r\n\r\n'); end !== -1; end = received.indexOf('\r\n\r\n')) {
      const head = received.slice(0, end)
      received = received.slice(end + 4)
      fn(head, ++count)
    }
  })
}

/** A promise and its resolver, for events that a test waits for. */
export function signal<T = void>(): { promise: Promise<T>; fire: (value: T) => void } {
  const { promise, resolve } = Promise.withResolvers<T>()
  return { promise, fire: resolve }
}

/** Status, reason and Proxy-Status of an error response. */
export async function refused(api: string): Promise<string> {
  const { status, headers, json } = await send(api, { headers: { Accept: 'application/json' } })
  return `${status} ${String(json().code)}; ${headers['proxy-status']}`
}
