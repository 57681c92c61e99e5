/** A refresh token family: what one login may renew. Times are milliseconds since the Unix epoch. Plain data. */
export interface SessionData {
  /** Of the refresh tokens; nothing else shows it. */
  readonly id: string
  /** Of the access tokens: their claim `sid`. */
  readonly sid: string
  readonly subject: string
  /** The application that logged the user in, which alone may renew; undefined: the user alone. */
  readonly client: string | undefined
  readonly scopes: readonly string[]
  /** Changes with the user's password. */
  readonly stamp: string
  readonly expires: number
  /** Of the refresh token that is valid. */
  generation: number
  /** When the last access token is over. */
  tokensUntil: number
  /** Set when it was revoked: how long that matters. */
  ended: number | undefined
}

/** What the log of tokens holds. Plain data. */
export type TokenRecord =
  | { readonly t: 'head'; readonly version: 1; readonly secret: string }
  | { readonly t: 'open'; readonly session: SessionData }
  | { readonly t: 'turn'; readonly id: string; readonly generation: number; readonly tokensUntil: number }
  | { readonly t: 'end'; readonly id: string; readonly until: number }
  | { readonly t: 'jti'; readonly id: string; readonly subject: string; readonly until: number }
