import {
  AUTHENTICATION,
  defineFilter,
  IdentitySlot,
  OwnTokensKey,
  type SetField,
  StartConditionsKey,
} from '../../core/index.ts'
import { AuthFilter, isEnforced } from './auth-filter.ts'
import { isSymmetric } from './bearer/algorithms.ts'
import { methodsOf } from './methods.ts'
import { type AuthOptions, options } from './options.ts'

export const auth = defineFilter({
  name: 'auth',
  apiVersion: 1,
  summary: 'Verifies who calls, by bearer tokens (JWT), API keys or passwords, and enforces roles, scopes and rules.',
  prompt: true,
  options,
  offline: true,
  needs: [StartConditionsKey],
  wants: [OwnTokensKey],
  writes: [IdentitySlot],
  enforces: [AUTHENTICATION],
  sets: fieldsOf,
  advises: [
    // Weir does not bring it; a plugin of that name need not know of this filter.
    {
      after: { filter: 'rate-limit' },
      why: 'requests that auth refuses are not counted, so tokens can be guessed without limit',
    },
  ],
  async create(options, env) {
    const tokens = env.serviceIf(OwnTokensKey)
    const { methods, issuers, own } = await methodsOf(options, env, tokens)
    if (tokens !== undefined && tokens.trust === undefined && options.own_tokens === true) env.warn(NO_TOKENS)
    const bearer = methods.some(({ name }) => name === 'bearer')
    if (bearer && issuers.length === 0 && own?.issuer === undefined && isEnforced(options)) env.warn(noKey(options))
    const { identity_token: token } = options
    const identityToken = token && (await import('./identity-token.ts')).loadIdentityToken(token, env)
    return new AuthFilter({ name: env.name, options, methods, issuers, own, identityToken })
  },
})

/**
 * Fields that clients must not set, and those in which they send keys: such a name may have an underscore, and no other reads like it.
 * `Authorization` is theirs until their credentials are read.
 */
function fieldsOf({ identity_headers: fields, identity_token: token, api_keys: keys }: AuthOptions): SetField[] {
  const names = [...Object.keys(fields), ...(token === undefined ? [] : [token.header])]
  return [
    ...names.filter((name) => name.toLowerCase() !== 'authorization').map((name) => ({ name })),
    ...(keys?.from ?? []).flatMap(({ header: name }) => (name === undefined ? [] : { name, keep: 'anyone' as const })),
  ]
}

const NO_TOKENS = 'own_tokens is true, but the gateway issues no tokens: set tokens in the configuration'

function noKey({ algorithm, algorithms = algorithm === undefined ? [] : [algorithm] }: AuthOptions): string {
  const refused = 'no key, so every request that must be authenticated is refused'
  return algorithms.every(isSymmetric)
    ? `${refused}: set secret, secret_file or WEIR_JWT_SECRET`
    : `${refused}: set public_key, public_key_file, jwks_url or discovery`
}
