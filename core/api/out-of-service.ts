import type { Endpoint } from './endpoint.ts'
import { LocalReply } from './reply.ts'

/** Seconds. A guess: nobody knows when an operator will have the endpoint back. */
const RETRY_AFTER = '60'

/** The reply for an endpoint that is configured to take no traffic (RFC 9110 §15.6.4, §10.2.3), or undefined. */
export function outOfServiceReply({ status }: Endpoint): LocalReply | undefined {
  if (status === 'active') return undefined
  return new LocalReply(503, `endpoint_${status}`, {
    headers: { 'Retry-After': RETRY_AFTER },
    detail: status === 'disabled' ? 'The endpoint is switched off.' : 'The endpoint is not in service.',
  })
}
