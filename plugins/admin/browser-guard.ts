import { isIP } from 'node:net'
import { type LocalReply, type Request, reply } from '../../core/index.ts'

/**
 * Keeps pages of other sites, opened in an operator's browser, away from a listener that trusts whoever can reach it.
 *
 * - A page can point a name of its own at 127.0.0.1 (DNS rebinding): then the browser lets it read every response. What gives it
 *   away is `Host`, which holds that name. So only `localhost`, the allowed names and IP addresses are served. An address is no
 *   name that a stranger can point elsewhere, and probes and scrapers name the address of a machine or pod. Clients that are no
 *   browsers may leave `Host` out (HTTP/1.0).
 * - A page can send a change without reading the response. What gives it away is `Origin` (RFC 6454 §7) or, in newer browsers,
 *   `Sec-Fetch-Site` (W3C Fetch Metadata §2). Requests without either are not from a page.
 */
export class BrowserGuard {
  readonly #names: ReadonlySet<string>
  /** What names must end with: `.example.com`. */
  readonly #suffixes: readonly string[]

  /** @param allowed host names beside `localhost`; `*.example.com` means every name below it */
  constructor(allowed: readonly string[]) {
    const patterns = allowed.map((pattern) => pattern.toLowerCase())
    this.#names = new Set(['localhost', ...patterns])
    this.#suffixes = patterns.filter((pattern) => pattern.startsWith('*.')).map((pattern) => pattern.slice(1))
  }

  /** The reply to a request that must not be served; undefined for all others. */
  refuse({ method, headers }: Request): LocalReply | undefined {
    const host = headers.get('host') ?? ''
    if (host !== '' && !this.#serves(nameOf(host)))
      return refusal(
        421, // RFC 9110 §15.5.20
        'host_not_allowed',
        `The admin listener does not serve the host "${nameOf(host)}". Add it to admin.allowed_hosts, or name an IP address or localhost.`,
      )
    if (method === 'GET' || method === 'HEAD') return undefined // safe: RFC 9110 §9.2.1
    const site = headers.get('sec-fetch-site') ?? 'none'
    const origin = headers.joined('origin')
    if ((site === 'same-origin' || site === 'none') && (origin === undefined || isOf(origin, host))) return undefined
    return refusal(
      403,
      'cross_site',
      'Pages of other sites may change nothing here. If a proxy stands before the admin listener, let it pass Host as it came.',
    )
  }

  #serves(name: string): boolean {
    return (
      this.#names.has(name) ||
      isIP(name.replace(/^\[(.*)\]$/, '$1')) !== 0 ||
      this.#suffixes.some((suffix) => name.length > suffix.length && name.endsWith(suffix))
    )
  }
}

/** The host without its port and without the dot that ends an absolute name. */
const nameOf = (host: string): string => host.replace(/:\d*$/, '').replace(/\.$/, '').toLowerCase()

/**
 * Whether an origin is that of the host. Its scheme is not compared: a proxy may have ended TLS. `null`, which sandboxed frames
 * and `data:` pages send, is no origin of any host.
 */
function isOf(origin: string, host: string): boolean {
  const url = URL.parse(origin)
  return url !== null && url.origin === origin && url.host === URL.parse(`${url.protocol}//${host}`)?.host
}

function refusal(status: number, reason: string, detail: string): LocalReply {
  return reply(status, reason, { detail, headers: { 'Cache-Control': 'no-store' } })
}
