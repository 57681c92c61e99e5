import type { IncomingMessage } from 'node:http'

/**
 * What becomes of an offer to switch protocols (RFC 9110 §7.8).
 * - `switch`: it is passed on.
 * - `ignore`: the request is an ordinary one, and so is what follows it.
 * - `last`: the request is an ordinary one, and the last of its connection.
 */
export type Offer = 'switch' | 'ignore' | 'last'

/** Decides about an offer: h2c is never one that is passed on, and HTTP/1.0 can make none. */
export function offerOf({ httpVersion, headers }: IncomingMessage, allowed: readonly string[]): Offer {
  const hasBody = headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) !== 0
  // Node's parser loses what comes in one packet behind such a body, and would take the rest of it for a request.
  if (httpVersion !== '1.1' || hasBody) return 'last'
  return allowed.includes(headers.upgrade?.toLowerCase() ?? '') ? 'switch' : 'ignore'
}

/** On a request that offers to switch protocols: it is the last of its connection. */
const LAST = Symbol('weir.last')
type Marked = IncomingMessage & { [LAST]?: true }

export const markLast = (req: Marked): void => {
  req[LAST] = true
}

export const isLast = (req: Marked): boolean => req[LAST] === true
