import { createHash } from 'node:crypto'
import { Counter, type FilterEnv, StartConditionsKey } from '../../core/index.ts'
import { apiKeyMethod } from './api-key/api-key-method.ts'
import type { AuthMethod } from './auth-method.ts'
import { BasicMethod } from './basic/basic-method.ts'
import type { BasicOptions } from './basic/basic-options.ts'
import { loadUsers } from './basic/load-basic.ts'
import { BearerMethod } from './bearer/bearer-method.ts'
import { Issuer } from './bearer/issuer.ts'
import { type IssuerKeys, StaticKeys } from './bearer/issuer-keys.ts'
import { type LoadedIssuer, loadIssuer } from './bearer/load-issuer.ts'
import { RemoteKeys, type RemoteKeysOptions } from './bearer/remote-keys.ts'
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
  const methods: AuthMethod[] = [
    ...(apiKeys === undefined ? [] : [await apiKeyMethod(apiKeys, env)]),
    ...(basic === undefined ? [] : [basicOf(basic, env)]),
  ]
  // With nothing else, bearer tokens are what is meant, though no key is there.
  const bearer = issuers.length > 0 || methods.length === 0 ? [bearerOf(options, issuers, env)] : []
  return { methods: [...bearer, ...methods], issuers }
}

function basicOf(options: BasicOptions, env: FilterEnv): AuthMethod {
  const { users, fingerprint } = loadUsers(options, env)
  return env.share(`basic ${fingerprint}`, {
    scope: 'factory',
    version: 1,
    make: () => new BasicMethod(users, env.clock),
  })
}

function bearerOf(options: AuthOptions, loaded: readonly LoadedIssuer[], env: FilterEnv): AuthMethod {
  const sources = bearerSources(options.token_from)
  // Shared before the method, by every instance that shares the method: they must live as long as it.
  const issuers = loaded.map((one) => new Issuer(one.options, keysOf(one.keys, env)))
  const named = loaded.map(({ options, keys }) => ({
    options,
    keys: 'length' in keys ? keys.map(({ fingerprint }) => fingerprint) : keys,
  }))
  return env.share(fingerprint({ method: 'bearer', issuers: named, sources, cache: options.cache_size }), {
    scope: 'factory',
    version: 2,
    make: () => new BearerMethod({ issuers, sources, cacheSize: options.cache_size }, env.clock),
  })
}

function keysOf(keys: LoadedIssuer['keys'], env: FilterEnv): IssuerKeys {
  return 'length' in keys ? new StaticKeys(keys) : remoteKeys(keys, env)
}

function remoteKeys(options: RemoteKeysOptions, env: FilterEnv): RemoteKeys {
  const fetches = env.share('key fetches', {
    scope: 'factory',
    version: 1,
    make: () => {
      const counter = new Counter<'issuer' | 'outcome'>()
      const withdraw = env.meter.register({
        name: 'weir_auth_key_fetches_total',
        help: 'Fetches of the keys of issuers of tokens.',
        type: 'counter',
        collect: () => counter.samples(),
      })
      return { counter, withdraw }
    },
    close: ({ withdraw }) => withdraw(),
  })
  const issuer = options.issuer ?? options.jwksUrl!
  const remote = env.share(fingerprint({ keys: options }), {
    scope: 'factory',
    version: 1,
    make: () =>
      new RemoteKeys(options, {
        clock: env.clock,
        timers: env.timers,
        log: env.log,
        fetched: (outcome) => fetches.counter.add({ issuer, outcome }),
      }),
    close: (remote) => void remote.close(),
  })
  const withdraw = env.service(StartConditionsKey).add(`keys of ${issuer}`, () => remote.available)
  env.signal.addEventListener('abort', withdraw)
  return remote
}

const fingerprint = (of: unknown): string => createHash('sha256').update(JSON.stringify(of)).digest('base64url')
