import type { HeaderList } from '../api/header-list.ts'
import { trimOws } from '../base/tokens.ts'

/** What a route is decided by. */
export interface RouteRequest {
  /** `host[:port]` as the client sent it. */
  readonly host: string
  readonly method: string
  /** As it came, without the query. */
  readonly path: string
  /** With its `?`, or empty. */
  readonly query: string
  readonly headers: Pick<HeaderList, 'get' | 'all' | 'has'>
}

/** Where a value stands. */
export type Part = 'header' | 'query' | 'cookie'

/** What a request says, each read once: thousands of matches may ask for the same. */
export class RequestValues {
  /** The method that it asks for: of a preflight the one that is to follow. */
  readonly method: string
  /** A browser asks which methods another origin may use (Fetch §4.8). */
  readonly isPreflight: boolean
  readonly #request: RouteRequest
  readonly #headers = new Map<string, string | undefined>()
  #query: URLSearchParams | undefined
  #cookies: ReadonlyMap<string, string> | undefined

  constructor(request: RouteRequest) {
    const { method, headers } = request
    this.#request = request
    const asked =
      method === 'OPTIONS' && headers.has('origin') ? headers.get('access-control-request-method') : undefined
    this.isPreflight = asked !== undefined
    this.method = asked ?? method
  }

  /** Undefined: it is not there. */
  get(part: Part, name: string): string | undefined {
    if (part === 'header') return this.#header(name)
    if (part === 'query') {
      this.#query ??= queryOf(this.#request.query)
      return this.#query.get(name) ?? undefined
    }
    this.#cookies ??= cookiesOf(this.#request.headers.all('cookie'))
    return this.#cookies.get(name)
  }

  #header(name: string): string | undefined {
    if (this.#headers.has(name)) return this.#headers.get(name)
    const all = this.#request.headers.all(name)
    const value = all.length === 0 ? undefined : all.join(', ')
    this.#headers.set(name, value)
    return value
  }
}

/** Decoded as `application/x-www-form-urlencoded` (URL Standard §5.1). @param query as on the wire: each character is a byte */
const queryOf = (query: string): URLSearchParams =>
  new URLSearchParams(/[\x80-\xff]/.test(query) ? Buffer.from(query, 'latin1').toString() : query)

/** The first of each name (RFC 6265 §4.2). */
function cookiesOf(fields: readonly string[]): ReadonlyMap<string, string> {
  const cookies = new Map<string, string>()
  for (const field of fields)
    for (const pair of field.split(';')) {
      const equals = pair.indexOf('=')
      const name = trimOws(pair.slice(0, equals))
      if (equals !== -1 && !cookies.has(name)) cookies.set(name, trimOws(pair.slice(equals + 1)))
    }
  return cookies
}
