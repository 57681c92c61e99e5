import { scopesIn } from './names.ts'
import type { Parameters } from './parameters.ts'
import type { TokenClient } from './token-clients.ts'
import { TokenRefusal } from './token-replies.ts'
import type { TokenUser } from './users-file.ts'

/** A user's scopes, with an application those that both have. */
export const allowed = (user: TokenUser, application: TokenClient | undefined): readonly string[] =>
  application === undefined ? user.scopes : user.scopes.filter((scope) => application.scopes.includes(scope))

/** The scopes that a request wants; without a wish all that it may have (RFC 6749 §3.3). @throws TokenRefusal */
export function granted(parameters: Parameters, may: readonly string[]): readonly string[] {
  const wish = parameters.get('scope')
  if (wish === undefined) return may
  const scopes = scopesIn(wish)
  if (scopes === undefined || !scopes.every((scope) => may.includes(scope)))
    throw new TokenRefusal(400, 'invalid_scope', 'a scope is unknown, or is not for this account')
  return scopes
}
