import type { FilterEnv, OwnTokens } from '../../core/index.ts'
import type { AuthMethod } from './auth-method.ts'
import { BearerMethod } from './bearer/bearer-method.ts'
import type { Issuer } from './bearer/issuer.ts'
import { StaticKeys } from './bearer/issuer-keys.ts'
import { type LoadedIssuer, loadIssuer } from './bearer/load-issuer.ts'
import type { OwnIssuer } from './bearer/own-issuer.ts'
import type { VerificationKey } from './bearer/verification-key.ts'
import { fingerprint } from './fingerprint.ts'
import { bearerSources } from './option-parts.ts'
import { type AuthOptions, acceptsOwn, issuersOf } from './options.ts'

/** The methods of an instance, the one that counts first, and the issuers behind them, for `explain`. */
export interface Methods {
  readonly methods: readonly AuthMethod[]
  readonly issuers: readonly LoadedIssuer[]
  /** Undefined: the gateway's own tokens do not count. */
  readonly own: OwnIssuer | undefined
}

/**
 * The methods that the options configure. Instances with equal options share them, and what they have proved; none is shared with other
 * options, whatever they are.
 * @param tokens those that the gateway issues itself; undefined: it issues none
 * @throws Error for the operator
 */
export async function methodsOf(options: AuthOptions, env: FilterEnv, tokens: OwnTokens | undefined): Promise<Methods> {
  refuseOwn(options, tokens)
  const issuers = issuersOf(options).flatMap((input) => loadIssuer(input, env, process.env) ?? [])
  const { api_keys: apiKeys, basic } = options
  const methods: AuthMethod[] = []
  const own = tokens !== undefined && acceptsOwn(options) ? await ownIssuer(tokens) : undefined
  // With nothing else, bearer tokens are what is meant, though no key is there.
  if (issuers.length > 0 || own !== undefined || (apiKeys === undefined && basic === undefined))
    methods.push(await bearerOf(options, issuers, own, env))
  // Only what is used is loaded: a start takes no longer for the rest (0.1 s).
  if (apiKeys !== undefined)
    methods.push(await (await import('./api-key/api-key-method.ts')).apiKeyMethod(apiKeys, env))
  if (basic !== undefined) methods.push((await import('./basic/shared-basic.ts')).sharedBasic(basic, env))
  return { methods, issuers, own }
}

/** Two sets of keys for one issuer, of which one knows nothing of revocations. */
function refuseOwn(options: AuthOptions, tokens: OwnTokens | undefined): void {
  const own = tokens?.trust?.issuer
  if (own === undefined || !issuersOf(options).some(({ issuer }) => issuer === own)) return
  throw new Error(
    `issuer: "${own}" is this gateway itself (tokens.issuer): leave it out here, and set own_tokens: true for its tokens to count`,
  )
}

const ownIssuer = async (tokens: OwnTokens): Promise<OwnIssuer> =>
  new (await import('./bearer/own-issuer.ts')).OwnIssuer(tokens)

async function bearerOf(
  options: AuthOptions,
  loaded: readonly LoadedIssuer[],
  own: OwnIssuer | undefined,
  env: FilterEnv,
): Promise<AuthMethod> {
  const sources = bearerSources(options.token_from)
  // Shared before the method, by every instance that shares the method: they must live as long as it.
  const issuers = await Promise.all(loaded.map((one) => issuerOf(one, env)))
  const named = loaded.map(({ options, keys }) => ({
    options,
    keys: isHere(keys) ? keys.map(({ fingerprint }) => fingerprint) : keys,
  }))
  // By name: an instance that was made before the gateway has told of it shares nothing with later ones.
  const ofGateway = own === undefined ? undefined : (own.issuer?.options.issuer ?? '')
  const { cache_size: cacheSize } = options
  return env.share(fingerprint({ method: 'bearer', issuers: named, own: ofGateway, sources, cache: cacheSize }), {
    scope: 'factory',
    version: 3,
    make: () => new BearerMethod({ issuers, own, sources, cacheSize }, env.clock),
  })
}

async function issuerOf({ options, keys }: LoadedIssuer, env: FilterEnv): Promise<Issuer> {
  const { Issuer } = await import('./bearer/issuer.ts')
  if (isHere(keys)) return new Issuer(options, new StaticKeys(keys))
  return new Issuer(options, (await import('./bearer/shared-keys.ts')).sharedKeys(keys, env))
}

const isHere = (keys: LoadedIssuer['keys']): keys is readonly VerificationKey[] => 'length' in keys
