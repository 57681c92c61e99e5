import type { Duplex } from 'node:stream'
import type { Body } from './body.ts'
import { HeaderList } from './header-list.ts'

/** What a filter may say about its own answer. */
export interface ReplyOptions {
  /** Extra header fields. */
  readonly headers?: Readonly<Record<string, string | readonly string[]>>
  /** One sentence for people; becomes `detail` of the problem document. */
  readonly detail?: string
  /** Further members of the problem document. */
  readonly extra?: Readonly<Record<string, unknown>>
  /** A body of the filter's own instead of a problem document; name its type in `headers`. */
  readonly body?: string | Uint8Array
}

/**
 * A response made by a filter, not by the upstream. Without a `body` the engine renders statuses from 400 as a problem
 * document (RFC 9457).
 */
export class LocalReply {
  readonly status: number
  /** Machine-readable, snake case, from a small fixed set: it is a metric label. */
  readonly reason: string
  readonly options: ReplyOptions
  /** Name of the filter that returned it, where the engine made or copied it. */
  readonly filter: string | undefined

  constructor(status: number, reason: string, options: ReplyOptions = {}, filter?: string) {
    this.status = status
    this.reason = reason
    this.options = options
    this.filter = filter
  }
}

/**
 * The reply of that filter, unless it comes from one further in. A copy: a filter may return one object for every
 * request, and share it with other filters.
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

/** The upstream's side of a connection that has switched protocols. */
export interface Upgrade {
  /** May be half-closed; whoever makes it listens to its errors until the tunnel does. */
  readonly socket: Duplex
  /** The protocol that was switched to, as the upstream's `Upgrade` names it. */
  readonly protocol: string
  /** Silence, both ways, after which the gateway ends it; milliseconds, or infinite. */
  readonly idleMs: number
}

/** A response head with its body, on its way downstream. */
export interface Response {
  status: number
  /** Reason phrase as the upstream sent it; Node's default if undefined. */
  statusText: string | undefined
  headers: HeaderList
  body: Body
  /** On 101: the upstream's side, to be joined with the client's. */
  upgrade?: Upgrade
  /** Set if a filter made it. */
  local?: { readonly filter: string; readonly reason: string }
}
