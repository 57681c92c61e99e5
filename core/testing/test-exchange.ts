import type { Attempt, Outcome } from '../api/attempt.ts'
import { Body } from '../api/body.ts'
import type { Downstream } from '../api/downstream.ts'
import type { Target } from '../api/endpoint.ts'
import { type ErrorCode, WeirError } from '../api/errors.ts'
import { Exchange } from '../api/exchange.ts'
import type { ExchangeWithResponse } from '../api/filter.ts'
import { HeaderList } from '../api/header-list.ts'
import { ExchangeRequest } from '../api/request.ts'
import { ChunkSource, type ChunksEnd } from './chunk-source.ts'

/** Header fields: a value, or several for a field that is repeated. */
export type Fields = Readonly<Record<string, string | readonly string[]>>

/** Bytes of a body. A list comes chunk by chunk and does not say its length, as with `Transfer-Encoding: chunked`. */
export type BodyBytes = string | Uint8Array | readonly (string | Uint8Array)[]

/** A request as a test describes it. All of it may be left out: `GET /` without a body. */
export interface TestRequest {
  readonly method?: string
  /** Path as the client sends it, byte for byte. What follows a `?` is the query, unless `query` is given. */
  readonly path?: string
  /** `a=1&b=2`, with or without its `?`; or names with values. */
  readonly query?: string | Readonly<Record<string, string>>
  /** Not checked, as a parser hands them over: a test may be hostile. */
  readonly headers?: Fields
  readonly body?: BodyBytes
  /** The body breaks off with this error behind its last chunk: `request_body_timeout`. */
  readonly bodyError?: ErrorCode
  /** `host[:port]` that the client names. Default: `gateway.test`. */
  readonly host?: string
  /** The client's address. Default: `192.0.2.1`. */
  readonly client?: string
  /** Default: `http`. */
  readonly scheme?: 'http' | 'https'
  /** The protocol that the client asks to switch to: `websocket`. */
  readonly upgrade?: string
  /** What else is known of the client's side. */
  readonly downstream?: Partial<Downstream>
}

/**
 * A real exchange whose head was just parsed, for tests that call a hook themselves.
 *
 * ```ts
 * const x = exchange({ headers: { 'X-Tenant': 'acme' } })
 * assert.equal(filter.request(x), undefined)
 * ```
 * @param startedAt monotonic milliseconds
 */
export function exchange(init: TestRequest = {}, startedAt = 0): Exchange {
  const [path = '', query] = splitTarget(init.path ?? '/')
  const address = init.client ?? '192.0.2.1'
  const headers = fieldsOf(init.headers)
  const host = init.downstream?.host ?? init.host ?? 'gateway.test'
  return new Exchange(
    new ExchangeRequest(
      init.method ?? 'GET',
      path,
      init.query === undefined ? query : queryOf(init.query),
      '1.1',
      headers,
      bodyOf(init.body, { error: init.bodyError === undefined ? undefined : new WeirError(init.bodyError) }),
      init.upgrade,
    ),
    {
      address,
      peer: address,
      trusted: false,
      hops: [],
      scheme: init.scheme ?? 'http',
      host,
      publicHost: host,
      takesTrailers: false,
      fields: headers.raw.slice(),
      ...init.downstream,
    },
    startedAt,
  )
}

/**
 * The same exchange with the head of a response, for tests that call a `response` hook themselves.
 *
 * ```ts
 * const x = withResponse(exchange(), 200, { 'Content-Type': 'text/plain' })
 * filter.response(x)
 * ```
 */
export function withResponse(x: Exchange, status = 200, headers: Fields = {}): ExchangeWithResponse {
  x.response = { status, statusText: undefined, headers: HeaderList.of(headers), body: Body.empty() }
  return x as ExchangeWithResponse
}

/** An attempt, for tests that call `admit` and `settled` themselves. @param startedAt monotonic milliseconds */
export function attempt(startedAt: number, number = 1, target?: Target): Attempt {
  return { number, target, startedAt, onCancel: () => {} }
}

/** How that attempt ended. */
export function outcome(result: Outcome['result'], status?: number): Outcome {
  return { result, status, error: undefined, headMs: undefined, totalMs: 1 }
}

function splitTarget(target: string): [path: string, query: string] {
  const mark = target.indexOf('?')
  return mark === -1 ? [target, ''] : [target.slice(0, mark), target.slice(mark)]
}

function queryOf(query: string | Readonly<Record<string, string>>): string {
  const text = typeof query === 'string' ? query : new URLSearchParams(query).toString()
  return text === '' || text.startsWith('?') ? text : `?${text}`
}

/** Unchecked: what a parser lets through is not the exchange's business. */
export const fieldsOf = (fields: Fields = {}): HeaderList =>
  HeaderList.fromWire(Object.entries(fields).flatMap(([name, value]) => [value].flat().flatMap((one) => [name, one])))

/** One piece is there at once and its length is known; a list, or a body with an end of its own, comes chunk by chunk. */
export function bodyOf(bytes: BodyBytes = '', end: ChunksEnd = {}): Body {
  const whole = typeof bytes === 'string' || bytes instanceof Uint8Array
  if (whole && end.error === undefined && end.trailers === undefined) return Body.of(bytes)
  const chunks = (whole ? [bytes] : bytes)
    .map((chunk) => Buffer.from(chunk as Uint8Array))
    .filter(({ length }) => length > 0)
  return new Body(new ChunkSource(chunks, end), undefined)
}
