import type { TokenReply, TokenRequest } from '../../core/index.ts'
import { type GivenCredentials, givenCredentials } from './given-credentials.ts'
import { allowed, granted } from './granted-scopes.ts'
import type { IssuerParts } from './issuer-parts.ts'
import { clientOf } from './logins.ts'
import { type Parameters, parametersOf } from './parameters.ts'
import { renew } from './renewal.ts'
import type { TokenClient } from './token-clients.ts'
import { invalidClient, invalidRequest, jsonReply, TokenRefusal } from './token-replies.ts'

/** `POST …/token` (RFC 6749 §4.3, §4.4 and §6) and `POST …/refresh`. @throws TokenRefusal */
export async function respondToGrant(request: TokenRequest, parts: IssuerParts): Promise<TokenReply> {
  const credentials = givenCredentials(request.authorization)
  const parameters = parametersOf(request.contentType, request.body)
  if (credentials.scheme === 'bearer') throw invalidRequest('an access token gets no other token')
  switch (grantOf(request, parameters, credentials)) {
    case 'basic':
      return withBasic(request, credentials, parameters, parts)
    case 'client_credentials':
      return forClient(request, credentials, parameters, parts)
    case 'password':
      return withPassword(request, credentials, parameters, parts)
    case 'refresh_token':
      return renew(request, parameters, client(request, credentials, parameters, parts), parts)
    default:
      throw new TokenRefusal(400, 'unsupported_grant_type', 'this grant type is not supported')
  }
}

function grantOf({ operation }: TokenRequest, parameters: Parameters, { scheme }: GivenCredentials): string {
  const grant = parameters.get('grant_type')
  if (operation === 'refresh') {
    if (grant !== undefined && grant !== 'refresh_token') throw invalidRequest('only refresh_token is for this path')
    return 'refresh_token'
  }
  if (grant !== undefined) return grant === 'basic' ? '' : grant
  if (scheme === 'basic') return 'basic'
  throw invalidRequest('grant_type is missing')
}

const client = (
  request: TokenRequest,
  credentials: GivenCredentials,
  parameters: Parameters,
  { accounts, logins }: IssuerParts,
): TokenClient | undefined => clientOf(credentials, parameters, accounts, logins, request.address)

async function forClient(
  request: TokenRequest,
  credentials: GivenCredentials,
  parameters: Parameters,
  parts: IssuerParts,
): Promise<TokenReply> {
  if (parameters.has('username') || parameters.has('password'))
    throw invalidRequest('the credentials of a user are for the grant type password')
  const known = client(request, credentials, parameters, parts)
  if (known === undefined) throw invalidClient()
  const { id, roles } = known
  const scopes = granted(parameters, known.scopes)
  const times = parts.tokens.times()
  const { token, jti } = await parts.tokens.issue({ subject: id, client: id, scopes, roles }, times)
  parts.audit.issued(request, 'client_credentials', { subject: id, client: id, jti })
  return jsonReply({
    access_token: token,
    token_type: 'Bearer',
    expires_in: times.expires - times.issued,
    ...(scopes.length > 0 && { scope: scopes.join(' ') }),
  })
}

/** A user's own request: without a grant type, the field `Authorization` is the user's. */
async function withBasic(
  request: TokenRequest,
  credentials: GivenCredentials,
  parameters: Parameters,
  parts: IssuerParts,
): Promise<TokenReply> {
  if (credentials.scheme !== 'basic') throw invalidRequest('grant_type is missing')
  for (const name of ['username', 'password', 'client_id', 'client_secret', 'refresh_token'])
    if (parameters.has(name)) throw invalidRequest('grant_type is missing beside the parameters of one')
  return login(request, credentials.user, credentials.password, undefined, parameters, parts)
}

async function withPassword(
  request: TokenRequest,
  credentials: GivenCredentials,
  parameters: Parameters,
  parts: IssuerParts,
): Promise<TokenReply> {
  const [name, password] = [parameters.get('username'), parameters.get('password')]
  if (name === undefined || password === undefined) throw invalidRequest('username or password is missing')
  return login(request, name, password, client(request, credentials, parameters, parts), parameters, parts)
}

async function login(
  request: TokenRequest,
  name: string,
  password: string,
  application: TokenClient | undefined,
  parameters: Parameters,
  parts: IssuerParts,
): Promise<TokenReply> {
  const { clock, logins, tokens, state, audit } = parts
  const { users } = parts.accounts
  if (users.size === 0) throw new TokenRefusal(400, 'unsupported_grant_type', 'there are no users here')
  const user = await logins.user(users, name, password, request.address)
  // The file may have changed while the password was verified.
  if (parts.accounts.users.get(user.name)?.hashText !== user.hashText)
    throw new TokenRefusal(400, 'invalid_grant', 'the user has changed')
  const scopes = granted(parameters, allowed(user, application))
  const expires = clock.wall() + parts.settings.refreshTtlMs
  const times = tokens.times(expires)
  const { session, token, ended } = await state.begin({
    subject: user.name,
    client: application?.id,
    scopes,
    stamp: state.stampOf(user.hashText),
    expires,
    tokensUntil: times.expires * 1000,
  })
  if (ended.length > 0) {
    audit.revoked(request, 'too_many_sessions', { subject: user.name, sessions: ended.length })
    await parts.tellRevoked(ended).catch(() => {})
  }
  const grant = { subject: user.name, client: application?.id, scopes, roles: user.roles, sid: session.sid }
  const access = await tokens.issue(grant, times)
  const { subject, client: clientId, sid } = grant
  audit.issued(request, 'password', { subject, client: clientId, jti: access.jti, sid })
  return jsonReply({
    access_token: access.token,
    token_type: 'Bearer',
    expires_in: times.expires - times.issued,
    refresh_token: token,
    ...(scopes.length > 0 && { scope: scopes.join(' ') }),
  })
}
