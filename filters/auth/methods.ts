import type { FilterEnv } from '../../core/index.ts'
import type { AuthMethod } from './auth-method.ts'
import { BearerMethod } from './bearer/bearer-method.ts'
import type { Issuer } from './bearer/issuer.ts'
import { StaticKeys } from './bearer/issuer-keys.ts'
import { type LoadedIssuer, loadIssuer } from './bearer/load-issuer.ts'
import type { VerificationKey } from './bearer/verification-key.ts'
import { fingerprint } from './fingerprint.ts'
import { bearerSources } from './option-parts.ts'
import { type AuthOptions, issuersOf } from './options.ts'

/** The methods of an instance, the one that counts first, and the issuers behind them, for `explain`. */
export interface Methods {
  readonly methods: readonly AuthMethod[]
  readonly issuers: readonly LoadedIssuer[]
}

/**
 * The methods that the options configure. Instances with equal options share them, and what they have proved; none is shared with other
 * options, whatever they are.
 */
export async function methodsOf(options: AuthOptions, env: FilterEnv): Promise<Methods> {
  const issuers = issuersOf(options).flatMap((input) => loadIssuer(input, env, process.env) ?? [])
  const { api_keys: apiKeys, basic } = options
  const methods: AuthMethod[] = []
  // With nothing else, bearer tokens are what is meant, though no key is there.
  if (issuers.length > 0 || (apiKeys === undefined && basic === undefined))
    methods.push(await bearerOf(options, issuers, env))
  // Only what is used is loaded: a start takes no longer for the rest (0.1 s).
  if (apiKeys !== undefined)
    methods.push(await (await import('./api-key/api-key-method.ts')).apiKeyMethod(apiKeys, env))
  if (basic !== undefined) methods.push((await import('./basic/shared-basic.ts')).sharedBasic(basic, env))
  return { methods, issuers }
}

async function bearerOf(options: AuthOptions, loaded: readonly LoadedIssuer[], env: FilterEnv): Promise<AuthMethod> {
  const sources = bearerSources(options.token_from)
  // Shared before the method, by every instance that shares the method: they must live as long as it.
  const issuers = await Promise.all(loaded.map((one) => issuerOf(one, env)))
  const named = loaded.map(({ options, keys }) => ({
    options,
    keys: isHere(keys) ? keys.map(({ fingerprint }) => fingerprint) : keys,
  }))
  return env.share(fingerprint({ method: 'bearer', issuers: named, sources, cache: options.cache_size }), {
    scope: 'factory',
    version: 2,
    make: () => new BearerMethod({ issuers, sources, cacheSize: options.cache_size }, env.clock),
  })
}

async function issuerOf({ options, keys }: LoadedIssuer, env: FilterEnv): Promise<Issuer> {
  const { Issuer } = await import('./bearer/issuer.ts')
  if (isHere(keys)) return new Issuer(options, new StaticKeys(keys))
  return new Issuer(options, (await import('./bearer/shared-keys.ts')).sharedKeys(keys, env))
}

const isHere = (keys: LoadedIssuer['keys']): keys is readonly VerificationKey[] => 'length' in keys
