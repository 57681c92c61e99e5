import type { TokenReply, TokenSettings } from '../../core/index.ts'
import { isSecretAlgorithm, type SigningKey } from './signing.ts'
import { jsonReply } from './token-replies.ts'

/** Seconds. A key is published for longer than that before it signs. */
const MAX_AGE = 60
const WAYS_OF_CLIENTS = ['client_secret_basic', 'client_secret_post']

/** The public keys (RFC 7517 §5). A secret is never one of them. */
export function keySetReply(keys: readonly SigningKey[]): TokenReply {
  const published = keys.filter(({ algorithm }) => !isSecretAlgorithm(algorithm)).map(({ jwk }) => jwk)
  return jsonReply({ keys: published }, 200, MAX_AGE)
}

/** What there is (RFC 8414 §2), and nothing that there is not: nobody can be sent here to log in. */
export function metadataReply({ issuer, serve, algorithm, usersFile, clients }: TokenSettings): TokenReply {
  const at = (path: string): string => `${new URL(issuer).origin}${serve.prefix}/${path}`
  return jsonReply(
    {
      issuer,
      token_endpoint: at('token'),
      ...(!isSecretAlgorithm(algorithm) && { jwks_uri: at('jwks.json') }),
      revocation_endpoint: at('revoke'),
      introspection_endpoint: at('validate'),
      userinfo_endpoint: at('user'),
      response_types_supported: [],
      grant_types_supported: [
        ...(clients.length > 0 ? ['client_credentials'] : []),
        ...(usersFile === undefined ? [] : ['password', 'refresh_token']),
      ],
      token_endpoint_auth_methods_supported: usersFile === undefined ? WAYS_OF_CLIENTS : [...WAYS_OF_CLIENTS, 'none'],
      revocation_endpoint_auth_methods_supported: [...WAYS_OF_CLIENTS, 'none'],
      introspection_endpoint_auth_methods_supported: WAYS_OF_CLIENTS,
    },
    200,
    MAX_AGE,
  )
}
