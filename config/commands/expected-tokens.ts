import { KnownTokens, type OwnTokens, type TokenSettings } from '../../core/control/tokens.ts'

/**
 * What filters know of the gateway's own tokens where no gateway runs: who issues them, and none of the keys. No key is read, and none is made.
 */
export function expectedTokens({
  tokens,
}: {
  readonly baseDir: string
  readonly tokens?: TokenSettings | undefined
}): OwnTokens {
  const known = new KnownTokens()
  if (tokens === undefined) return known
  const { issuer, audience, algorithm } = tokens
  known.learn({ trust: { issuer, audience, algorithm, keys: [] } }, 0)
  return known
}
