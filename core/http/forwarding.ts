import type { Downstream } from '../api/downstream.ts'
import { equalsIgnoreCase, isToken } from '../base/tokens.ts'
import type { Connection } from './connection.ts'
import { isHost } from './host.ts'
import type { RequestHead } from './request-head.ts'
import { bareAddress, type TrustedProxies } from './trusted-proxies.ts'

/** What the proxies before Weir say of the client. */
export interface Forwarding {
  /** Who passed the request on, from the client to the peer's client: addresses, `unknown`, or obfuscated names (RFC 7239 §6). */
  readonly hops: readonly string[]
  /** IP address of the client, as far as trusted proxies tell. */
  readonly address: string
  readonly scheme: 'http' | 'https' | undefined
  /** `host[:port]` that the client asked for. */
  readonly host: string | undefined
}

/** Nobody has more proxies; each hop is written twice to the upstream. */
const MAX_HOPS = 50

/**
 * Reads the forwarding fields of a trusted proxy. Where it sent one of `X-Forwarded-For`, `-Host`, `-Proto`, those alone count,
 * because proxies that write them pass a `Forwarded` of a stranger on unseen; else `Forwarded` does (RFC 7239 §7.4).
 * @param raw names and values in turn
 */
export function readForwarding(raw: readonly string[], peer: string, proxies: TrustedProxies): Forwarding {
  const forwardedFor: string[] = []
  let forwarded: string | undefined
  const hosts: string[] = []
  const protos: string[] = []
  for (let i = 0; i < raw.length; i += 2) {
    const name = raw[i]!
    const value = raw[i + 1]!
    if (name.length === 15 && equalsIgnoreCase(name, 'x-forwarded-for')) forwardedFor.push(...elementsOf(value))
    else if (name.length === 16 && equalsIgnoreCase(name, 'x-forwarded-host')) hosts.push(...elementsOf(value))
    else if (name.length === 17 && equalsIgnoreCase(name, 'x-forwarded-proto')) protos.push(...elementsOf(value))
    else if (name.length === 9 && equalsIgnoreCase(name, 'forwarded'))
      forwarded = forwarded === undefined ? value : `${forwarded},${value}`
  }
  if (forwardedFor.length > 0 || hosts.length > 0 || protos.length > 0) {
    const hops = forwardedFor.slice(-MAX_HOPS).map(hopOf)
    const { address, at } = clientOf(hops, peer, proxies)
    const host = firstOf(hosts, hops.length - at)
    return {
      hops,
      address,
      scheme: schemeOf(firstOf(protos, hops.length - at)),
      host: host !== undefined && isHost(host) ? host : undefined,
    }
  }
  const elements = forwarded === undefined ? [] : parseForwarded(forwarded)
  if (elements.length === 0) return { hops: [], address: peer, scheme: undefined, host: undefined }
  const hops = elements.map((element) => hopOf(element.for ?? ''))
  const { address, at } = clientOf(hops, peer, proxies)
  // What stands before may be the client's own.
  const believed = elements.slice(at)
  return {
    hops,
    address,
    scheme: schemeOf(believed.find((element) => element.proto !== undefined)?.proto),
    host: believed.map((element) => element.host).find((one) => one !== undefined && isHost(one)),
  }
}

const NO_HOPS: readonly string[] = []

/**
 * The downstream side of a request. Forwarding fields count only where the connection comes from a trusted proxy.
 * @param fields names and values in turn, as they came
 */
export function downstreamOf(
  connection: Connection,
  proxies: TrustedProxies,
  fields: readonly string[],
  head: RequestHead,
): Downstream {
  const { peer, scheme } = connection
  const { host, takesTrailers } = head
  if (!connection.isTrusted(proxies))
    return { address: peer, peer, trusted: false, hops: NO_HOPS, scheme, host, publicHost: host, takesTrailers, fields }
  // The cleaned ones: the configuration may have removed a family of them.
  const forwarding = readForwarding(head.fields, peer, proxies)
  const publicHost = forwarding.host ?? host
  return {
    address: forwarding.address,
    peer,
    trusted: true,
    hops: forwarding.hops,
    scheme: forwarding.scheme ?? scheme,
    host: proxies.routeByHost ? publicHost : host,
    publicHost,
    takesTrailers,
    fields,
  }
}

/** Elements of a list that are not empty. */
const elementsOf = (value: string): string[] =>
  value
    .split(',')
    .map((element) => element.trim())
    .filter((element) => element !== '')

/**
 * The first of a list that trusted proxies wrote: each that appends to a list appends one element, to this list as to the hops. What
 * stands before may be the client's own. Without hops nobody can tell, and the first counts.
 * @param written hops that trusted proxies wrote
 */
const firstOf = (list: readonly string[], written: number): string | undefined =>
  written === 0 ? list[0] : (list.at(-written) ?? list[0])

/** Proxies write the scheme of a WebSocket too, in any case (RFC 3986 §3.1). */
function schemeOf(proto: string | undefined): 'http' | 'https' | undefined {
  const lower = proto?.toLowerCase()
  if (lower === 'https' || lower === 'wss') return 'https'
  return lower === 'http' || lower === 'ws' ? 'http' : undefined
}

/** RFC 7239 §6.3. */
const OBFUSCATED = /^_[\w.-]+$/

const hopOf = (text: string): string => bareAddress(text) ?? (OBFUSCATED.test(text) ? text : 'unknown')

/**
 * The client: the rightmost address that is not a trusted proxy's. What an untrusted hop wrote to the left of it is ignored. An
 * entry that is no address ends the search.
 * @returns `at`: the first hop that a trusted proxy wrote
 */
function clientOf(hops: readonly string[], peer: string, proxies: TrustedProxies): { address: string; at: number } {
  let address = peer
  let at = hops.length
  while (at > 0) {
    const hop = bareAddress(hops[--at]!)
    if (hop === undefined) break
    address = hop
    if (!proxies.has(hop)) break
  }
  return { address, at }
}

interface Element {
  for?: string
  host?: string
  proto?: string
}

/** `token "=" ( token / quoted-string )` at a place of an element (RFC 7239 §4, RFC 9110 §5.6.4). */
const PAIR = /([^=;,"\s]+)=(?:"((?:[^"\\]|\\.)*)"|([^=;,"\s]+))/y
const SPACE = /[ \t]*/y

/**
 * The elements of `Forwarded`, read from the end (RFC 7239 §4). Proxies append theirs, so that the end is the nearest proxy's, and what
 * stands before it may be a stranger's: from the start, a quote that nobody closes would hide what proxies have written
 * behind it. The first element that is malformed ends it.
 */
function parseForwarded(value: string): Element[] {
  const elements: Element[] = []
  let end = value.length
  let quoted = false
  for (let i = end - 1; i >= -1 && elements.length < MAX_HOPS; i--) {
    if (value[i] === '"' && !isEscaped(value, i)) quoted = !quoted
    if (i >= 0 && (quoted || value[i] !== ',')) continue
    const element = parseElement(value.slice(i + 1, end))
    if (element === undefined) break
    if (element.size > 0) elements.push(Object.fromEntries(element) as Element)
    end = i
  }
  return elements.reverse()
}

/** Whether an odd number of backslashes stands before a place. */
function isEscaped(value: string, at: number): boolean {
  let before = at
  while (value[before - 1] === '\\') before--
  return (at - before) % 2 === 1
}

/** The pairs of an element, which may be none; undefined if any of it is malformed. */
function parseElement(text: string): Map<string, string> | undefined {
  const element = new Map<string, string>()
  let at = 0
  const skipSpace = (): void => {
    SPACE.lastIndex = at
    SPACE.exec(text)
    at = SPACE.lastIndex
  }
  while (at < text.length) {
    skipSpace()
    PAIR.lastIndex = at
    const pair = PAIR.exec(text)
    if (pair !== null) {
      const name = pair[1]!.toLowerCase()
      // No parameter occurs twice in an element.
      if (!isToken(name) || element.has(name)) return undefined
      // Many senders do not quote an IPv6 address or a port.
      element.set(name, pair[3] ?? pair[2]!.replaceAll(/\\(.)/g, '$1'))
      at = PAIR.lastIndex
      skipSpace()
    }
    const next = text[at++]
    if (next !== ';' && next !== undefined) return undefined
  }
  return element
}
