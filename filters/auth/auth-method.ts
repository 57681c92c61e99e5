import type { Exchange, Identity } from '../../core/index.ts'
import type { CredentialSource } from './credential-sources.ts'

/** Kinds of credentials, as `auth_type` and the option `accept` name them. */
export const METHODS = ['bearer', 'api_key', 'basic'] as const
export type MethodName = (typeof METHODS)[number]

/** Why credentials prove nothing. */
export type Problem =
  /** There are none of this kind. */
  | 'token_missing'
  | 'api_key_missing'
  | 'password_missing'
  /** They are there, in a form that no method reads. */
  | 'credentials_malformed'
  /** A cookie that another site made the browser send. */
  | 'credentials_cross_origin'
  | 'token_expired'
  | 'token_invalid'
  /** Valid otherwise, but its issuer has revoked it. */
  | 'token_revoked'
  | 'api_key_expired'
  | 'api_key_invalid'
  | 'password_invalid'
  /** Too many failures for this account from this address. */
  | 'password_throttled'
  /** Nobody can be verified: the gateway has no key. */
  | 'auth_key_missing'
  /** The keys of the issuer can't be had. */
  | 'issuer_unavailable'
  /** Too many verifications wait already. */
  | 'auth_overloaded'

/** Credentials that were proved. Only the method that made the proof may rely on it. */
export interface Proved {
  readonly by: AuthMethod
  readonly identity: Identity
  /** Ids of the endpoints that the credentials are good for. Undefined: all. */
  readonly endpoints?: ReadonlySet<string> | undefined
}

export interface Unproved {
  readonly by: AuthMethod
  readonly identity: undefined
  readonly problem: Problem
}

export type Proof = Proved | Unproved

/** Undefined: left for later. */
export type Proving = Proof | Promise<Proof | undefined> | undefined

/**
 * What a proof may wait for. `none`: nothing that takes milliseconds; before the route is known, nobody can say whether it is worth it. `short`:
 * work in threads, and an issuer whose keys are known, where nothing is demanded. `full`: also an issuer that is away.
 */
export type Patience = 'none' | 'short' | 'full'

/** One method of authentication: it turns the credentials of a request into an identity. */
export interface AuthMethod {
  readonly name: MethodName
  /** Where its credentials are. */
  readonly sources: readonly CredentialSource[]
  /**
   * What the request's credentials of this kind prove: at once where it can. Never rejects.
   * @param patience what it may wait for; it returns undefined instead of waiting for more
   */
  prove(x: Exchange, patience: Patience): Proving
}
