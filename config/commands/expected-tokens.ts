import { expectedTrust, KnownTokens, type OwnTokens, type TokenSettings } from '../../core/control/own-tokens.ts'

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
  if (tokens !== undefined) known.learn({ trust: expectedTrust(tokens) }, 0)
  return known
}
