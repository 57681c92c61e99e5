import { type Exchange, type Identity, IdentitySlot } from '../../core/index.ts'
import type { AuthMethod, Proof, Proved } from './auth-method.ts'

/** What an instance has found out about a request. */
export interface Findings {
  readonly proofs: Proof[]
  /** The identity that it wrote. */
  identity: Identity | undefined
  /** Nothing in the request shows a cache that the response is for this caller alone. */
  unmarked?: boolean
}

/** Notes a proof. @returns whether it proves something, or nothing is wanted any more */
export function note(x: Exchange, findings: Findings, proof: Proof): boolean {
  if (x.over) return true
  findings.proofs.push(proof)
  if (proof.identity === undefined) return false
  write(x, findings, proof.identity)
  // Once the route is known, credentials for other endpoints are none: the next method may have some for this one.
  return x.endpoint === undefined || isFor(proof, x)
}

/** Replaces the identity that the filter wrote before; that of another filter stays where there is none. */
export function write(x: Exchange, findings: Findings, identity: Identity | undefined): void {
  if (identity !== undefined) x.set(IdentitySlot, identity)
  else if (x.identity !== undefined && x.identity === findings.identity)
    x.set(IdentitySlot, undefined as unknown as Identity) // a slot can't be emptied; readers see undefined all the same
  findings.identity = identity
}

export function isAmong(proofs: readonly Proof[], method: AuthMethod): boolean {
  for (let i = 0; i < proofs.length; i++) if (proofs[i]!.by === method) return true
  return false
}

/** Whether the credentials are good for the endpoint: by its id, or its name. */
export const isFor = ({ endpoints }: Proved, { endpoint }: Exchange): boolean =>
  endpoints === undefined || (endpoint !== undefined && (endpoints.has(endpoint.id) || endpoints.has(endpoint.name)))

/** Another site made the browser send the request: an endpoint that demands nothing would act on it all the same. */
export function isCrossOrigin({ proofs }: Findings): boolean {
  for (let i = 0; i < proofs.length; i++) if (isFromElsewhere(proofs[i]!)) return true
  return false
}

export const isProved = (proof: Proof): proof is Proved => proof.identity !== undefined

const isFromElsewhere = (proof: Proof): boolean => !isProved(proof) && proof.problem === 'credentials_cross_origin'
