import { FieldKinds } from '../base/field-kinds.ts'
import { equalsIgnoreCase, trimOws } from '../base/tokens.ts'

/**
 * Fields that belong to one connection, whichever way the message goes (RFC 9110 §7.6.1), by name in lower case. `Trailer` is
 * among them because the trailer section is framed anew by every hop, and `Expect` because each hop answers it (§10.1.1).
 *
 * @example CONNECTION_FIELDS.includes('keep-alive') // true
 */
export const CONNECTION_FIELDS: readonly string[] = [
  'connection',
  'expect',
  'http2-settings',
  'keep-alive',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]

/** Fields by which proxies and their relatives tell who the client is. Nobody believes them of a stranger. */
export const CLIENT_CLAIMS: readonly string[] = [
  'appengine-user-ip',
  'cf-connecting-ip',
  'cf-connecting-ipv6',
  'cf-pseudo-ipv4',
  'client-cert',
  'client-cert-chain',
  'client-ip',
  'cloudfront-viewer-address',
  'fastly-client-ip',
  'fly-client-ip',
  'forwarded',
  'forwarded-for',
  'front-end-https',
  'proxy-client-ip',
  'remote-user',
  'ssl-client-*',
  'true-client-ip',
  'wl-proxy-client-ip',
  'wl-proxy-ssl',
  'x-appengine-user-ip',
  'x-arr-ssl',
  'x-auth-request-*',
  'x-azure-clientip',
  'x-client-cert*',
  'x-client-ip',
  'x-cluster-client-ip',
  'x-envoy-external-address',
  'x-envoy-original-path',
  'x-forwarded',
  'x-forwarded-*',
  'x-original-forwarded-for',
  'x-original-host',
  'x-original-method',
  'x-original-uri',
  'x-original-url',
  'x-proxyuser-ip',
  'x-real-ip',
  'x-remote-user',
  'x-rewrite-url',
  'x-scheme',
  'x-ssl-client-*',
  'x-url-scheme',
  'x-vercel-forwarded-for',
]

/** Fields that are meant for more than one hop, whatever `Connection` says. */
const FOR_ALL_HOPS = new FieldKinds(
  Object.fromEntries(
    [
      ...CLIENT_CLAIMS,
      'via',
      // Routing and framing.
      'host',
      'content-length',
      'content-type',
      // "Cache-Control is never appropriate as a connection option" (RFC 9110 §7.6.1).
      'cache-control',
      // Credentials and sessions.
      'authorization',
      'cookie',
      'set-cookie',
      'www-authenticate',
      // Traces.
      'b3',
      'baggage',
      'traceparent',
      'tracestate',
      'uber-trace-id',
      'x-amzn-trace-id',
      'x-b3-*',
      'x-cloud-trace-context',
      // Ids of requests.
      'correlation-id',
      'request-id',
      'x-correlation-id',
      'x-request-id',
    ].map((name) => [name, 1]),
  ),
)

/** Whether a field, named in any case, is one that `Connection` can't nominate, and that no other may be mistaken for. */
export const isForAllHops = (name: string): boolean => FOR_ALL_HOPS.of(name) !== 0

/**
 * Adds the names that a `Connection` field nominates (RFC 9110 §7.6.1), in lower case; except those of fields that are meant for
 * more than one hop: `Host`, framing, credentials, cookies, forwarding, tracing, request ids. Nobody can strip those.
 *
 * @example nominate('keep-alive, X-Private, Cookie', undefined) // a set of 'x-private'
 * @param nominated what earlier fields have nominated; undefined for none
 * @returns undefined if nothing is nominated
 */
export function nominate(value: string, nominated: Set<string> | undefined): Set<string> | undefined {
  // Nearly always it is one of these.
  if (equalsIgnoreCase(value, 'keep-alive') || equalsIgnoreCase(value, 'close')) return nominated
  for (const token of value.split(',')) {
    const name = trimOws(token).toLowerCase()
    if (name === '' || name === 'keep-alive' || name === 'close' || isForAllHops(name)) continue
    nominated ??= new Set()
    nominated.add(name)
  }
  return nominated
}

/**
 * Fields except those that `Connection` nominated.
 *
 * @example withoutNominated(['X-A', '1', 'X-B', '2'], new Set(['x-a'])) // ['X-B', '2']
 * @param fields flat list of names and values
 * @returns the same list if nothing is nominated
 */
export function withoutNominated(fields: string[], nominated: ReadonlySet<string> | undefined): string[] {
  if (nominated === undefined) return fields
  const kept: string[] = []
  for (let i = 0; i < fields.length; i += 2)
    if (!nominated.has(fields[i]!.toLowerCase())) kept.push(fields[i]!, fields[i + 1]!)
  return kept
}
