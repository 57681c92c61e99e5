import type { CommandResult } from '../../config/commands/command.ts'
import type { Problem } from '../../filters/auth/auth-method.ts'
import { OwnIssuer } from '../../filters/auth/bearer/own-issuer.ts'
import type { UnverifiedToken } from '../../filters/auth/bearer/unverified-token.ts'
import { KnownTokens, type Revocation, type TokenSettings, type TokenTrust } from '../control/tokens.ts'
import { keysIn } from './token-setup.ts'
import { timeText, tokenText } from './token-text.ts'
import { writtenRevocations } from './written-revocations.ts'

type Given = UnverifiedToken & { readonly token: string }

/** Whether the gateway of these settings would accept a token. @param now milliseconds since the epoch */
export async function verifyToken(settings: TokenSettings, given: Given, now: number): Promise<CommandResult> {
  const { issuer, audience, algorithm } = settings
  const trust = { issuer, audience, algorithm, keys: (await keysIn(settings)).map(({ jwk }) => jwk) }
  const { known: revoked, text: revocation } = revocationsOf(settings)
  const reason = await refusalOf(given, trust, revoked, now)
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
async function refusalOf(
  given: Given,
  trust: TokenTrust,
  revoked: readonly Revocation[],
  now: number,
): Promise<string | undefined> {
  const { header, claims, token } = given
  if (claims.iss !== trust.issuer) return `its issuer (iss) is not ${trust.issuer}`
  const known = new KnownTokens()
  known.learn({ trust, revoked }, now)
  const issuer = new OwnIssuer(known).issuer!
  const keys = await issuer.candidates(given)
  if (keys === 'unavailable') return 'no key can verify'
  if (keys.length === 0) return noKeyFor(header, trust)
  const result = await issuer.verify(token, given, keys, now)
  if (typeof result === 'string') return REASONS[result as keyof typeof REASONS]
  return issuer.revoked(claims) ? 'it was revoked' : undefined
}

/** What is known of revocations, and how. A token is judged without it, too. */
function revocationsOf({ stateFile }: TokenSettings): { known: readonly Revocation[]; text: string } {
  try {
    return { known: writtenRevocations(stateFile), text: `looked up in ${stateFile}` }
  } catch (error) {
    return { known: [], text: `not looked up: ${stateFile}: ${(error as Error).message}` }
  }
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
