/**
 * The one form in which hosts are compared, without a port: in lower case (RFC 3986 §3.2.2), without the dot at the end of an
 * absolute name (RFC 1034 §3.1), an IPv6 address in the form of RFC 5952. A `*.` in front stays.
 *
 * ```ts
 * normalHost('API.Example.com.:8443') // 'api.example.com'
 * normalHost('[0:0:0:0:0:0:0:1]:80') // '[::1]'
 * ```
 * @param host `host[:port]` as in `Host`, or a pattern of a configuration
 */
export function normalHost(host: string): string {
  if (host.startsWith('[')) {
    const address = host.slice(0, host.indexOf(']') + 1)
    return URL.parse(`http://${address}`)?.hostname ?? address.toLowerCase()
  }
  const colon = host.lastIndexOf(':')
  const name = colon === -1 ? host : host.slice(0, colon)
  return (name.endsWith('.') ? name.slice(0, -1) : name).toLowerCase()
}
