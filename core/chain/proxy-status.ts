import type { Response } from '../api/reply.ts'

/**
 * Says of a server error who made it, and why (RFC 9209 §2): the gateway, or the upstream, whose own word for it stands
 * before.
 */
export function addProxyStatus({ status, local, headers }: Response): void {
  if (status < 500) return
  if (local === undefined) headers.add('Proxy-Status', `weir; received-status=${status}`)
  else if (!headers.has('proxy-status')) headers.add('Proxy-Status', ownReply(local.reason))
}

/** A reply that no call of an upstream led to (RFC 9209 §2.3.28). */
const ownReply = (reason: string): string =>
  `weir; error=proxy_internal_response; details="${reason.replaceAll(/[^\x20-\x7e]|["\\]/g, '_')}"`
