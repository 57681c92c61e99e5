import type { IncomingHttpHeaders } from 'node:http'
import { promisify } from 'node:util'
import { gzip } from 'node:zlib'
import type { ExportResponse, IExporterTransport } from '@opentelemetry/otlp-exporter-base'
import { type Dispatcher, Pool } from 'undici'
import { sleep, startTimer } from '../../core/index.ts'

const gzipped = promisify(gzip)

/** What the library has read from the variables. */
export interface HttpConfiguration {
  readonly url: string
  headers(): Promise<Record<string, string>>
  readonly compression: 'gzip' | 'none'
  /** Makes an agent of Node's client, whose options hold the certificates. */
  agentFactory(protocol: string): unknown
}

/** Statuses after which the same request may succeed (OTLP specification, "Retryable Response Codes"). */
const RETRYABLE = new Set([429, 502, 503, 504])
const RETRIES = 5
const FIRST_WAIT_MS = 1000
const LONGEST_WAIT_MS = 5000
const GROWTH = 1.5
const JITTER = 0.2
const RESPONSE_BYTES = 4 << 20

interface Connection {
  readonly pool: Pool
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
}

/**
 * Sends OTLP/HTTP by undici. The library's own transport uses Node's HTTP client, which shares functions with the server: a few
 * requests of it per second make these slower for every request of the gateway (docs/decisions/0029-spans.md).
 */
export class HttpTransport implements IExporterTransport {
  readonly #configuration: HttpConfiguration
  readonly #random: () => number
  readonly #stopped = new AbortController()
  #connection: Promise<Connection> | undefined

  /** @param random from 0 to 1, for the jitter between attempts */
  constructor(configuration: HttpConfiguration, random: () => number = Math.random) {
    this.#configuration = configuration
    this.#random = random
  }

  /** Attempts until the collector has it, it refuses, or the time is over (OTLP specification, "Failures"). */
  async send(data: Uint8Array, timeoutMs: number): Promise<ExportResponse> {
    const deadline = performance.now() + timeoutMs
    this.#connection ??= this.#connect()
    const connection = await this.#connection
    const body = this.#configuration.compression === 'gzip' ? await gzipped(data) : data
    let wait = FIRST_WAIT_MS
    for (let retries = 0; ; retries++) {
      const response = await this.#attempt(connection, body, deadline - performance.now())
      if (response.status !== 'retryable' || retries === RETRIES) return response
      const jitter = 1 + (this.#random() * 2 - 1) * JITTER
      const ms = response.retryInMillis ?? Math.min(wait * jitter, LONGEST_WAIT_MS)
      wait *= GROWTH
      if (this.#stopped.signal.aborted || performance.now() + ms > deadline) return response
      await sleep(ms, this.#stopped.signal).catch(() => {})
    }
  }

  /** Ends everything, running attempts too. */
  shutdown(): void {
    this.#stopped.abort()
    this.#connection?.then(({ pool }) => pool.destroy()).catch(() => {})
  }

  async #connect(): Promise<Connection> {
    const { compression, agentFactory, headers } = this.#configuration
    const url = new URL(this.#configuration.url)
    const tls = url.protocol === 'https:' ? certificatesOf(await agentFactory('https:')) : undefined
    return {
      pool: new Pool(url.origin, {
        allowH2: false,
        connections: 2,
        ...(tls === undefined ? {} : { connect: tls }),
      }),
      path: url.pathname + url.search,
      headers: {
        ...authorization(url),
        ...(await headers()),
        'User-Agent': 'Weir-OTLP-Exporter',
        ...(compression === 'gzip' ? { 'Content-Encoding': 'gzip' } : {}),
      },
    }
  }

  #attempt({ pool, path, headers }: Connection, body: Uint8Array, ms: number): Promise<ExportResponse> {
    return new Promise((resolve) => {
      const exchange = new ExportExchange(ms, resolve)
      pool.dispatch({ path, method: 'POST', headers, body }, exchange)
    })
  }
}

/**
 * One attempt, without undici's `request()`: the streams that it makes are of a class of their own, which makes the functions of
 * streams slower for every request of the gateway (measured).
 */
class ExportExchange implements Dispatcher.DispatchHandler {
  readonly #done: (response: ExportResponse) => void
  readonly #timer: { cancel(): void }
  readonly #chunks: Buffer[] = []
  #abort: ((reason: Error) => void) | undefined
  #late: Error | undefined
  #size = 0
  #status = 0
  #retryAfter: string | string[] | undefined

  constructor(ms: number, done: (response: ExportResponse) => void) {
    this.#done = done
    this.#timer = startTimer(Math.max(0, ms), () => {
      this.#late = new Error('no response of the collector in time')
      // Before the request is written nothing can be aborted.
      if (this.#abort === undefined) this.#end({ status: 'failure', error: this.#late })
      else this.#abort(this.#late)
    })
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#abort = (reason) => controller.abort(reason)
    if (this.#late !== undefined) controller.abort(this.#late)
  }

  onResponseStart(_controller: Dispatcher.DispatchController, status: number, headers: IncomingHttpHeaders): void {
    this.#status = status
    this.#retryAfter = headers['retry-after']
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    this.#size += chunk.length
    if (this.#size > RESPONSE_BYTES) controller.abort(new Error('the response of the collector is too large'))
    else this.#chunks.push(chunk)
  }

  onResponseEnd(): void {
    if (this.#status <= 299) return this.#end({ status: 'success', data: Buffer.concat(this.#chunks) })
    const error = new Error(`the collector responded with status ${this.#status}`)
    if (RETRYABLE.has(this.#status)) this.#end({ status: 'retryable', error, ...retryAfter(this.#retryAfter) })
    else this.#end({ status: 'failure', error })
  }

  onResponseError(_controller: unknown, error: Error): void {
    this.#end({ status: isOfNetwork(error) ? 'retryable' : 'failure', error: asError(error) })
  }

  #end(response: ExportResponse): void {
    this.#timer.cancel()
    this.#done(response)
  }
}

function certificatesOf(agent: unknown): { ca?: Buffer; cert?: Buffer; key?: Buffer } {
  const { ca, cert, key } = (agent as { options: { ca?: Buffer; cert?: Buffer; key?: Buffer } }).options
  return { ...(ca && { ca }), ...(cert && { cert }), ...(key && { key }) }
}

/** Credentials in the URL, as Node's client sends them. */
function authorization({ username, password }: URL): Record<string, string> {
  if (username === '' && password === '') return {}
  const text = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`
  return { Authorization: `Basic ${Buffer.from(text).toString('base64')}` }
}

/** `Retry-After` (RFC 9110 §10.2.3): seconds, or a date. */
function retryAfter(value: string | string[] | undefined): { retryInMillis?: number } {
  if (typeof value !== 'string') return {}
  const ms = /^\d+$/.test(value) ? Number(value) * 1000 : Date.parse(value) - Date.now()
  return Number.isNaN(ms) ? {} : { retryInMillis: Math.max(0, ms) }
}

const codeOf = (error: unknown): string =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : ''

const isOfNetwork = (error: unknown): boolean => /^(?:E[A-Z_]+|UND_ERR_(?:SOCKET|CONNECT_TIMEOUT))$/.test(codeOf(error))

/** The error of several addresses has a code alone. */
function asError(error: unknown): Error {
  const code = codeOf(error)
  const message = error instanceof Error ? error.message : 'the export failed'
  return new Error(message.includes(code) ? message : `${code} ${message}`.trim())
}
