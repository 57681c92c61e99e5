import type { Endpoint } from './endpoint.ts'
import { LocalReply } from './reply.ts'

/** Seconds. A guess: nobody knows when the operator will enable the endpoint again. */
const RETRY_AFTER = '60'

/**
 * The 503 for an endpoint that is configured to take no traffic (RFC 9110 §15.6.4, §10.2.3); undefined if it takes traffic, or if it
 * has requirements: only callers who satisfy them may learn that it is out of service. The engine returns it before anything
 * goes upstream, once the requirements are satisfied. A routing filter that returns it at once spares the other filters.
 *
 * ```ts
 * const refusal = outOfServiceReply(endpoint)
 * if (refusal !== undefined) return refusal
 * x.set(RouteSlot, { endpoint, path, template })
 * ```
 */
export function outOfServiceReply(endpoint: Endpoint): LocalReply | undefined {
  return endpoint.requires.length > 0 ? undefined : outOfService(endpoint)
}

/** @internal The same, for a caller who satisfies the requirements. */
export function outOfService({ status }: Endpoint): LocalReply | undefined {
  if (status === 'active') return undefined
  return new LocalReply(503, `endpoint_${status}`, {
    headers: { 'Retry-After': RETRY_AFTER },
    detail: status === 'disabled' ? 'The endpoint is switched off.' : 'The endpoint is not in service.',
  })
}
