import { type Exchange, HeaderList, isToken, sameName } from '../../core/index.ts'

/** What becomes of a field on its way through a proxy. */
const PASS = 0
/** Belongs to one connection (RFC 9110 §7.6.1) or is written anew by the gateway. */
const DROP = 1
/** Names further fields that belong to the connection. */
const CONNECTION = 2
const HOST = 3
/** Written by the gateway from what it knows; what the client sent counts only behind a trusted proxy. */
const FORWARDED = 4
/** Counted down at every hop (RFC 9110 §7.6.2). */
const MAX_FORWARDS = 5
/** How the body is framed on its connection. */
const CODING = 6

const REQUEST: Readonly<Record<string, number>> = {
  connection: CONNECTION,
  'keep-alive': DROP,
  'proxy-connection': DROP,
  te: DROP,
  // Request trailers can't be sent on through undici, so none are announced.
  trailer: DROP,
  'transfer-encoding': DROP,
  upgrade: DROP,
  'http2-settings': DROP,
  // Answered by the gateway itself, when the body is first read (RFC 9110 §10.1.1); undici refuses it.
  expect: DROP,
  host: HOST,
  'max-forwards': MAX_FORWARDS,
  forwarded: FORWARDED,
  'x-forwarded-for': FORWARDED,
  'x-forwarded-host': FORWARDED,
  'x-forwarded-proto': FORWARDED,
}

const RESPONSE: Readonly<Record<string, number>> = {
  connection: CONNECTION,
  'keep-alive': DROP,
  'proxy-connection': DROP,
  te: DROP,
  trailer: DROP,
  'transfer-encoding': CODING,
  upgrade: DROP,
  // Means nothing here, but has Node send the head at once, and in UTF-8.
  expect: DROP,
}

/** Fields that no `Connection` header can have removed: framing, routing, credentials, forwarding. */
const PROTECTED = new Set([
  'host',
  'authorization',
  'cookie',
  'content-length',
  'content-type',
  'forwarded',
  'x-forwarded-for',
  'x-forwarded-host',
  'x-forwarded-proto',
  'via',
  'traceparent',
  'tracestate',
  'x-request-id',
  'set-cookie',
])

/**
 * Finds what a name means. Every field of every message comes by here, so it looks at the length and the first letter
 * before it compares: hashing or lower-casing each name cost 2 % of a request.
 */
class Kinds {
  readonly #byLength: (readonly (readonly [lower: string, first: number, kind: number])[] | undefined)[] = []

  constructor(table: Readonly<Record<string, number>>) {
    for (const [lower, kind] of Object.entries(table)) {
      const entry = [lower, lower.charCodeAt(0), kind] as const
      this.#byLength[lower.length] = [...(this.#byLength[lower.length] ?? []), entry]
    }
  }

  of(name: string): number {
    const candidates = this.#byLength[name.length]
    if (candidates === undefined) return PASS
    const first = name.charCodeAt(0) | 0x20
    for (const [lower, letter, kind] of candidates) {
      if (letter !== first) continue
      if (sameName(name, lower) || (kind === FORWARDED && sameVariable(name, lower))) return kind
    }
    return PASS
  }
}

/** Whether CGI makes one variable of two names of equal length: `X_Forwarded_For` is read as the real one (RFC 3875 §4.1.18). */
function sameVariable(name: string, lower: string): boolean {
  for (let i = 0; i < name.length; i++) {
    const c = name.charCodeAt(i)
    const wanted = lower.charCodeAt(i)
    if ((c | 0x20) !== wanted && !(c === UNDERSCORE && wanted === HYPHEN)) return false
  }
  return true
}

const UNDERSCORE = 0x5f
const HYPHEN = 0x2d

const requestKinds = new Kinds(REQUEST)
const responseKinds = new Kinds(RESPONSE)

/** The fields of the upstream request: the client's, less what belongs to its connection, plus the gateway's own. */
export function upstreamFields(x: Exchange, preserveHost: boolean): string[] {
  const { raw } = x.request.headers
  const { downstream } = x
  const fields: string[] = []
  let nominated: Set<string> | undefined
  for (let i = 0; i < raw.length; i += 2) {
    const name = raw[i]!
    const kind = requestKinds.of(name)
    if (kind === PASS) fields.push(name, raw[i + 1]!)
    else if (kind === CONNECTION) nominated = nominate(raw[i + 1]!, nominated)
    else if (kind === MAX_FORWARDS) fields.push(name, forwardsLeft(raw[i + 1]!, x.request.method))
  }
  const kept = nominated === undefined ? fields : without(fields, nominated)
  const { headers } = x.request
  const before = downstream.trusted
  // RFC 9110 §7.6.3; RFC 7239.
  kept.push('Via', `${x.request.httpVersion} weir`)
  kept.push('X-Forwarded-For', joined(before ? headers.joined('x-forwarded-for') : undefined, downstream.peer))
  kept.push('X-Forwarded-Host', downstream.host, 'X-Forwarded-Proto', downstream.scheme)
  kept.push(
    'Forwarded',
    joined(
      before ? headers.joined('forwarded') : undefined,
      forwardedElement(downstream.peer, downstream.host, downstream.scheme),
    ),
  )
  if (preserveHost && downstream.host !== '') kept.push('Host', downstream.host)
  return kept
}

/**
 * `Max-Forwards` as it goes on: one less, for OPTIONS alone, since TRACE is not forwarded; other methods need not heed it
 * (RFC 9110 §7.6.2).
 */
const forwardsLeft = (value: string, method: string): string =>
  method === 'OPTIONS' && /^[1-9]\d{0,8}$/.test(value) ? String(Number(value) - 1) : value

/**
 * The head of an upstream response as it goes on: less what belonged to its connection, plus `Via`. Undefined if its body
 * is coded in anything but one `chunked`: undici undoes that, and whatever else there is would lose its name with the
 * field (RFC 9112 §6.1).
 */
export function downstreamFields(raw: readonly (Buffer | string)[]): HeaderList | undefined {
  const fields: string[] = []
  let coded = false
  let nominated: Set<string> | undefined
  for (let i = 0; i < raw.length; i += 2) {
    const name = text(raw[i]!)
    const kind = responseKinds.of(name)
    if (kind === PASS) fields.push(name, text(raw[i + 1]!))
    else if (kind === CONNECTION) nominated = nominate(text(raw[i + 1]!), nominated)
    else if (kind === CODING) {
      if (coded || !sameName(text(raw[i + 1]!), 'chunked')) return undefined
      coded = true
    }
  }
  const kept = nominated === undefined ? fields : without(fields, nominated)
  kept.push('Via', '1.1 weir')
  return new HeaderList(kept)
}

/** Fields of an answer that belong to no connection, with their values. */
export function* endToEnd(raw: readonly (Buffer | string)[]): Iterable<readonly [name: string, value: string]> {
  for (let i = 0; i < raw.length; i += 2) {
    const name = text(raw[i]!)
    if (responseKinds.of(name) === PASS) yield [name, text(raw[i + 1]!)]
  }
}

/** The fields that an answer announces for behind its body (RFC 9110 §6.6.2). */
export function announced(raw: readonly (Buffer | string)[]): string[] {
  const values: string[] = []
  for (let i = 0; i < raw.length; i += 2) if (sameName(text(raw[i]!), 'trailer')) values.push(text(raw[i + 1]!))
  return values
}

/** The head of a 101: as any other, but the switch itself needs `Connection` and `Upgrade` (RFC 9110 §7.8). */
export function switchFields(raw: readonly (Buffer | string)[], protocol: string): HeaderList | undefined {
  const headers = downstreamFields(raw)
  if (headers === undefined) return undefined
  headers.delete('content-length') // RFC 9110 §8.6: an interim response has none
  headers.add('Connection', 'Upgrade')
  headers.add('Upgrade', protocol)
  return headers
}

const text = (bytes: Buffer | string): string => (typeof bytes === 'string' ? bytes : bytes.toString('latin1'))

const joined = (before: string | undefined, own: string): string =>
  before === undefined || before === '' ? own : `${before}, ${own}`

/** One element of `Forwarded` (RFC 7239 §4); everything that is no token is quoted. */
function forwardedElement(peer: string, host: string, proto: string): string {
  const node = peer.includes(':') ? `"[${peer}]"` : peer
  return host === '' ? `for=${node};proto=${proto}` : `for=${node};host=${quoted(host)};proto=${proto}`
}

/** The last value quoted, and its result: requests name the same few hosts again and again. */
let lastQuoted: readonly [value: string, result: string] = ['', '""']

function quoted(value: string): string {
  if (lastQuoted[0] !== value) lastQuoted = [value, isToken(value) ? value : `"${value.replaceAll(/["\\]/g, '\\$&')}"`]
  return lastQuoted[1]
}

/** Adds what a `Connection` field nominates (RFC 9110 §7.6.1), but never what security needs. */
function nominate(value: string, nominated: Set<string> | undefined): Set<string> | undefined {
  if (value === 'keep-alive' || value === 'close') return nominated
  for (const token of value.split(',')) {
    const name = token.trim().toLowerCase()
    if (name === '' || name === 'keep-alive' || name === 'close' || PROTECTED.has(name)) continue
    nominated ??= new Set()
    nominated.add(name)
  }
  return nominated
}

function without(fields: readonly string[], names: ReadonlySet<string>): string[] {
  const kept: string[] = []
  for (let i = 0; i < fields.length; i += 2) {
    if (!names.has(fields[i]!.toLowerCase())) kept.push(fields[i]!, fields[i + 1]!)
  }
  return kept
}
