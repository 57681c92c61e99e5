/**
 * Which origins one entry of `origins` allows: any one; exactly one, in the form in which browsers send it (HTML, "ASCII
 * serialisation of an origin"); or every subdomain of a host, with one scheme and one port.
 */
export type OriginPattern = { readonly text: string } & (
  | { readonly kind: 'any' }
  | { readonly kind: 'exact'; readonly origin: string }
  /** `before` is `https://`; `after` is `.example.org` with its port, if it has one; `labels` counts the fixed names of the host. */
  | { readonly kind: 'subdomains'; readonly before: string; readonly after: string; readonly labels: number }
)

const HTTP = /^https?:$/i
const PARTS = /^([a-z][a-z\d+.-]*:)\/\/([^\s/?#@\\]+)$/i
/** What applications that bring their own browser have as host: `capacitor://localhost`. */
const PLAIN_HOST = /^[a-z\d._-]+(?::\d+)?$/i
/** An IPv4 address, which has no subdomains (URL Standard §3.5). */
const ENDS_IN_NUMBER = /(?:^|\.)\d+\.?$/

/**
 * Reads an entry of `origins`: `*`, `null`, `https://app.example.com`, `https://*.example.org:8443`.
 * @returns what is wrong with it, in words for the operator, if it is none of them
 */
export function parseOriginPattern(text: string): OriginPattern | string {
  if (text === '*') return { text, kind: 'any' }
  if (text === 'null') return { text, kind: 'exact', origin: text }
  const [, scheme = '', host = ''] = PARTS.exec(text) ?? []
  if (scheme === '') return notAnOrigin(text)
  if (/^wss?:$/i.test(scheme)) return 'a WebSocket handshake has the origin of its page: write http:// or https://'
  if (!HTTP.test(scheme)) {
    if (!PLAIN_HOST.test(host)) return notAnOrigin(text)
    return { text, kind: 'exact', origin: text.toLowerCase() }
  }
  if (!host.includes('*')) {
    const url = URL.parse(text)
    return url === null ? notAnOrigin(text) : { text, kind: 'exact', origin: url.origin }
  }
  const rest = host.startsWith('*.') ? host.slice(2) : ''
  const url = rest === '' || rest.includes('*') ? null : URL.parse(`${scheme}//${rest}`)
  if (url === null || url.hostname.startsWith('[') || ENDS_IN_NUMBER.test(url.hostname))
    return 'the only pattern is "*." in front of a host: https://*.example.org; "*" alone allows every origin'
  const labels = url.hostname.split('.').filter((label) => label !== '').length
  return { text, kind: 'subdomains', before: `${url.protocol}//`, after: `.${url.host}`, labels }
}

/** With what may have been meant as the example. */
function notAnOrigin(text: string): string {
  const likely = URL.parse(/^[a-z][a-z\d+.-]*:\/\//i.test(text) ? text : `https://${text}`)?.origin ?? 'null'
  const isOne = likely !== 'null' && typeof parseOriginPattern(likely) !== 'string'
  return `expected a scheme, a host and perhaps a port, without a path, such as ${isOne ? likely : 'https://app.example.com'}`
}
