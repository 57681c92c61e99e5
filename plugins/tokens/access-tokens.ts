import { randomBytes } from 'node:crypto'
import type { JWTPayload } from 'jose'
import type { Clock, TokenSettings } from '../../core/index.ts'
import type { KeySchedule } from './key-schedule.ts'
import { sign, verified } from './signing.ts'

/** What an access token says beside its times. */
export interface Grant {
  readonly subject: string
  /** The application; undefined: a user's own request. */
  readonly client: string | undefined
  readonly scopes: readonly string[]
  readonly roles: readonly string[]
  readonly sid?: string
}

export interface AccessToken {
  readonly token: string
  readonly jti: string
}

/** When a token that is issued now begins and ends; seconds since the Unix epoch. */
export interface TokenTimes {
  readonly issued: number
  readonly expires: number
}

/** A user that logs in without an application. RFC 9068 §2.2 wants the claim; a scheme of its own keeps it apart from clients. */
const NO_CLIENT = 'urn:weir:no-client'

/** Signs access tokens (RFC 9068), and reads them. */
export class AccessTokens {
  readonly #clock: Clock
  readonly #keys: Pick<KeySchedule, 'current' | 'key'>
  settings: TokenSettings

  constructor(clock: Clock, keys: Pick<KeySchedule, 'current' | 'key'>, settings: TokenSettings) {
    this.#clock = clock
    this.#keys = keys
    this.settings = settings
  }

  /** @param notAfter milliseconds since the Unix epoch: the end of the session */
  times(notAfter = Infinity): TokenTimes {
    const issued = Math.floor(this.#clock.wall() / 1000)
    const ttl = Math.max(1, Math.floor(this.settings.accessTtlMs / 1000))
    return { issued, expires: Math.min(issued + ttl, Math.ceil(notAfter / 1000)) }
  }

  async issue({ subject, client, scopes, roles, sid }: Grant, times: TokenTimes): Promise<AccessToken> {
    const jti = randomBytes(16).toString('base64url')
    const { issuer, audience } = this.settings
    const token = await sign(this.#keys.current, {
      iss: issuer,
      sub: subject,
      aud: audience,
      client_id: client ?? NO_CLIENT,
      iat: times.issued,
      nbf: times.issued,
      exp: times.expires,
      jti,
      ...(sid !== undefined && { sid }),
      ...(scopes.length > 0 && { scope: scopes.join(' ') }),
      ...(roles.length > 0 && { roles }),
    })
    return { token, jti }
  }

  /** The claims of a token of ours that is valid now, revoked or not; undefined for anything else. */
  read(token: string): Promise<JWTPayload | undefined> {
    const { issuer, audience } = this.settings
    return verified(token, (kid) => this.#keys.key(kid), { issuer, audience, now: this.#clock.wall() })
  }
}
