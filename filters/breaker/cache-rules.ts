import type { Exchange, HeaderList, Response } from '../../core/index.ts'

// Which answers may be kept and given again, by the rules for shared caches (RFC 9111 §3).

/** Final answers that stand for a whole representation. */
const STATUSES: readonly number[] = [200, 203, 204]

/** Directives of an answer that forbid to keep it, or to give it without asking again (RFC 9111 §5.2.2). */
const FORBIDDING = ['no-store', 'no-cache', 'private'] as const

/** Directives of an answer that forbid to give it once it is stale, whatever has happened (RFC 9111 §4.2.4). */
const STRICT = ['must-revalidate', 'proxy-revalidate', 's-maxage'] as const

/** Fields of one connection, or that trailers or the stored length make wrong (RFC 9111 §3.1). */
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

/** `Cache-Control`, names in lower case. What is malformed is read so that no directive is missed. */
export function directivesOf(headers: HeaderList): Directives {
  const found = new Map<string, string>()
  const value = headers.joined('cache-control')
  if (value === undefined) return found
  for (const [, name, quoted, token] of value.matchAll(DIRECTIVE)) found.set(name!.toLowerCase(), quoted ?? token ?? '')
  return found
}

/** Whether a request could be answered from what was kept: safe, without a body, and its answer a plain one. */
export function isPlain({ request }: Exchange): boolean {
  const { method, body, upgrade } = request
  return (method === 'GET' || method === 'HEAD') && upgrade === undefined && body.empty
}

/** Whether the answer may be for the caller alone. */
export function hasCredentials({ identity, request: { headers } }: Exchange): boolean {
  return identity !== undefined || headers.has('authorization') || headers.has('cookie')
}

/** What of an answer decides how it may be used. */
export interface StoragePermission {
  /** Fields of the request that it depends on, lower case. */
  readonly vary: readonly string[]
  /** Whether it may be given to callers with credentials. */
  readonly shared: boolean
  /** Milliseconds from when it was made; after that it may not be given. */
  readonly lifetime: number
}

/** How the answer to a plain GET may be kept, or undefined if it may not. */
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
 * How old an answer is when it arrives (RFC 9111 §4.2.3: corrected_initial_age), milliseconds.
 * @param requestedAt when its request went out, milliseconds since the Unix epoch; so `receivedAt`
 */
export function initialAge(headers: HeaderList, requestedAt: number, receivedAt: number): number {
  const date = Date.parse(headers.get('date') ?? '')
  const apparent = Number.isNaN(date) ? 0 : Math.max(0, receivedAt - date)
  return Math.max(apparent, seconds(headers.get('age')) * 1000 + (receivedAt - requestedAt))
}

/** The fields to keep; those that `Connection` names are those of the connection too (RFC 9110 §7.6.1). */
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

/** Delta-seconds (RFC 9111 §1.2.2); what is none counts as 0. */
const seconds = (value: string | undefined): number =>
  value !== undefined && /^\d{1,10}$/.test(value.trim()) ? Number(value) : 0
