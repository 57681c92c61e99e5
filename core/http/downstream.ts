import type { Downstream } from '../api/exchange.ts'
import type { HeaderList } from '../api/header-list.ts'
import type { Connection } from './connection.ts'
import type { TrustedProxies } from './trusted-proxies.ts'

/**
 * The downstream side of a request. Forwarding fields count only where the connection comes from a trusted proxy.
 * @param host of the request's target or `Host`
 */
export function downstreamOf(
  connection: Connection,
  proxies: TrustedProxies,
  headers: HeaderList,
  host: string,
): Downstream {
  const { peer, trusted, scheme } = connection
  if (!trusted) return { address: peer, peer, trusted, scheme, host }
  const proto = headers.get('x-forwarded-proto')
  return {
    address: proxies.client(peer, headers.joined('x-forwarded-for')),
    peer,
    trusted,
    scheme: proto === 'https' || proto === 'http' ? proto : scheme,
    host: headers.get('x-forwarded-host') ?? host,
  }
}
