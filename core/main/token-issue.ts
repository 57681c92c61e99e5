import { randomUUID } from 'node:crypto'
import { userInfo } from 'node:os'
import { type Arguments, type CommandResult, Misuse } from '../../config/commands/command.ts'
import { SCOPE_PATTERN } from '../../filters/auth/option-parts.ts'
import { signerOf } from '../../plugins/tokens/key-schedule.ts'
import { sign } from '../../plugins/tokens/signing.ts'
import { parseDuration } from '../base/units.ts'
import type { TokenSettings } from '../control/tokens.ts'
import { keysIn } from './token-setup.ts'

/** No key is kept for tokens that live longer; milliseconds. */
const LONGEST_MS = 24 * 3_600_000

/** RFC 9068 §2.2 wants an application; no client of the gateway has a colon in its id. */
const MADE_BY = 'urn:weir:command-line'

/** What a token made by hand says. */
export interface IssueOptions {
  readonly subject: string
  readonly roles: readonly string[]
  readonly scopes: readonly string[]
  /** Milliseconds; undefined: as the gateway's own. */
  readonly ttlMs: number | undefined
}

/** @throws Misuse */
export function issueOptions({ values }: Arguments): IssueOptions {
  const { sub, ttl } = values as { readonly sub?: string; readonly ttl?: string }
  const { role = [], scope = [] } = values as { readonly role?: readonly string[]; readonly scope?: readonly string[] }
  if (sub === undefined) throw new Misuse('--sub is missing: who calls with the token')
  if (!isName(sub)) throw new Misuse(`--sub: ${NAME_FORM}`)
  if (!role.every(isName)) throw new Misuse(`--role: ${NAME_FORM}`)
  const scopes = scope.flatMap((words) => words.split(' '))
  if (!scopes.every((word) => SCOPE_PATTERN.test(word))) throw new Misuse('--scope: expected a scope (RFC 6749 §3.3)')
  const ttlMs = ttl === undefined ? undefined : parseDuration(/^\d+$/.test(ttl) ? Number(ttl) : ttl)
  if (ttl !== undefined && !(ttlMs !== undefined && ttlMs >= 1000 && ttlMs <= LONGEST_MS))
    throw new Misuse('--ttl: expected a duration of 1s to 24h, such as 15m')
  return { subject: sub, roles: role, scopes, ttlMs }
}

const NAME_FORM = 'expected 1 to 256 characters, none of them control characters'
const isName = (text: string): boolean => text !== '' && text.length <= 256 && !/\p{Cc}/u.test(text)

/**
 * Signs an access token (RFC 9068) with the key that the gateway uses at present.
 * @param now milliseconds since the epoch
 * @param audit gets one line of JSON, before the token exists for anybody
 */
export async function issueToken(
  settings: TokenSettings,
  { subject, roles, scopes, ttlMs }: IssueOptions,
  now: number,
  audit: (line: string) => void,
): Promise<CommandResult> {
  const key = signerOf(await keysIn(settings), settings.algorithm, now)
  const iat = Math.floor(now / 1000)
  const exp = iat + Math.floor((ttlMs ?? settings.accessTtlMs) / 1000)
  const jti = randomUUID()
  const claims = {
    iss: settings.issuer,
    sub: subject,
    aud: settings.audience,
    client_id: MADE_BY,
    iat,
    nbf: iat,
    exp,
    jti,
    ...(roles.length > 0 && { roles }),
    ...(scopes.length > 0 && { scope: scopes.join(' ') }),
  }
  const token = await sign(key, claims)
  const expires = new Date(exp * 1000).toISOString()
  const by = userInfo().username
  audit(
    JSON.stringify({
      time: new Date(now).toISOString(),
      msg: 'token issued by command',
      by,
      jti,
      sub: subject,
      roles,
      scopes,
      expires,
      kid: key.kid,
    }),
  )
  return { text: `${token}\n`, data: { token, jti, kid: key.kid, expires } }
}
