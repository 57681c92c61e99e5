import type { Response } from '../api/reply.ts'

/**
 * Adds `Proxy-Status` to a server error (RFC 9209 §2): it says whether the gateway or the upstream made the error, and why. The
 * upstream's own `Proxy-Status` stays before it.
 */
export function addProxyStatus({ status, local, headers }: Response): void {
  if (status < 500) return
  if (local === undefined) headers.add('Proxy-Status', `weir; received-status=${status}`)
  else if (!headers.has('proxy-status')) headers.add('Proxy-Status', ownReply(local.reason))
}

/** Of a reply that the gateway made without calling an upstream (RFC 9209 §2.3.28). */
const ownReply = (reason: string): string =>
  `weir; error=proxy_internal_response; details="${reason.replaceAll(/[^\x20-\x7e]|["\\]/g, '_')}"`
