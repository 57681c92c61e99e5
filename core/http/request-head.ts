import type { IncomingMessage } from 'node:http'
import type { ErrorCode } from '../api/errors.ts'
import { maskText } from '../base/masking.ts'
import { equalsIgnoreCase, trimOws } from '../base/tokens.ts'
import type { ClientHeaders, ReceivedFields } from './client-headers.ts'
import type { DownstreamLimits } from './downstream-limits.ts'
import { isHost } from './host.ts'

/** What the engine itself needs from the head of a request. `host` is `host[:port]` of an absolute target, else of `Host`. */
export interface RequestHead extends ReceivedFields {
  /** Path of the target as it came, byte for byte; of a target that is refused, without credentials. */
  path: string
  /** Query with its `?`, or empty. */
  query: string
  /** Why the request is refused. Its connection is closed after the response. */
  refused: ErrorCode | undefined
  /** No request is read after this one, even if the parser would. */
  last: boolean
}

/**
 * Reads a head that the parser has accepted, cleans its fields, and refuses what the parser accepts although RFC 9112 tells a
 * server to refuse it.
 * @param trusted whether the peer is a trusted proxy
 */
export function readHead(
  req: IncomingMessage,
  limits: DownstreamLimits,
  cleaning: ClientHeaders,
  trusted: boolean,
): RequestHead {
  const raw = req.rawHeaders
  const head = unreadHead(raw)
  cleaning.read(raw, trusted, head)
  if (req.httpVersionMinor === 0) head.last = !asksToBeKept(raw)
  const target = req.url ?? '/'
  split(head, target)
  head.refused =
    refusedVersion(req) ??
    refusedSize(raw, target, limits) ??
    (head.codings === 0 ? undefined : refusedCoding(req, head.codings, head.coding)) ??
    refusedHost(req, head.hosts, head.host) ??
    refusedMethod(req.method) ??
    readTarget(req, head, target) ??
    // RFC 9110 §10.1.1: there is no other expectation; HTTP/1.0 has none at all.
    (head.expected || req.httpVersionMinor === 0 ? undefined : 'expectation_unknown') ??
    (head.underscore ? 'field_name_refused' : undefined)
  // Path and query go into logs, spans and problem documents; such a target may hold a user name and a password.
  if (head.refused !== undefined && target.charCodeAt(0) !== SLASH) split(head, maskText(target))
  return head
}

/** What is known of a head before its fields are read. @param raw names and values of them in turn */
export function unreadHead(raw: string[]): RequestHead {
  return {
    path: '',
    query: '',
    refused: undefined,
    last: false,
    fields: raw,
    host: '',
    hosts: 0,
    length: 0,
    coding: '',
    codings: 0,
    expected: true,
    takesTrailers: false,
    underscore: false,
  }
}

/** RFC 9110 §2.5, §15.6.6: the parser accepts 0.9 and 2.0, and reads a request line without a version as 0.9. */
function refusedVersion(req: IncomingMessage): ErrorCode | undefined {
  if (req.httpVersionMajor !== 1 || req.httpVersionMinor > 1) return 'version_not_supported'
  return undefined
}

/** RFC 6585 §5, RFC 9110 §15.5.15: dropping fields or cutting the target would make another request of it. */
function refusedSize(raw: readonly string[], target: string, limits: DownstreamLimits): ErrorCode | undefined {
  if (raw.length > 2 * limits.maxHeadersCount) return 'too_many_headers'
  return target.length > limits.maxTargetSize ? 'target_too_long' : undefined
}

/**
 * Whether an HTTP/1.0 client asks to keep the connection (RFC 9112 §9.3). The parser can't say: it treats `Proxy-Connection`
 * like `Connection`, and prefers `keep-alive` to `close`.
 */
const asksToBeKept = (raw: readonly string[]): boolean =>
  hasConnectionOption(raw, 'keep-alive') && !hasConnectionOption(raw, 'close')

/** Whether a head has this option of `Connection` (RFC 9110 §7.6.1). @param option in lower case */
export function hasConnectionOption(raw: readonly string[], option: string): boolean {
  for (let i = 0; i < raw.length; i += 2) {
    if (!equalsIgnoreCase(raw[i]!, 'connection')) continue
    for (const given of raw[i + 1]!.toLowerCase().split(',')) if (trimOws(given) === option) return true
  }
  return false
}

function refusedCoding(req: IncomingMessage, codings: number, coding: string): ErrorCode | undefined {
  // RFC 9112 §6.1: in HTTP/1.0, which has no transfer codings, the framing is faulty.
  if (req.httpVersionMinor === 0) return 'framing_invalid'
  // RFC 9112 §6.1: 501 for a coding that is not supported, chunked twice included.
  return codings === 1 && equalsIgnoreCase(coding, 'chunked') ? undefined : 'transfer_coding_unknown'
}

/** RFC 9112 §3.2: 400 unless there is exactly one Host that is valid; HTTP/1.0 need not send any. */
function refusedHost(req: IncomingMessage, hosts: number, host: string): ErrorCode | undefined {
  if (hosts === 0) return req.httpVersionMinor === 0 ? undefined : 'host_invalid'
  // RFC 9112 §3.2: it is empty if the target has no authority.
  return hosts > 1 || (host !== '' && !isHost(host)) ? 'host_invalid' : undefined
}

/**
 * RFC 9110 §9.3.6, §9.3.8: CONNECT would open tunnels to any host, and TRACE would show what filters add. 501 (§9.1), because
 * a 405 would mean that other resources support them.
 */
function refusedMethod(method: string | undefined): ErrorCode | undefined {
  return method === 'CONNECT' || method === 'TRACE' ? 'method_not_implemented' : undefined
}

/** RFC 9112 §3.2: origin form, absolute form, or `*`. */
function readTarget(req: IncomingMessage, head: RequestHead, target: string): ErrorCode | undefined {
  // A fragment is no part of a target: RFC 9110 §7.1.
  if (target.includes('#')) return 'target_invalid'
  if (target.charCodeAt(0) === SLASH || target === '*') return undefined
  const authority = authorityOf(target)
  if (authority === undefined || !isHost(authority)) return 'target_invalid'
  // RFC 9110 §7.2: a client that sends an authority sends it in Host too.
  if (head.host === '' && req.httpVersionMinor > 0) return 'host_invalid'
  // RFC 9112 §3.2.2: the Host that came is ignored, and replaced by the authority.
  head.host = authority
  split(head, target.slice(target.indexOf('://') + 3 + authority.length))
  // RFC 9112 §3.2.4: OPTIONS of an authority alone is OPTIONS of `*`.
  if (head.path === '') head.path = req.method === 'OPTIONS' && head.query === '' ? '*' : '/'
  const fields = head.fields.slice()
  for (let i = 0; i < fields.length; i += 2) if (equalsIgnoreCase(fields[i]!, 'host')) fields[i + 1] = authority
  head.fields = fields
  return undefined
}

/** Authority of an absolute target whose scheme is http or https (RFC 9110 §7.4), or undefined. */
function authorityOf(target: string): string | undefined {
  const scheme = target.slice(0, 8).toLowerCase()
  const start = scheme.startsWith('http://') ? 7 : scheme === 'https://' ? 8 : 0
  if (start === 0) return undefined
  for (let i = start; i < target.length; i++) {
    const c = target.charCodeAt(i)
    if (c === SLASH || c === QUESTION) return target.slice(start, i)
  }
  return target.slice(start)
}

function split(head: RequestHead, target: string): void {
  const mark = target.indexOf('?')
  head.path = mark === -1 ? target : target.slice(0, mark)
  head.query = mark === -1 ? '' : target.slice(mark)
}

const SLASH = 0x2f
const QUESTION = 0x3f
