import { defineSlot, type Exchange, equalsIgnoreCase, isToken } from '../../core/index.ts'

/** Where credentials are. All but a header are removed from what goes upstream, as soon as they are read. */
export type CredentialSource =
  /** What follows the scheme, in `Authorization: Bearer …`; the whole value without one. */
  | { readonly kind: 'header'; readonly name: string; readonly scheme: string | undefined }
  /** `origins`: other sites that may make the browser send it with requests that change something. */
  | { readonly kind: 'cookie'; readonly name: string; readonly origins?: readonly string[] | undefined }
  | { readonly kind: 'query'; readonly name: string }
  /** The entry after this one in `Sec-WebSocket-Protocol`: browsers can set no other field of a WebSocket handshake. */
  | { readonly kind: 'subprotocol'; readonly name: string }

/** Credentials that can't be used: they are repeated, in a form that nobody reads, or were sent by another site. */
export interface Flaw {
  readonly problem: 'credentials_malformed' | 'credentials_cross_origin'
}

export const MALFORMED: Flaw = { problem: 'credentials_malformed' }
const CROSS_ORIGIN: Flaw = { problem: 'credentials_cross_origin' }

type Found = string | Flaw

/** What was taken out of the request, by source: another filter, or the endpoint's instance, reads it here. */
const TakenSlot = defineSlot<Map<string, Found | undefined>>('auth.taken')

/** The credentials in the first of the sources that has some. */
export function credentialsIn(x: Exchange, sources: readonly CredentialSource[]): Found | undefined {
  let first: Found | undefined
  // Every source, since what is not used must not go upstream either.
  for (const source of sources) {
    const found = foundIn(x, source)
    first ??= source.kind === 'cookie' && found !== undefined && isCrossOrigin(x, source.origins) ? CROSS_ORIGIN : found
  }
  return first
}

/** Takes credentials out of the request, wherever they are but in headers: also those of a method that is not asked. */
export function takeOut(x: Exchange, sources: readonly CredentialSource[]): void {
  for (const source of sources) if (source.kind !== 'header') taken(x, source)
}

/** Removes the fields that hold credentials; not those of another scheme, which are somebody else's. */
export function withholdHeaders(x: Exchange, sources: readonly CredentialSource[]): void {
  const { headers } = x.request
  for (const source of sources) {
    if (source.kind !== 'header') continue
    const { name, scheme } = source
    if (scheme === undefined || headers.all(name).some((value) => namesScheme(value, scheme))) headers.delete(name)
  }
}

/** Removes the fields that hold credentials beside those that count, which are in the first of the sources that has some. */
export function withholdOthers(x: Exchange, sources: readonly CredentialSource[]): void {
  if (sources.length === 1) return
  const first = sources.findIndex((source) => foundIn(x, source) !== undefined)
  if (first !== -1) withholdHeaders(x, sources.slice(first + 1))
}

/** Whether the client offered a token as a subprotocol: browsers close a WebSocket whose response selects none of theirs. */
export const offeredAsSubprotocol = (x: Exchange, name: string): boolean =>
  typeof x.get(TakenSlot)?.get(`subprotocol ${name}`) === 'string'

/** A repeated field is malformed, whatever its values (RFC 6750 §3.1). The scheme is in upper or lower case (RFC 9110 §11.1). */
function inHeader({ request }: Exchange, name: string, scheme: string | undefined): Found | undefined {
  const { raw } = request.headers
  let value: string | undefined
  for (let i = 0; i < raw.length; i += 2) {
    if (!equalsIgnoreCase(raw[i]!, name)) continue
    if (value !== undefined) return MALFORMED
    value = raw[i + 1]!
  }
  if (value === undefined || scheme === undefined) return value
  // Another scheme counts as none, since another method may know it.
  if (!beginsWith(value, scheme)) return undefined
  let start = scheme.length
  while (value.charCodeAt(start) === SPACE) start++
  return value.slice(start)
}

const foundIn = (x: Exchange, source: CredentialSource): Found | undefined =>
  source.kind === 'header' ? inHeader(x, source.name, source.scheme) : taken(x, source)

const SPACE = 0x20

/** Whether some parser of an upstream takes it for this scheme: one that separates at other characters than a space, such as a tab. */
const namesScheme = (value: string, scheme: string): boolean =>
  equalsIgnoreCase(value.slice(0, scheme.length), scheme) &&
  (value.length === scheme.length || !isToken(value[scheme.length]!))

function beginsWith(value: string, scheme: string): boolean {
  const { length } = scheme
  if (value.length > length && value.charCodeAt(length) !== SPACE) return false
  return value.startsWith(scheme) || equalsIgnoreCase(value.slice(0, length), scheme)
}

function taken(x: Exchange, source: Exclude<CredentialSource, { kind: 'header' }>): Found | undefined {
  const key = `${source.kind} ${source.name}`
  let all = x.get(TakenSlot)
  if (all === undefined) {
    all = new Map()
    x.set(TakenSlot, all)
  }
  if (!all.has(key)) all.set(key, TAKE[source.kind](x, source.name))
  return all.get(key)
}

const TAKE = { cookie: takeCookie, query: takeParameter, subprotocol: takeSubprotocol }

/** Values of one place: the value, or malformed if there are several. */
function only(values: readonly string[]): Found | undefined {
  if (values.length === 0) return undefined
  return values.every((value) => value === values[0]) ? values[0] : MALFORMED
}

/** Names are compared as they are (RFC 6265 §5.4); a value may be in double quotes (§4.1.1). */
function takeCookie({ request: { headers } }: Exchange, name: string): Found | undefined {
  const fields = headers.all('cookie')
  const values: string[] = []
  const kept: string[] = []
  for (const field of fields) {
    const rest = field.split(';').filter((pair) => {
      const equals = pair.indexOf('=')
      // Also without a value: a parser of the upstream may read it otherwise.
      if ((equals === -1 ? pair : pair.slice(0, equals)).trim() !== name) return true
      if (equals !== -1)
        values.push(
          pair
            .slice(equals + 1)
            .trim()
            .replace(/^"(.*)"$/, '$1'),
        )
      return false
    })
    const left = rest.join(';').trim()
    if (left !== '') kept.push(left)
  }
  if (values.length > 0) {
    headers.delete('cookie')
    for (const field of kept) headers.add('Cookie', field)
  }
  return only(values)
}

/**
 * Parsers of upstreams separate at `;`, too, fold case, decode twice, or read `name[]` as `name`: what one of them could take for the parameter,
 * beside the one that is meant or in its place, is malformed. The rest of the query stays byte for byte.
 */
function takeParameter(x: Exchange, name: string): Found | undefined {
  const { query } = x.request
  if (query.length < 2) return undefined
  const folded = folding(name)
  if (!mayHold(query, folded)) return undefined
  const parts = query.slice(1).split('&')
  const like = parts.filter((part) => part.split(';').some((one) => isLike(one, folded)))
  if (like.length === 0) return undefined
  const rest = parts.filter((part) => !like.includes(part))
  x.request.setQuery(rest.length === 0 ? '' : `?${rest.join('&')}`)
  const [part = ''] = like
  if (like.length > 1 || !part.startsWith(`${name}=`) || part.includes(';')) return MALFORMED
  return new URLSearchParams(part).get(name) ?? MALFORMED
}

/** Whether the name is in the query in any form. */
const mayHold = (query: string, folded: string): boolean => query.includes('%') || folding(query).includes(folded)

/** What names have in common that some parser takes for the same: PHP reads a space, `.` and `[` in them as `_`. */
const folding = (name: string): string => name.replaceAll(/[+ .[]/g, '_').toLowerCase()

/** Whether some parser takes it for the parameter. It may decode more than once, trim the name, and cut it at `[` or NUL. */
function isLike(part: string, folded: string): boolean {
  const equals = part.indexOf('=')
  let name = equals === -1 ? part : part.slice(0, equals)
  for (let times = 0; times < 3 && name.includes('%'); times++)
    name = name.replaceAll(/%([0-9A-Fa-f]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))
  const [whole = ''] = name.split('\0', 1)
  return [whole, ...whole.split('[', 1)].some((one) => folding(one.replaceAll('+', ' ').trim()) === folded)
}

function takeSubprotocol({ request: { headers, upgrade } }: Exchange, name: string): Found | undefined {
  const offered = headers.joined('sec-websocket-protocol')
  if (offered === undefined || upgrade?.toLowerCase().includes('websocket') !== true) return undefined
  const entries = offered.split(',').map((entry) => entry.trim())
  const tokens: (string | undefined)[] = []
  const rest: string[] = []
  for (let i = 0; i < entries.length; i++)
    if (entries[i] === name) tokens.push(entries[++i])
    else rest.push(entries[i]!)
  if (tokens.length === 0) return undefined
  if (rest.length === 0) headers.delete('sec-websocket-protocol')
  else headers.set('Sec-WebSocket-Protocol', rest.join(', '))
  return tokens.length === 1 && tokens[0] !== undefined ? tokens[0] : MALFORMED
}

/**
 * Browsers send cookies with requests that other sites make. Such a request may read nothing, and it could change something unless its method is
 * safe; a WebSocket, which other sites may read, is none of them. `Sec-Fetch-Site` and `Origin` are written by the browser alone; clients that
 * send neither are no browsers.
 */
function isCrossOrigin({ request, downstream }: Exchange, origins: readonly string[] | undefined): boolean {
  const { method, headers, upgrade } = request
  if (SAFE.has(method) && upgrade === undefined) return false
  const origin = headers.get('origin')
  if (origin !== undefined && origins?.includes(origin.toLowerCase()) === true) return false
  const site = headers.get('sec-fetch-site')
  if (site !== undefined) return site !== 'same-origin' && site !== 'none'
  if (origin === undefined) return false
  const own = URL.parse(`${downstream.scheme}://${downstream.publicHost}`)?.host
  // Without a Host, nothing is the own origin; `null`, which has no host either, least of all.
  return own === undefined || URL.parse(origin)?.host !== own
}

/** RFC 9110 §9.2.1 */
const SAFE: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS'])
