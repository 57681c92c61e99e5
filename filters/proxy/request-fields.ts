import { CONNECTION_FIELDS, type Exchange, FieldKinds, isToken } from '../../core/index.ts'
import { droppedPrefix, plainPrefix } from './dropped-prefix.ts'

const PASS = 0
/** Of the connection, or written by the gateway from what it knows. */
const DROP = 1
/** Counted down at every hop (RFC 9110 §7.6.2). */
const MAX_FORWARDS = 2
/** Describes the bytes of the body: dropped if a filter changed them (RFC 9530). */
const DIGEST = 3
/** What the proxies in front have dropped. */
const PREFIX = 4

const WRITTEN = [
  'host',
  // What the client or a filter says may not be the length of the body as it is now.
  'content-length',
  'forwarded',
  'x-forwarded-for',
  'x-forwarded-host',
  'x-forwarded-proto',
  'x-real-ip',
]

const KINDS = new FieldKinds({
  // The client's are gone already. A filter's can't be sent: undici frames the message, and refuses them.
  ...Object.fromEntries([...CONNECTION_FIELDS, ...WRITTEN].map((name) => [name, DROP])),
  'content-md5': DIGEST,
  digest: DIGEST,
  'content-digest': DIGEST,
  'repr-digest': DIGEST,
  'max-forwards': MAX_FORWARDS,
  'x-forwarded-prefix': PREFIX,
})

/**
 * Fields of the upstream request: those that the engine and the filters have left, and the gateway's own. Without a
 * `Content-Length` undici sends a body in chunks.
 * @param pseudonym the gateway's name in `Via`
 */
export function requestFields(x: Exchange, preserveHost: boolean, pseudonym: string): string[] {
  const { headers, body } = x.request
  const { raw } = headers
  const { address, hops, peer, publicHost, scheme } = x.downstream
  const fields: string[] = []
  let prefix = ''
  for (let i = 0; i < raw.length; i += 2) {
    const name = raw[i]!
    const kind = KINDS.of(name)
    if (kind === PASS || (kind === DIGEST && !body.changed)) fields.push(name, raw[i + 1]!)
    else if (kind === MAX_FORWARDS) fields.push(name, forwardsLeft(raw[i + 1]!, x.request.method))
    // The engine has removed what strangers say in it.
    else if (kind === PREFIX) prefix += outerPrefix(raw[i + 1]!)
  }
  if (!body.empty && body.length !== undefined) fields.push('Content-Length', String(body.length))
  // RFC 9110 §7.6.3.
  fields.push('Via', `${x.request.httpVersion} ${pseudonym}`)
  // RFC 7239 §7.4: what one family says, the other says too.
  fields.push('X-Forwarded-For', hops.length === 0 ? peer : `${hops.join(', ')}, ${peer}`)
  fields.push('X-Forwarded-Host', publicHost, 'X-Forwarded-Proto', scheme)
  prefix += droppedPrefix(x)
  if (prefix !== '') fields.push('X-Forwarded-Prefix', prefix)
  fields.push('Forwarded', forwarded(hops, peer, publicHost, scheme), 'X-Real-IP', address)
  if (preserveHost && publicHost !== '') fields.push('Host', publicHost)
  return fields
}

/**
 * `Max-Forwards` for the next hop: one less, for OPTIONS alone, since TRACE is not forwarded and other methods may ignore it
 * (RFC 9110 §7.6.2).
 */
const forwardsLeft = (value: string, method: string): string =>
  method === 'OPTIONS' && /^[1-9]\d{0,8}$/.test(value) ? String(Number(value) - 1) : value

/**
 * What the proxies in front have dropped: a list is one prefix after the other. Many proxies pass on what a stranger wrote into it,
 * and upstreams make links of it.
 */
const outerPrefix = (value: string): string => plainPrefix(value.replaceAll(/\/*\s*(?:,\s*|$)/g, ''))

/**
 * `Forwarded` (RFC 7239 §4): one element per hop. The first and the last tell host and scheme, since of those that read them some
 * look at the first element and some at the last.
 */
function forwarded(hops: readonly string[], peer: string, host: string, proto: string): string {
  const shown = host === '' ? `;proto=${proto}` : `;host=${quoted(host)};proto=${proto}`
  const own = `for=${nodeOf(peer)}${shown}`
  if (hops.length === 0) return own
  return `${hops.map((hop, i) => `for=${nodeOf(hop)}${i === 0 ? shown : ''}`).join(', ')}, ${own}`
}

/** RFC 7239 §6: IPv6 addresses stand in brackets, and those are no token. */
const nodeOf = (hop: string): string => (hop.includes(':') ? `"[${hop}]"` : hop)

/** The last value quoted, and its result: most requests name the same few hosts. */
let lastQuoted: readonly [value: string, result: string] = ['', '""']

function quoted(value: string): string {
  if (lastQuoted[0] !== value) lastQuoted = [value, isToken(value) ? value : `"${value.replaceAll(/["\\]/g, '\\$&')}"`]
  return lastQuoted[1]
}
