import type { JWTPayload } from 'jose'
import type { Revocation, TokenReply, TokenRequest } from '../../core/index.ts'
import { givenCredentials } from './given-credentials.ts'
import type { IssuerParts } from './issuer-parts.ts'
import { clientOf } from './logins.ts'
import { parametersOf } from './parameters.ts'
import { isRefreshToken } from './refresh-token.ts'
import {
  emptyReply,
  invalidClient,
  invalidRequest,
  invalidToken,
  jsonReply,
  tokenMissing,
  tryLater,
} from './token-replies.ts'

/** A token as a parameter names it. @throws TokenRefusal */
function tokenIn(parameters: ReadonlyMap<string, string>): string {
  const token = parameters.get('token')
  if (token === undefined) throw invalidRequest('token is missing')
  return token
}

/** The claims of an access token that is valid and not revoked; undefined for anything else. */
async function active(token: string, { tokens, state }: IssuerParts): Promise<JWTPayload | undefined> {
  const claims = await tokens.read(token)
  return claims === undefined || state.isRevoked(claims.jti, claims.sid) ? undefined : claims
}

/**
 * `POST …/revoke` (RFC 7009): who has a token may revoke it. A refresh token takes all access tokens of its session with it.
 * @throws TokenRefusal
 */
export async function respondToRevoke(request: TokenRequest, parts: IssuerParts): Promise<TokenReply> {
  const parameters = parametersOf(request.contentType, request.body)
  const credentials = givenCredentials(request.authorization)
  // RFC 7009 §2.1: a client that says who it is must prove it.
  if (credentials.scheme !== 'bearer') clientOf(credentials, parameters, parts.accounts, parts.logins, request.address)
  const token = tokenIn(parameters)
  const news = isRefreshToken(token)
    ? await revokeSession(request, token, parts)
    : await revokeAccess(request, token, parts)
  if (news.length > 0)
    await parts.tellRevoked(news).catch(() => {
      throw tryLater('not_told', 'the token is revoked, but not every process has confirmed it')
    })
  // RFC 7009 §2.2: of a token that is none, there is nothing to say.
  return emptyReply()
}

async function revokeSession(request: TokenRequest, token: string, parts: IssuerParts): Promise<readonly Revocation[]> {
  const session = parts.state.sessionOf(token)
  if (session === undefined) return []
  // Again: the reply to the first request may have been that not every process knows.
  if (session.ended !== undefined) return [[session.sid, session.ended]]
  const news = await parts.state.end([session])
  parts.audit.revoked(request, 'request', { subject: session.subject, client: session.client, sid: session.sid })
  return news
}

async function revokeAccess(request: TokenRequest, token: string, parts: IssuerParts): Promise<readonly Revocation[]> {
  const claims = await parts.tokens.read(token)
  if (claims === undefined) return []
  const [jti, subject] = [String(claims.jti), String(claims.sub)]
  const known = parts.state.isRevoked(jti, undefined)
  const news = await parts.state.revoke(jti, subject, claims.exp! * 1000)
  if (!known) parts.audit.revoked(request, 'request', { subject, client: String(claims.client_id), jti })
  return news
}

/**
 * `POST …/validate` (RFC 7662). A client may ask for any token; who has an access token, for that one alone.
 * @throws TokenRefusal
 */
export async function respondToValidate(request: TokenRequest, parts: IssuerParts): Promise<TokenReply> {
  const credentials = givenCredentials(request.authorization)
  const parameters = parametersOf(request.contentType, request.body)
  if (credentials.scheme === 'bearer') {
    const token = parameters.get('token') ?? credentials.token
    if (token !== credentials.token) throw invalidRequest('an access token is validated with itself alone')
    const claims = await active(token, parts)
    if (claims === undefined) throw invalidToken()
    return jsonReply(described(claims))
  }
  const client = clientOf(credentials, parameters, parts.accounts, parts.logins, request.address)
  if (client === undefined) throw invalidClient()
  const token = tokenIn(parameters)
  if (isRefreshToken(token)) return jsonReply(describedSession(token, client.id, parts))
  const claims = await active(token, parts)
  // RFC 7662 §2.2: nothing else of a token that is not active.
  return jsonReply(claims === undefined ? { active: false } : described(claims))
}

const described = (claims: JWTPayload): object => ({ active: true, token_type: 'Bearer', ...claims })

function describedSession(token: string, client: string, { state, settings }: IssuerParts): object {
  const presented = state.present(token)
  if ((presented.is !== 'current' && presented.is !== 'under-way') || presented.session.client !== client)
    return { active: false }
  const { subject, scopes, expires } = presented.session
  return {
    active: true,
    iss: settings.issuer,
    sub: subject,
    client_id: client,
    exp: Math.floor(expires / 1000),
    ...(scopes.length > 0 && { scope: scopes.join(' ') }),
  }
}

/** `GET …/user`: whom an access token is for. @throws TokenRefusal */
export async function respondToUser(request: TokenRequest, parts: IssuerParts): Promise<TokenReply> {
  const credentials = givenCredentials(request.authorization)
  if (credentials.scheme !== 'bearer') throw tokenMissing()
  const claims = await active(credentials.token, parts)
  if (claims === undefined) throw invalidToken()
  const { sub, client_id, scope, roles } = claims
  return jsonReply({ sub, client_id, scope, roles })
}
