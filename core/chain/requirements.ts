import type { Requirement } from '../api/endpoint.ts'
import type { Exchange } from '../api/exchange.ts'
import { outOfService } from '../api/out-of-service.ts'
import { LocalReply } from '../api/reply.ts'
import type { CompiledChain } from './compiled-chain.ts'

/** Why the engine refuses a request that every filter let pass. */
export type Refusal =
  /** No filter satisfied a requirement of the listener or the endpoint: an error of the chain, not of the client. */
  | { readonly unmet: Requirement }
  | { readonly reply: LocalReply; readonly because: 'out of service' | 'no terminal filter' }

const NO_ROUTE = new LocalReply(404, 'no_route', { detail: 'No filter routed this request.' })

/**
 * What the engine itself checks before anything goes upstream, whatever the filters are: all requirements are satisfied, the
 * endpoint is in service, there is a terminal filter. Both `ChainRunner` and the rehearsal of `weir explain` call it.
 * @param required what the listener requires of every request
 */
export function refusalBeforeUpstream(
  x: Exchange,
  compiled: CompiledChain,
  required: readonly Requirement[],
): Refusal | undefined {
  const unmet = x.unmet(required)
  if (unmet !== undefined) return { unmet }
  // After the requirements: a stranger must not learn that an endpoint exists and is out of service.
  const reply = x.endpoint === undefined ? undefined : outOfService(x.endpoint)
  if (reply !== undefined) return { reply, because: 'out of service' }
  return compiled.terminal === undefined ? { reply: NO_ROUTE, because: 'no terminal filter' } : undefined
}
