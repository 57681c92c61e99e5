import type { Body } from './body.ts'
import type { HeaderList } from './header-list.ts'

/**
 * The request: method and target as the client sent them, headers and body as filters edit them before they go upstream.
 *
 * ```ts
 * const { method, path, query, headers, body } = x.request
 * const mayHaveBody = method === 'POST' && !body.empty
 * headers.set('X-Original-Path', path + query)
 * ```
 */
export interface Request {
  readonly method: string
  /** Path as the client sent it, byte for byte, without the query. To decide by it, compare its `normalPath`. */
  readonly path: string
  /** Query with its `?`, or empty: what the client sent, without what filters took out by `setQuery`. */
  readonly query: string
  /** The same as the client sent it, with what filters took out or replaced. It may hold credentials. */
  readonly sentQuery: string
  /** `1.0` or `1.1`. */
  readonly httpVersion: string
  /** Filters edit it in place. */
  readonly headers: HeaderList
  /** Filters wrap or replace its bytes by the operations of `Body`. */
  readonly body: Body
  /** The protocols that the client asks to switch to and the listener allows (`websocket`, or a list), or undefined. */
  readonly upgrade: string | undefined
  /**
   * Replaces the query, for filters that come after and for the upstream.
   * @param query with its `?`, or empty
   * @throws TypeError for a text that can't be on the wire
   */
  setQuery(query: string): void
}

/** What a query may be, each character a byte. */
const QUERY = /^(?:\?[\x21-\x22\x24-\x7e\x80-\xff]*)?$/

/** @internal Makes the request of an exchange. */
export class ExchangeRequest implements Request {
  readonly method: string
  readonly path: string
  readonly sentQuery: string
  readonly httpVersion: string
  readonly headers: HeaderList
  readonly body: Body
  readonly upgrade: string | undefined
  #query: string

  constructor(
    method: string,
    path: string,
    query: string,
    httpVersion: string,
    headers: HeaderList,
    body: Body,
    upgrade: string | undefined,
  ) {
    this.method = method
    this.path = path
    this.httpVersion = httpVersion
    this.headers = headers
    this.body = body
    this.upgrade = upgrade
    this.#query = query
    this.sentQuery = query
  }

  get query(): string {
    return this.#query
  }

  setQuery(query: string): void {
    if (!QUERY.test(query)) throw new TypeError('setQuery(): expected a query with its "?", or an empty text')
    this.#query = query
  }
}
