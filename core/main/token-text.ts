import { table } from '../../config/commands/text-table.ts'
import {
  MAX_TOKEN,
  type Members,
  type UnverifiedToken,
  unverified,
} from '../../filters/auth/bearer/unverified-token.ts'
import { type LineSource, lineFrom } from './secret-line.ts'

/** Claims that are times (RFC 7519 §4.1), in seconds since the epoch. */
const TIMES: ReadonlySet<string> = new Set(['exp', 'nbf', 'iat', 'auth_time'])

/**
 * The token in the only line of standard input, and what it says of itself.
 * @throws Error that does not repeat it
 */
export async function tokenFrom(stdin: LineSource): Promise<UnverifiedToken & { readonly token: string }> {
  const line = (await lineFrom(stdin, MAX_TOKEN + 'Bearer '.length))?.trim() ?? ''
  const token = line.replace(/^Bearer +/i, '')
  if (token.startsWith('wr1_')) throw new Error('standard input holds a refresh token, which says nothing of itself')
  const parts = unverified(token)
  if (parts === undefined)
    throw new Error(
      `standard input holds no token: expected a JSON Web Token of at most ${MAX_TOKEN} bytes in one line, three parts in base64url (RFC 7515 §7.1)`,
    )
  return { ...parts, token }
}

/** Header and claims for people. @param now milliseconds since the epoch */
export function tokenText({ header, claims }: UnverifiedToken, now: number): string {
  return `Header\n${rowsOf(header, now)}Claims\n${rowsOf(claims, now)}`
}

const rowsOf = (members: Members, now: number): string =>
  table(
    Object.entries(members).map(([name, value]) => [visible(name), shown(name, value, now)]),
    '  ',
  )

function shown(name: string, value: unknown, now: number): string {
  const time = TIMES.has(name) && typeof value === 'number' ? timeText(value * 1000, now) : undefined
  const text = typeof value === 'string' ? visible(value) : visible(JSON.stringify(value))
  return time === undefined ? text : `${text}  ${time}`
}

/** `2027-01-31T10:00:00Z, in 15 min`. Undefined: beyond what a date can be. */
export function timeText(ms: number, now: number): string | undefined {
  if (!(Math.abs(ms) <= 8.64e15)) return undefined
  const distance = distanceText(Math.abs(ms - now))
  return `${new Date(ms).toISOString().replace('.000', '')}, ${ms < now ? `${distance} ago` : `in ${distance}`}`
}

const UNITS = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['min', 60_000],
  ['s', 1000],
] as const

/** In the largest unit of which there are two or more. */
function distanceText(ms: number): string {
  const [unit, size] = UNITS.find(([, size]) => ms >= 2 * size) ?? UNITS[3]
  return `${Math.floor(ms / size)} ${unit}`
}

/** What a terminal would act on, or show in another order, as escapes: anybody can write a token. */
const visible = (text: string): string =>
  text.replaceAll(
    /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu,
    (character) => `\\u${character.codePointAt(0)!.toString(16).padStart(4, '0')}`,
  )
