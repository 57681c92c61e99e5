import { type Exchange, isToken } from '../../core/index.ts'
import {
  CONNECTION,
  CONNECTION_FIELDS,
  DROP,
  FieldKinds,
  nominate,
  PASS,
  withoutNominated,
} from './connection-fields.ts'

const HOST = 3
/** Written by the gateway from what it knows; the client's counts only behind a trusted proxy. */
const FORWARDED = 4
/** Counted down at every hop (RFC 9110 §7.6.2). */
const MAX_FORWARDS = 5
/** Describes the bytes of the body: dropped if a filter changed them (RFC 9530). */
const DIGEST = 6

const KINDS = new FieldKinds(
  {
    // `Trailer` too: undici can't send request trailers, so none are announced.
    ...CONNECTION_FIELDS,
    'http2-settings': DROP,
    // Written by the gateway: what the client or a filter says may not be the length of the body as it is now.
    'content-length': DROP,
    'content-md5': DIGEST,
    digest: DIGEST,
    'content-digest': DIGEST,
    'repr-digest': DIGEST,
    host: HOST,
    'max-forwards': MAX_FORWARDS,
    forwarded: FORWARDED,
    'x-forwarded-for': FORWARDED,
    'x-forwarded-host': FORWARDED,
    'x-forwarded-proto': FORWARDED,
  },
  FORWARDED,
)

/**
 * Fields of the upstream request: the client's, without those of its connection, and the gateway's own. Without a `Content-Length`
 * undici sends a body in chunks.
 */
export function requestFields(x: Exchange, preserveHost: boolean): string[] {
  const { headers, body } = x.request
  const { raw } = headers
  const { downstream } = x
  const fields: string[] = []
  let nominated: Set<string> | undefined
  for (let i = 0; i < raw.length; i += 2) {
    const name = raw[i]!
    const kind = KINDS.of(name)
    if (kind === PASS || (kind === DIGEST && !body.changed)) fields.push(name, raw[i + 1]!)
    else if (kind === CONNECTION) nominated = nominate(raw[i + 1]!, nominated)
    else if (kind === MAX_FORWARDS) fields.push(name, forwardsLeft(raw[i + 1]!, x.request.method))
  }
  const kept = withoutNominated(fields, nominated)
  if (!body.empty && body.length !== undefined) kept.push('Content-Length', String(body.length))
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
 * `Max-Forwards` for the next hop: one less, for OPTIONS alone, since TRACE is not forwarded and other methods may ignore it
 * (RFC 9110 §7.6.2).
 */
const forwardsLeft = (value: string, method: string): string =>
  method === 'OPTIONS' && /^[1-9]\d{0,8}$/.test(value) ? String(Number(value) - 1) : value

const joined = (before: string | undefined, own: string): string =>
  before === undefined || before === '' ? own : `${before}, ${own}`

/** One element of `Forwarded` (RFC 7239 §4); values that are no tokens are quoted. */
function forwardedElement(peer: string, host: string, proto: string): string {
  const node = peer.includes(':') ? `"[${peer}]"` : peer
  return host === '' ? `for=${node};proto=${proto}` : `for=${node};host=${quoted(host)};proto=${proto}`
}

/** The last value quoted, and its result: most requests name the same few hosts. */
let lastQuoted: readonly [value: string, result: string] = ['', '""']

function quoted(value: string): string {
  if (lastQuoted[0] !== value) lastQuoted = [value, isToken(value) ? value : `"${value.replaceAll(/["\\]/g, '\\$&')}"`]
  return lastQuoted[1]
}
