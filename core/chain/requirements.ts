import type { Requirement } from '../api/endpoint.ts'
import type { Exchange } from '../api/exchange.ts'
import { outOfServiceReply } from '../api/out-of-service.ts'
import { LocalReply } from '../api/reply.ts'
import type { CompiledChain } from './compiled-chain.ts'

/** Why nothing goes upstream though every filter let the request pass. */
export type Refusal =
  /** The listener or the endpoint requires something that no filter satisfied: an error of the chain, not of the client. */
  | { readonly unmet: Requirement }
  | { readonly reply: LocalReply; readonly because: 'out of service' | 'no terminal filter' }

const NO_ROUTE = new LocalReply(404, 'no_route', { detail: 'Nothing routed this request.' })

/**
 * What the engine itself checks before anything goes upstream, whatever the filters are: requirements are satisfied, the
 * endpoint is in service, there is a terminal filter. The runner and the rehearsal of `weir explain` ask the same question.
 * @param required what the listener requires of every request
 */
export function refusalBeforeUpstream(
  x: Exchange,
  compiled: CompiledChain,
  required: readonly Requirement[],
): Refusal | undefined {
  const unmet = x.unmet(required)
  if (unmet !== undefined) return { unmet }
  // A filter that routes may not have looked.
  const reply = x.endpoint === undefined ? undefined : outOfServiceReply(x.endpoint)
  if (reply !== undefined) return { reply, because: 'out of service' }
  return compiled.terminal === undefined ? { reply: NO_ROUTE, because: 'no terminal filter' } : undefined
}
