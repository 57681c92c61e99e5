import { BlockList, isIP, isIPv4, isIPv6 } from 'node:net'
import { domainToASCII } from 'node:url'
import type { Target } from '../../core/api/endpoint.ts'
import { normalHost } from '../../core/base/normal-host.ts'
import { normalPattern } from '../../core/base/normal-path.ts'

/** An address that a socket listens on. */
export interface Address {
  /** Undefined: every address. */
  readonly host: string | undefined
  readonly port: number
}

/** The value of a `listen` key. `host` is null if only a port is given, so that each section can have its own default. */
export interface ListenValue {
  readonly host: string | undefined | null
  readonly port: number
}

/** The value, or what is wrong with the text. */
export type Parsed<T> = { readonly value: T } | { readonly problem: string }

const LISTEN = 'expected a port, "host:port", ":port" or "[ipv6]:port"'

export function parseListen(value: number | string): Parsed<ListenValue> {
  const text = String(value).trim()
  if (isIPv6(text) || /^[0-9a-f.]*:[0-9a-f.]*:[0-9a-f:.]*$/i.test(text))
    return { problem: 'expected an IPv6 address in brackets, with a port: "[::1]:8000"' }
  const match = /^(?:(?:\[([^\]]*)\]|([^[\]:]*)):)?(\d{1,5})$/.exec(text)
  if (match === null) return { problem: LISTEN }
  const [, ipv6, name, digits] = match
  const port = Number(digits)
  if (port > 65535) return { problem: 'expected a port from 0 to 65535' }
  if (ipv6 !== undefined) return isIPv6(ipv6) ? { value: { host: ipv6, port } } : { problem: LISTEN }
  if (name === undefined) return { value: { host: null, port } }
  if (name === '' || name === '*') return { value: { host: undefined, port } }
  return isIPv4(name) || isHostname(name) ? { value: { host: name.toLowerCase(), port } } : { problem: LISTEN }
}

const loopback = new BlockList()
loopback.addSubnet('127.0.0.0', 8, 'ipv4')
loopback.addAddress('::1', 'ipv6')

/** True if only this machine can reach the host: RFC 1122 §3.2.1.3 (g), RFC 4291 §2.5.3, RFC 6761 §6.3. */
export function isLoopback(host: string | undefined): boolean {
  if (host === undefined) return false
  if (host === 'localhost') return true
  return isIP(host) !== 0 && loopback.check(host, isIPv4(host) ? 'ipv4' : 'ipv6')
}

/** `host:port` for messages. */
export function showAddress({ host, port }: Address): string {
  return host === undefined ? `:${port}` : `${isIPv6(host) ? `[${host}]` : host}:${port}`
}

/** True if two sockets can't listen at the same time. Port 0 takes any free port. */
export function collide(a: Address, b: Address): boolean {
  const any = (host: string | undefined): boolean => host === undefined || host === '0.0.0.0' || host === '::'
  return a.port !== 0 && a.port === b.port && (a.host === b.host || any(a.host) || any(b.host))
}

/** An IP address, or a range such as `10.0.0.0/8`. */
export function parseRange(text: string): Parsed<string> {
  const [address = '', prefix, ...rest] = text.split('/')
  const family = isIP(address)
  const problem = 'expected an IP address or a range such as 10.0.0.0/8 or fd00::/8'
  if (family === 0 || rest.length > 0 || address.includes('%')) return { problem }
  if (prefix !== undefined && (!/^\d{1,3}$/.test(prefix) || Number(prefix) > (family === 4 ? 32 : 128)))
    return { problem }
  return { value: text }
}

/** The URL of an upstream, without weight. */
export function parseTarget(text: string): Parsed<Omit<Target, 'weight'>> {
  const problem = 'expected a URL such as https://api.example.com/base'
  const printable = [...text].every((c) => c > ' ' && c !== '\\' && c !== '\u007f')
  if (!/^[a-z][a-z0-9+.-]*:\/\//i.test(text) || !printable) return { problem }
  const url = URL.parse(text)
  if (url === null) return { problem }
  if (url.protocol !== 'http:' && url.protocol !== 'https:')
    return { problem: `expected a URL that starts with http:// or https://` }
  if (url.username !== '' || url.password !== '' || /^[^/]*\/\/[^/?#]*@/.test(text))
    return { problem: "a URL here can't hold a user name or password. Remove the part before the @" }
  if (text.includes('?')) return { problem: "a URL here can't have a query. Remove the ? and the rest" }
  if (text.includes('#')) return { problem: "a URL here can't have a fragment. Remove the # and the rest" }
  if (url.port === '0') return { problem: 'expected a port from 1 to 65535 in the URL' }
  const basePath = url.pathname.replace(/\/+$/, '')
  return { value: { url: text.replace(/\/+$/, ''), origin: url.origin, host: url.host, basePath } }
}

/** A host to match: a name, `*.` with a name, or an IP address (IPv6 in brackets); in lower-case ASCII, without a port. */
export function parseHostPattern(text: string): Parsed<string> {
  const wild = text.startsWith('*.')
  const name = wild ? text.slice(2) : text
  const problem = 'expected a host name without a port: api.example.com, or *.example.com for every name below it'
  if (/^\[.*\]$/.test(name)) return !wild && isIPv6(name.slice(1, -1)) ? { value: normalHost(name) } : { problem }
  // domainToASCII would drop what ends the host of a URL, without an error.
  if (/[^\p{L}\p{M}\p{N}._-]/u.test(name)) return { problem }
  const ascii = domainToASCII(normalHost(name))
  if (ascii === '' || !isHostname(ascii) || (wild && isIPv4(ascii))) return { problem }
  return { value: wild ? `*.${ascii}` : ascii }
}

/** A path prefix as it is written, without a trailing slash. It has a normal form, or no request could have it. */
export function parsePathPattern(text: string): Parsed<string> {
  if (!text.startsWith('/')) return { problem: 'expected a path that starts with /' }
  if (/[\s?#]/.test(text)) return { problem: 'expected a path without spaces, ? or # (percent-encode them)' }
  const normal = normalPattern(text)
  if (typeof normal !== 'string') return { problem: `expected ${normal.expected}` }
  if (normal.includes('//')) return { problem: 'expected a path without empty segments' }
  return { value: text === '/' ? text : text.replace(/\/$/, '') }
}

function isHostname(text: string): boolean {
  return text.length <= 253 && /^[a-z0-9_](?:[a-z0-9_-]{0,62})(?:\.[a-z0-9_][a-z0-9_-]{0,62})*$/i.test(text)
}
