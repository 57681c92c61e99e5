import type { Clock, Exchange, FilterEnv } from '../../../core/index.ts'
import type { AuthMethod, Problem, Proof, Unproved } from '../auth-method.ts'
import { type CredentialSource, credentialsIn } from '../credential-sources.ts'
import type { ApiKeys } from './api-keys.ts'
import { type ApiKeysOptions, apiKeySources } from './api-keys-options.ts'
import { fingerprint, loadApiKeys, readKeyFiles } from './load-api-keys.ts'

/** Authentication by an API key: a long random text, of which the gateway knows a hash. */
export class ApiKeyMethod implements AuthMethod {
  readonly name = 'api_key'
  readonly sources: readonly CredentialSource[]
  readonly #keys: ApiKeys
  readonly #clock: Clock
  readonly #failures = new Map<Problem, Unproved>()

  constructor({ keys, sources }: { keys: ApiKeys; sources: readonly CredentialSource[] }, clock: Clock) {
    this.sources = sources
    this.#keys = keys
    this.#clock = clock
  }

  prove(x: Exchange): Proof {
    const text = credentialsIn(x, this.sources)
    if (text === undefined) return this.#fail('api_key_missing')
    if (typeof text !== 'string') return this.#fail(text.problem)
    const key = this.#keys.find(text)
    if (key === undefined || key.disabled) return this.#fail('api_key_invalid')
    if (this.#clock.wall() >= key.expires) return this.#fail('api_key_expired')
    return { by: this, identity: key.identity, endpoints: key.endpoints }
  }

  #fail(problem: Problem): Unproved {
    let failure = this.#failures.get(problem)
    if (failure === undefined) {
      failure = { by: this, identity: undefined, problem }
      this.#failures.set(problem, failure)
    }
    return failure
  }
}

/**
 * The method of these options. Instances with equal options and files share it; the files are parsed once for all of them.
 * @throws Error that tells the operator what is wrong with the keys
 */
export async function apiKeyMethod(
  options: ApiKeysOptions,
  env: Pick<FilterEnv, 'readFile' | 'listFiles' | 'share' | 'clock'>,
): Promise<ApiKeyMethod> {
  const files = readKeyFiles(options, env)
  return env.share(`api_key ${fingerprint(options, files)}`, {
    scope: 'factory',
    version: 1,
    make: async () =>
      new ApiKeyMethod({ keys: await loadApiKeys(options, files), sources: apiKeySources(options.from) }, env.clock),
  })
}
