import type { TokenReply, TokenRequest } from '../../core/index.ts'
import { allowed, granted } from './granted-scopes.ts'
import type { IssuerParts } from './issuer-parts.ts'
import type { Parameters } from './parameters.ts'
import type { SessionData } from './records.ts'
import type { TokenClient } from './token-clients.ts'
import { invalidGrant, invalidRequest, jsonReply, TokenRefusal } from './token-replies.ts'

/**
 * A new access token for a refresh token, which is replaced (RFC 6749 §6, RFC 9700 §4.14.2). Of several requests at once exactly one wins.
 * A token that was replaced before the request came revokes the session: somebody else has it.
 * @throws TokenRefusal
 */
export async function renew(
  request: TokenRequest,
  parameters: Parameters,
  client: TokenClient | undefined,
  parts: IssuerParts,
): Promise<TokenReply> {
  const { state, tokens, audit } = parts
  const text = parameters.get('refresh_token')
  if (text === undefined) throw invalidRequest('refresh_token is missing')
  const presented = state.present(text)
  // RFC 6749 §10.4: it belongs to one client. Another one can end nothing by it, either.
  if ('session' in presented && presented.session.client !== client?.id)
    throw invalidGrant('the refresh token belongs to another client', presented.session.subject)
  if (presented.is === 'reused') return reused(request, presented.session, parts)
  if (presented.is === 'under-way') throw invalidGrant('another request renews this token')
  if (presented.is !== 'current') throw invalidGrant('the refresh token is none of ours, is over, or was revoked')
  const { session } = presented
  const user = parts.accounts.users.get(session.subject)
  if (user === undefined || state.stampOf(user.hashText) !== session.stamp)
    return ended(request, session, 'user_changed', parts)
  const may = allowed(user, client).filter((scope) => session.scopes.includes(scope))
  const scopes = granted(parameters, may)
  const times = tokens.times(session.expires)
  const next = await state.rotate(session, times.expires * 1000)
  if (next === undefined) throw invalidGrant('the session was revoked', session.subject)
  const { subject, sid } = session
  const access = await tokens.issue({ subject, client: client?.id, scopes, roles: user.roles, sid }, times)
  audit.issued(request, 'refresh_token', { subject, client: client?.id, jti: access.jti, sid })
  return jsonReply({
    access_token: access.token,
    token_type: 'Bearer',
    expires_in: times.expires - times.issued,
    refresh_token: next,
    ...(scopes.length > 0 && { scope: scopes.join(' ') }),
  })
}

async function reused(request: TokenRequest, session: SessionData, parts: IssuerParts): Promise<never> {
  const { subject } = session
  await endSession(request, session, 'refresh_reused', parts)
  throw new TokenRefusal(400, 'refresh_reused', 'the refresh token was used before: the session is revoked', {
    error: 'invalid_grant',
    subject,
  })
}

async function ended(request: TokenRequest, session: SessionData, why: string, parts: IssuerParts): Promise<never> {
  await endSession(request, session, why, parts)
  throw invalidGrant('the user has changed: the session is revoked', session.subject)
}

async function endSession(
  request: TokenRequest,
  session: SessionData,
  why: string,
  { state, audit, tellRevoked }: IssuerParts,
): Promise<void> {
  const news = await state.end([session])
  audit.revoked(request, why, { subject: session.subject, client: session.client, sid: session.sid })
  // The client is refused in any case; who does not know yet is told again.
  await tellRevoked(news).catch(() => {})
}
