import type { IncomingMessage } from 'node:http'
import { trimOws } from '../base/tokens.ts'

/**
 * What happens to an offer to switch protocols (RFC 9110 §7.8).
 * - `switch`: it is passed on.
 * - `ignore`: the request is an ordinary one, and others may follow it.
 * - `last`: the request is an ordinary one, and the last of its connection.
 */
export type Offer = 'switch' | 'ignore' | 'last'

/** Decides about an offer. h2c is never passed on, and HTTP/1.0 has no offers. */
export function offerOf({ httpVersion, headers }: IncomingMessage, allowed: readonly string[]): Offer {
  const hasBody = headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) !== 0
  // Node's parser loses what comes after such a body in the same packet, and would read the rest of the body as a request.
  if (httpVersion !== '1.1' || hasBody) return 'last'
  return offeredProtocols(headers.upgrade, allowed) === undefined ? 'ignore' : 'switch'
}

/**
 * The protocols of an offer that may be passed on, in the client's order; undefined if there are none. `Upgrade` is a list
 * (RFC 9110 §7.8), and so a client may offer `websocket, h2c` (RFC 6455 §4.2.1).
 * @param allowed in lower case
 */
export function offeredProtocols(upgrade: string | undefined, allowed: readonly string[]): string | undefined {
  if (upgrade === undefined) return undefined
  const offered = upgrade.split(',').map(trimOws)
  return offered.filter((protocol) => allowed.includes(protocol.toLowerCase())).join(', ') || undefined
}

/** Marks a request with an offer as the last of its connection. */
const LAST = Symbol('weir.last')
type Marked = IncomingMessage & { [LAST]?: true }

export const markLast = (req: Marked): void => {
  req[LAST] = true
}

export const isLast = (req: Marked): boolean => req[LAST] === true
