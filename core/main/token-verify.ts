import type { CommandResult } from '../../config/commands/command.ts'
import type { Problem } from '../../filters/auth/auth-method.ts'
import { OwnIssuer } from '../../filters/auth/bearer/own-issuer.ts'
import type { UnverifiedToken } from '../../filters/auth/bearer/unverified-token.ts'
import { KnownTokens, type TokenSettings, type TokenTrust } from '../control/tokens.ts'
import { keysIn } from './token-setup.ts'
import { timeText, tokenText } from './token-text.ts'

type Given = UnverifiedToken & { readonly token: string }

/** Whether the gateway of these settings would accept a token. @param now milliseconds since the epoch */
export async function verifyToken(settings: TokenSettings, given: Given, now: number): Promise<CommandResult> {
  const { issuer, audience, algorithm } = settings
  const trust = { issuer, audience, algorithm, keys: (await keysIn(settings)).map(({ jwk }) => jwk) }
  const reason = await refusalOf(given, trust, now)
  const revocation = 'not looked up: only the running gateway knows what was revoked'
  const { header, claims } = given
  const data = { valid: reason === undefined, ...(reason !== undefined && { reason }), revocation, header, claims }
  if (reason !== undefined) return { text: `not valid: ${reason}\n`, data, failed: true }
  const until = timeText(Number(claims.exp) * 1000, now)
  return {
    text: `valid: signed with the key ${String(header.kid)}, expires ${until}\nrevocation: ${revocation}\n\n${tokenText(given, now)}`,
    data,
  }
}

/** Undefined: it is valid. As the filter auth judges it. */
async function refusalOf(given: Given, trust: TokenTrust, now: number): Promise<string | undefined> {
  const { header, claims, token } = given
  if (claims.iss !== trust.issuer) return `its issuer (iss) is not ${trust.issuer}`
  const known = new KnownTokens()
  known.learn({ trust }, now)
  const issuer = new OwnIssuer(known).issuer!
  const keys = await issuer.candidates(given)
  if (keys === 'unavailable') return 'no key can verify'
  if (keys.length === 0) return noKeyFor(header, trust)
  const result = await issuer.verify(token, given, keys, now)
  return typeof result === 'string' ? REASONS[result as keyof typeof REASONS] : undefined
}

function noKeyFor({ kid }: Given['header'], { keys }: TokenTrust): string {
  if (typeof kid !== 'string') return 'its header names no key (kid)'
  return keys.some((key) => key.kid === kid)
    ? 'its algorithm (alg) is not that of the key'
    : 'its key (kid) is not in keys_dir: removed after a rotation, or of another gateway'
}

const REASONS: Readonly<Partial<Record<Problem | 'unsigned', string>>> & { readonly unsigned: string } = {
  unsigned: 'the signature is wrong',
  token_expired: 'it has expired (exp)',
  token_invalid: 'aud, typ, nbf or iat is wrong, or sub, jti, iat or exp is missing',
}
