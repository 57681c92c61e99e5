import type { Duplex } from 'node:stream'
import type { Body } from './body.ts'
import { HeaderList } from './header-list.ts'

/**
 * The optional parts of a local reply.
 *
 * ```ts
 * reply(429, 'tenant_over_quota', { headers: { 'Retry-After': '30' }, extra: { quota: 100 } })
 * reply(200, 'robots', { headers: { 'Content-Type': 'text/plain' }, body: 'User-agent: *\nDisallow: /\n' })
 * ```
 */
export interface ReplyOptions {
  /** Header fields. 429 and 503 always need `Retry-After`. */
  readonly headers?: Readonly<Record<string, string | readonly string[]>>
  /** One sentence for people: `detail` of the problem document. Clients see it: no secrets, nothing about the inside. */
  readonly detail?: string
  /** Further members of the problem document. Clients see them. */
  readonly extra?: Readonly<Record<string, unknown>>
  /** A body instead of the problem document. Its `Content-Type` goes into `headers`. */
  readonly body?: string | Uint8Array
}

/**
 * A response made by a filter, not by the upstream. Without a `body` the engine renders statuses from 400 on as a problem
 * document (RFC 9457). Filters make one with `reply()`, which checks it; the class is for `instanceof`.
 *
 * ```ts
 * const result = await next(call)
 * if (result instanceof LocalReply) env.log.info({ reason: result.reason }, 'refused')
 * return result
 * ```
 */
export class LocalReply {
  readonly status: number
  /** Machine-readable, snake case, from a small fixed set: it is a label of metrics. */
  readonly reason: string
  readonly options: ReplyOptions
  /** Name in the chain of the filter that returned it; set by the engine. */
  readonly filter: string | undefined

  constructor(status: number, reason: string, options: ReplyOptions = {}, filter?: string) {
    this.status = status
    this.reason = reason
    this.options = options
    this.filter = filter
  }
}

/**
 * The reply with the name of the filter that returned it, unless it has a name already. A copy: filters may return one object
 * for many requests, and share it.
 */
export function attributed(reply: LocalReply, filter: string): LocalReply {
  return reply.filter === undefined ? new LocalReply(reply.status, reply.reason, reply.options, filter) : reply
}

/** What a reason looks like: it is a metric label and the `code` of a problem document. */
const REASON = /^[a-z][a-z0-9_]{0,63}$/

/**
 * Makes a reply, for a hook to return. One without side effects may be made once, at module level, and returned many times.
 *
 * ```ts
 * return reply(403, 'tenant_unknown', { detail: 'There is no such tenant.' })
 * ```
 * @param status 200 to 599; from 400 on a problem document (RFC 9457) unless `options.body` is given
 * @param reason machine-readable cause in snake case (`token_expired`), from a small fixed set: it is the `code` of the
 *   problem document and a label in logs, traces and metrics, so it must never hold what a client sent
 * @throws TypeError for a status, reason, body or header field that can't be sent
 */
export function reply(status: number, reason: string, options: ReplyOptions = {}): LocalReply {
  if (!Number.isInteger(status) || status < 200 || status > 599)
    throw new TypeError(`reply(): the status must be a number from 200 to 599, found ${String(status)}`)
  if (typeof reason !== 'string' || !REASON.test(reason))
    throw new TypeError('reply(): the reason must be in snake case, such as "token_expired"')
  const { body, headers } = options
  if (body !== undefined && typeof body !== 'string' && !(body instanceof Uint8Array))
    throw new TypeError('reply(): the body must be a string or bytes')
  if (headers !== undefined) HeaderList.of(headers)
  return new LocalReply(status, reason, options)
}

/** The upstream's side of a connection that has switched protocols (RFC 9110 §7.8). */
export interface Upgrade {
  /** The connection. May be half-closed. Whoever opened it handles its errors until the engine joins it with the client's. */
  readonly socket: Duplex
  /** The protocol, as the upstream's `Upgrade` field names it. */
  readonly protocol: string
  /** The engine ends the connection after this long without a byte in either direction; milliseconds, or infinite. */
  readonly idleMs: number
}

/**
 * A response: its head, and the body that follows. A terminal filter returns one; an `upstream` hook may return another than
 * `next` gave it, and then discards the body of the first; a `response` hook edits `x.response` in place.
 *
 * ```ts
 * return { status: 200, headers: HeaderList.of({ 'Content-Type': 'text/plain' }), body: Body.of('pong\n') }
 * ```
 */
export interface Response {
  /** 200 to 999, or 101 with `upgrade`. */
  status: number
  /** Reason phrase. Undefined: the usual one for the status. */
  statusText?: string | undefined
  headers: HeaderList
  body: Body
  /** On a 101: the upstream's side, which the engine joins with the client's. */
  upgrade?: Upgrade
  /** Set by the engine on a local reply: the filter that made it, and why. */
  local?: { readonly filter: string; readonly reason: string }
}
