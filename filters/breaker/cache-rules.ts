import type { Exchange, HeaderList, Response } from '../../core/index.ts'

// Which responses may be stored and used again: the rules for shared caches (RFC 9111 §3).

/** Final statuses of a whole representation. */
const STATUSES: readonly number[] = [200, 203, 204]

/** Response directives that forbid to store it, or to use it without validation (RFC 9111 §5.2.2). */
const FORBIDDING = ['no-store', 'no-cache', 'private'] as const

/** Response directives that forbid to use it when it is stale, in any case (RFC 9111 §4.2.4). */
const STRICT = ['must-revalidate', 'proxy-revalidate', 's-maxage'] as const

/** Fields that are not stored: those of one connection, and those that would be wrong later (RFC 9111 §3.1). */
const DROPPED: readonly string[] = [
  ...['connection', 'keep-alive', 'proxy-connection', 'te', 'trailer', 'transfer-encoding', 'upgrade'],
  ...[
    'proxy-authenticate',
    'proxy-authentication-info',
    'proxy-authorization',
    'content-length',
    'age',
    'cache-status',
  ],
]

export type Directives = ReadonlyMap<string, string>

const DIRECTIVE = /([^\s,;="]+)(?:=(?:"([^"]*)"|([^\s,"]*)))?/g

/** Directives of `Cache-Control` by name in lower case. A malformed value is read so that no directive is missed. */
export function directivesOf(headers: HeaderList): Directives {
  const found = new Map<string, string>()
  const value = headers.joined('cache-control')
  if (value === undefined) return found
  for (const [, name, quoted, token] of value.matchAll(DIRECTIVE)) found.set(name!.toLowerCase(), quoted ?? token ?? '')
  return found
}

/** Whether a stored response could be the response to a request: the request is safe, without a body and no upgrade. */
export function isPlain({ request }: Exchange): boolean {
  const { method, body, upgrade } = request
  return (method === 'GET' || method === 'HEAD') && upgrade === undefined && body.empty
}

/** Whether the response may be for this caller only. */
export function hasCredentials({ identity, request: { headers } }: Exchange): boolean {
  return identity !== undefined || headers.has('authorization') || headers.has('cookie')
}

/** How a stored response may be used. */
export interface StoragePermission {
  /** Names of request fields on which it depends, in lower case. */
  readonly vary: readonly string[]
  /** Whether callers with credentials may get it. */
  readonly shared: boolean
  /** How long after its creation it may be used, in milliseconds. */
  readonly lifetime: number
}

/** How the response to a plain GET may be stored, or undefined if it may not. */
export function storagePermission(x: Exchange, { status, headers, local }: Response): StoragePermission | undefined {
  if (x.request.method !== 'GET' || local !== undefined || !STATUSES.includes(status)) return undefined
  if (headers.has('set-cookie') || headers.has('content-range')) return undefined
  if (directivesOf(x.request.headers).has('no-store')) return undefined
  const directives = directivesOf(headers)
  if (FORBIDDING.some((name) => directives.has(name))) return undefined
  const shared = directives.has('public')
  if (hasCredentials(x) && !shared) return undefined
  const vary = [...new Set((headers.joined('vary') ?? '').toLowerCase().split(/[\s,]+/))].filter((name) => name !== '')
  if (vary.includes('*')) return undefined
  return { vary: vary.sort(), shared, lifetime: lifetimeOf(directives) }
}

function lifetimeOf(directives: Directives): number {
  if (!STRICT.some((name) => directives.has(name))) return Infinity
  return seconds(directives.get('s-maxage') ?? directives.get('max-age')) * 1000
}

/**
 * Age of a response when it arrives (RFC 9111 §4.2.3: corrected_initial_age), in milliseconds.
 * @param requestedAt when its request went out, milliseconds since the Unix epoch; so `receivedAt`
 */
export function initialAge(headers: HeaderList, requestedAt: number, receivedAt: number): number {
  const date = Date.parse(headers.get('date') ?? '')
  const apparent = Number.isNaN(date) ? 0 : Math.max(0, receivedAt - date)
  return Math.max(apparent, seconds(headers.get('age')) * 1000 + (receivedAt - requestedAt))
}

/** Fields to store, without those that `Connection` names (RFC 9110 §7.6.1). */
export function storedFields(headers: HeaderList, length: number | undefined): string[] {
  const named = (headers.joined('connection') ?? '').toLowerCase().split(/[\s,]+/)
  const kept: string[] = []
  for (const [name, value] of headers) {
    const lower = name.toLowerCase()
    if (!DROPPED.includes(lower) && !named.includes(lower)) kept.push(name, value)
  }
  if (length !== undefined) kept.push('Content-Length', String(length))
  return kept
}

/** Delta-seconds (RFC 9111 §1.2.2); a malformed value counts as 0. */
const seconds = (value: string | undefined): number =>
  value !== undefined && /^\d{1,10}$/.test(value.trim()) ? Number(value) : 0
