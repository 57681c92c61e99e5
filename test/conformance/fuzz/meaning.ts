import { isIPv6 } from 'node:net'
import type { Field } from '../wire.ts'
import { Bad, declared, type Extents, type Head, type Scan, scan } from './scan.ts'

/** A request that somebody meant, as the upstream must get it. */
export interface Meant {
  readonly method: string
  /** Undefined: it is none of an endpoint, and the gateway answers by itself. */
  readonly target: string | undefined
  /** That of the target, or else of `Host`. */
  readonly host: string
  readonly fields: readonly Field[]
  readonly body: string
  readonly version: string
  readonly doubts: readonly string[]
  /** The gateway may answer it by itself, and go on. */
  readonly local: boolean
  /** Nothing behind it is read. */
  readonly closes: boolean
  /** Nothing behind it need be read. */
  readonly mayClose: boolean
}

/** An ignored offer to upgrade behind which Weir reads no more: docs/reference/http.md. */
const ignoredLast = (head: Head, version: string): boolean =>
  upgrades(head) &&
  (version !== '1.1' || valuesOf(head, 'content-length').length + valuesOf(head, 'transfer-encoding').length > 0)

const upgrades = (head: Head): boolean =>
  tokensOf(head, 'connection').includes('upgrade') && valuesOf(head, 'upgrade').length > 0

/** All that was sent on a connection: requests, and what is behind the last one that is whole. */
export interface Meaning {
  readonly requests: readonly Meant[]
  readonly tail: 'nothing' | Exclude<Scan, { kind: 'whole' }>
  /** Of each request, and of what could be one. */
  readonly methods: readonly string[]
}

const REQUEST_LINE = /^([!#$%&'*+\-.^_`|~0-9A-Za-z]+)( +)([!-~\x80-\xff]+)( +)([A-Z]+\/\d\.\d)( *)$/
/** RFC 3986 */
const URI = /^(?:[\w\-.~:/?@!$&'()*+,;=[\]]|%[\da-f]{2})*$/i
/** Without a comma and percent-encoding: docs/reference/http.md. */
const HOST = /^(?:\[[\da-f:.]+\]|[\w\-.~!$&'()*+;=]+)(?::\d{0,5})?$/i
/** What Weir takes for HTTP/1.0: docs/reference/http.md. */
const VERSIONS: Readonly<Record<string, string>> = {
  'HTTP/1.1': '1.1',
  'HTTP/1.0': '1.0',
  'RTSP/1.0': '1.0',
  'ICE/1.0': '1.0',
}
/** The head that every gateway must take, and the one that none need to. */
const LIMITS = { bytes: 15_000, fields: 100 }

export function meaningOf(bytes: string): Meaning {
  const requests: Meant[] = []
  for (let at = 0; ; ) {
    if (at === bytes.length) return { requests, tail: 'nothing', methods: requests.map(({ method }) => method) }
    const read = scan(bytes, at, extent)
    if (read.kind !== 'whole') {
      const method = read.head?.start.split(' ')[0] ?? 'GET'
      return { requests, tail: read, methods: [...requests.map((one) => one.method), method] }
    }
    requests.push(meant(read))
    at = read.next
  }
}

interface Line {
  readonly method: string
  readonly target: string
  readonly version: string
}

function requestLine(start: string, doubt: (why: string) => void): Line {
  const [, method, before, target, behind, protocol, rest] = REQUEST_LINE.exec(start) ?? []
  const version = VERSIONS[protocol!]
  if (version === undefined) throw new Bad('request line')
  if (before! + behind! + rest! !== '  ') doubt('white space in the request line')
  if (!protocol!.startsWith('HTTP')) doubt('another protocol')
  // RFC 9110 §9.1
  if (method === 'CONNECT' || method === 'TRACE') throw new Bad('method')
  if (!METHODS.has(method!)) doubt('unknown method')
  return { method: method!, target: target!, version }
}

const METHODS = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'PROPFIND', 'QUERY', 'M-SEARCH'])

export const valuesOf = (head: Head, lower: string): string[] =>
  head.fields.flatMap(([name, value]) => (name.toLowerCase() === lower ? [value] : []))
export const tokensOf = (head: Head, lower: string): string[] =>
  valuesOf(head, lower).flatMap((value) =>
    value.split(',').map((one) => one.replaceAll(/^[ \t]+|[ \t]+$/g, '').toLowerCase()),
  )

/** Reads everything of a head that decides whether its request is served, since what is not ends the connection. */
const extent: Extents = (head, doubt) => {
  const { target, version } = requestLine(head.start, doubt)
  const size = head.start.length + head.fields.reduce((sum, [name, value]) => sum + name.length + value.length + 4, 2)
  if (size > LIMITS.bytes || head.fields.length > LIMITS.fields) doubt('a long head')
  const old = version === '1.0'
  const hosts = valuesOf(head, 'host')
  // RFC 9112 §3.2
  if (hosts.length > 1 || (hosts.length === 0 && !old)) throw new Bad('Host')
  if (hosts[0] !== undefined && hosts[0] !== '' && !isHost(hosts[0])) throw new Bad('Host')
  const { authority } = split(target)
  if (authority !== undefined && !old && hosts[0] === '') throw new Bad('empty Host')
  if (!URI.test(target)) doubt('target')
  // RFC 9110 §10.1.1
  if (!old && tokensOf(head, 'expect').some((one) => one !== '100-continue')) throw new Bad('Expect')
  return declared(head, old) ?? 'none'
}

function isHost(text: string): boolean {
  const literal = /^\[(.*)\]/.exec(text)
  if (literal !== null && !isIPv6(literal[1]!)) return false
  const port = /:(\d*)$/.exec(text.slice(literal?.[0].length ?? 0))?.[1]
  return HOST.test(text) && Number(port ?? 0) < 65_536
}

/** RFC 9112 §3.2 */
function split(target: string): { authority: string | undefined; rest: string } {
  if (target.includes('#')) throw new Bad('fragment')
  if (target.startsWith('/') || target === '*') return { authority: undefined, rest: target }
  const [, authority, rest] = /^https?:\/\/([^/?]*)(.*)$/i.exec(target) ?? []
  if (authority === undefined || !isHost(authority)) throw new Bad('target')
  return { authority, rest: rest!.startsWith('/') ? rest! : `/${rest}` }
}

function meant({ head, body, doubts }: Extract<Scan, { kind: 'whole' }>): Meant {
  const { method, target, version } = requestLine(head.start, () => {})
  const { authority, rest } = split(target)
  const [path = ''] = rest.split('?')
  const routed = /^\/[lh]\d(?=[/?]|$)/.test(rest)
  const tokens = tokensOf(head, 'connection')
  const proxyTokens = tokensOf(head, 'proxy-connection')
  const asked = method === 'OPTIONS' && valuesOf(head, 'max-forwards')[0] === '0'
  return {
    method,
    target: routed && !asked ? rest : undefined,
    host: authority ?? valuesOf(head, 'host')[0] ?? '',
    fields: endToEnd(head, method),
    body,
    version,
    doubts,
    // Paths that lead up, control characters and bytes that are not UTF-8 are refused (route-match), others need not be.
    local: /\\|%5c|%2e|(?:^|[/;]|%2f|%3b)\.{1,2}(?:$|[/;]|%2f|%3b)|%[01][\da-f]|%7f|%[89a-f][\da-f]/i.test(path),
    closes: tokens.includes('close') || (version === '1.0' && !tokens.includes('keep-alive')),
    // The parser obeys these as if they were `Connection`: docs/reference/http.md.
    mayClose: doubts.includes('framing in a trailer') || proxyTokens.includes('close') || ignoredLast(head, version),
  }
}

/** RFC 9110 §7.6.1, and what the gateway answers by itself or writes anew. */
const HOP = ['expect', 'connection', 'keep-alive', 'proxy-connection', 'te', 'trailer', 'transfer-encoding', 'upgrade']
const REQUEST_HOP = new Set([
  ...HOP,
  'http2-settings',
  'content-length',
  'host',
  'x-request-id',
  'proxy',
  'proxy-authorization',
])
/** What no stranger may say: docs/reference/http.md. */
const CLAIM =
  /^(?:forwarded|x-forwarded-.*|x-real-ip|(?:x-)?remote-user|x-original-ur[il]|x-rewrite-url|x-scheme|true-client-ip|client-cert|ssl-client-.*)$/
export const RESPONSE_HOP: ReadonlySet<string> = new Set([...HOP, 'content-length', 'x-request-id'])
/** What nobody can name in `Connection`: docs/reference/http.md. */
const KEPT =
  /^(?:host|authorization|cookie|set-cookie|content-length|content-type|cache-control|www-authenticate|forwarded|x-forwarded-.*|x-real-ip|via|traceparent|tracestate|baggage|b3|x-request-id)$/

/** The names that `Connection` gives to fields of this connection. */
export const nominated = (head: Head): ReadonlySet<string> =>
  new Set(tokensOf(head, 'connection').filter((name) => !KEPT.test(name)))

/** What goes on to the upstream of the fields, in order. */
function endToEnd(head: Head, method: string): Field[] {
  const named = nominated(head)
  const names = head.fields.map(([name]) => name.toLowerCase())
  return head.fields
    .filter(([name]) => {
      const lower = name.toLowerCase()
      if (REQUEST_HOP.has(lower) || named.has(lower) || CLAIM.test(lower) || lower.includes('_')) return false
      // Some servers read it as the name with hyphens: docs/reference/http.md.
      const read = hyphened(lower)
      if (read === lower) return true
      const twin = names.some((other) => other !== lower && hyphened(other) === read)
      return !twin && !REQUEST_HOP.has(read) && !CLAIM.test(read) && !KEPT.test(read)
    })
    .map(([name, value]) => [name, name.toLowerCase() === 'max-forwards' && method === 'OPTIONS' ? less(value) : value])
}

const hyphened = (lower: string): string => lower.replaceAll(/[^\da-z]/g, '-')

/** RFC 9110 §7.6.2 */
const less = (value: string): string => (/^[1-9]\d*$/.test(value) ? String(Number(value) - 1) : value)
