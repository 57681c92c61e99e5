import { createPublicKey, type webcrypto } from 'node:crypto'
import { located } from '../../config/commands/report.ts'
import { loadConfig } from '../../config/live/config-loader.ts'
import { ConfigError } from '../control/config-error.ts'
import type { TokenSettings, TokenTrust } from '../control/tokens.ts'
import { readKeys, type SigningKey, tokensIn } from './token-stand-in.ts'

/** New keys are published for so long before they sign; milliseconds. */
const PUBLISHED_FIRST_MS = 300_000

/**
 * How the gateway of a configuration issues tokens.
 * @throws ConfigError if it issues none
 */
export async function tokenSettings(file: string): Promise<TokenSettings> {
  const config = await loadConfig(file)
  const settings = tokensIn(config)
  if (settings === undefined)
    throw located(
      new ConfigError([{ path: [], message: 'the gateway issues no tokens: set tokens, with issuer and keys_dir' }]),
      config,
    )
  return settings
}

/**
 * The keys in the gateway's folder; one at least.
 * @throws Error for the operator
 */
export async function keysIn({ keysDir }: TokenSettings): Promise<readonly SigningKey[]> {
  let keys: readonly SigningKey[]
  try {
    keys = await readKeys(keysDir)
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') throw new Error(noKeys(keysDir), { cause })
    throw cause
  }
  if (keys.length === 0) throw new Error(noKeys(keysDir))
  return keys
}

const noKeys = (dir: string): string => `there are no keys in ${dir}: the gateway makes them when it starts first`

/** The key that signs: the newest of those that verifiers know already, or else the first. @param now milliseconds since the epoch */
export function currentKey(keys: readonly SigningKey[], now: number): SigningKey {
  const byAge = keys.toSorted((a, b) => b.createdAt - a.createdAt)
  return byAge.find(({ createdAt }) => createdAt <= now - PUBLISHED_FIRST_MS) ?? byAge.at(-1)!
}

/** What verifies tokens that these keys have signed. */
export const trustIn = ({ issuer, audience, algorithm }: TokenSettings, keys: readonly SigningKey[]): TokenTrust => ({
  issuer,
  audience,
  algorithm,
  keys: keys.map(publicOf),
})

/** Without its private members; a secret as it is. */
function publicOf({ kid, algorithm, jwk }: SigningKey): Readonly<Record<string, unknown>> {
  if (jwk.kty === 'oct') return { ...jwk, kid, alg: algorithm }
  const key = createPublicKey({ key: jwk as webcrypto.JsonWebKey, format: 'jwk' })
  return { ...key.export({ format: 'jwk' }), kid, alg: algorithm }
}
