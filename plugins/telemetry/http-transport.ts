import { promisify } from 'node:util'
import { gzip } from 'node:zlib'
import type { ExportResponse, IExporterTransport } from '@opentelemetry/otlp-exporter-base'
import { Pool } from 'undici'
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
        connections: 2,
        maxResponseSize: RESPONSE_BYTES,
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

  async #attempt({ pool, path, headers }: Connection, body: Uint8Array, ms: number): Promise<ExportResponse> {
    const timeout = new AbortController()
    const timer = startTimer(Math.max(0, ms), () => timeout.abort(new Error('no response of the collector in time')))
    try {
      const response = await pool.request({ path, method: 'POST', headers, body, signal: timeout.signal })
      const data = new Uint8Array(await response.body.arrayBuffer())
      const { statusCode } = response
      if (statusCode <= 299) return { status: 'success', data }
      const error = new Error(`the collector responded with status ${statusCode}`)
      if (!RETRYABLE.has(statusCode)) return { status: 'failure', error }
      return { status: 'retryable', error, ...retryAfter(response.headers['retry-after']) }
    } catch (error) {
      return { status: isOfNetwork(error) ? 'retryable' : 'failure', error: asError(error) }
    } finally {
      timer.cancel()
    }
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
