import { type HeaderList, type LocalReply, type Request, reply, TOKEN_SOURCE } from '../../core/index.ts'
import type { AllowedOrigins } from './allowed-origins.ts'
import type { Options } from './options.ts'

/**
 * Whether a browser asks if a page of another origin may send a request (Fetch §3.3.2, CORS-preflight request).
 * @param origin of the request; empty if it has none
 */
export function isPreflight({ method, headers }: Request, origin: string): boolean {
  return method === 'OPTIONS' && origin !== '' && headers.has('access-control-request-method')
}

/** Browsers ask for a handful of names. */
const MAX_LENGTH = 8192
const MAX_NAMES = 100

const NAME = new RegExp(`^[\\t ]*(${TOKEN_SOURCE})[\\t ]*$`)

/**
 * The header fields that a preflight asks for, as a value of `Access-Control-Allow-Headers`. Undefined if it asks for none, or for more
 * than 100 names or 8 KiB. What is no name is left out.
 */
export function askedHeaders(headers: HeaderList): string | undefined {
  const asked = headers.joined('access-control-request-headers')
  if (asked === undefined || asked.length > MAX_LENGTH) return undefined
  const names = asked.split(',', MAX_NAMES + 1)
  if (names.length > MAX_NAMES) return undefined
  const good = names.flatMap((name) => NAME.exec(name)?.[1] ?? [])
  return good.length === 0 ? undefined : good.join(', ')
}

/** Replies to preflights. */
export class PreflightReplies {
  readonly #origins: AllowedOrigins
  readonly #listed: boolean
  readonly #privateNetwork: boolean
  /** What does not depend on the request. */
  readonly #fixed: Readonly<Record<string, string>>
  readonly #refusal: LocalReply

  constructor(options: Options, origins: AllowedOrigins) {
    const { credentials, methods, headers, max_age, private_network } = options
    this.#origins = origins
    this.#listed = headers !== undefined
    this.#privateNetwork = private_network
    const vary = ['Origin', 'Access-Control-Request-Method', 'Access-Control-Request-Headers']
    if (private_network) vary.push('Access-Control-Request-Private-Network')
    const Vary = vary.join(', ')
    const fixed: Record<string, string> = { Vary }
    this.#refusal = originDenied({ Vary })
    if (credentials) fixed['Access-Control-Allow-Credentials'] = 'true'
    if (methods.length > 0) fixed['Access-Control-Allow-Methods'] = methods.join(', ')
    if (headers !== undefined && headers.length > 0) fixed['Access-Control-Allow-Headers'] = headers.join(', ')
    if (max_age !== undefined) fixed['Access-Control-Max-Age'] = String(Math.floor(max_age / 1000))
    this.#fixed = fixed
  }

  /**
   * The whole lists, even where the preflight asks for something else: then the browser can tell the developer what is missing.
   * @param origin of the request
   */
  replyTo(origin: string, asked: HeaderList): LocalReply {
    const allowed = this.#origins.valueFor(origin)
    if (allowed === undefined) return this.#refusal
    const headers: Record<string, string> = { 'Access-Control-Allow-Origin': allowed, ...this.#fixed }
    const names = this.#listed ? undefined : askedHeaders(asked)
    if (names !== undefined) headers['Access-Control-Allow-Headers'] = names
    if (this.#privateNetwork && asked.get('access-control-request-private-network') === 'true')
      headers['Access-Control-Allow-Private-Network'] = 'true'
    return reply(204, 'preflight', { headers })
  }
}

/** Fetch §3.3.3 encourages 403 where a server does not take part for an origin. */
export function originDenied(headers: Readonly<Record<string, string>> = {}): LocalReply {
  return reply(403, 'origin_denied', { headers, detail: 'Pages of this origin may not send this request.' })
}
