import * as z from 'zod'
import { SCOPE_PATTERN } from '../option-parts.ts'
import { KEY_HASH } from './key-hash.ts'

/** A date, or a date and time with its zone (RFC 3339 §5.6). */
const TIME = /^\d{4}-\d\d-\d\d(?:T\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d))?$/
const NO_TIME =
  'expected a date such as 2027-01-31 (00:00 UTC), or a time with its zone such as 2027-01-31T18:00:00+01:00'

/** Not the 30th of February, which Date.parse takes for the 2nd of March. */
function isReal(time: string): boolean {
  if (!TIME.test(time)) return true // the pattern refuses it already
  const day = time.slice(0, 10)
  return !Number.isNaN(Date.parse(time)) && new Date(day).toISOString().startsWith(day)
}

const text = z
  .string({ error: 'expected a text (in quotes if it is a number, or true or false)' })
  .min(1, "expected a text that isn't empty")

const list = <T extends z.ZodType>(item: T) => z.array(item, { error: 'expected a list of texts' })

/** One key of the list, as the operator writes it: all about it but the key itself. */
export const keyEntry = z.strictObject(
  {
    id: text
      .regex(/^[A-Za-z0-9._-]{1,64}$/, 'expected 1 to 64 letters, digits, ".", "_" and "-"')
      .describe('Name of the key for people and logs. Unique.'),
    hash: text
      .regex(
        KEY_HASH,
        'expected sha256:… or hmac-sha256:…, as "weir keys hash" prints it for a key. A key itself must not stand here',
      )
      .describe(
        'What `weir keys hash` prints for the key: `sha256:` or `hmac-sha256:`, and the hash in base64url or hexadecimal.',
      ),
    owner: text
      .max(256, 'expected at most 256 characters')
      .optional()
      .describe('Who calls with this key; the subject of the identity. Default: the `id`.'),
    roles: list(text).default([]).describe('Roles of the caller.'),
    scopes: list(text.regex(SCOPE_PATTERN, 'expected a scope (RFC 6749 §3.3)'))
      .default([])
      .describe('Scopes of the caller.'),
    expires: text
      .regex(TIME, NO_TIME)
      .refine(isReal, NO_TIME)
      .optional()
      .describe(
        'Moment from which the key is refused: a date, which begins at 00:00 UTC, or a time with its zone. Default: never.',
      ),
    endpoints: list(text)
      .min(1, 'expected at least one endpoint; leave "endpoints" out for all of them')
      .optional()
      .describe('Endpoints that the key is good for, by id (`v1/orders`) or name. Default: all.'),
    disabled: z
      .boolean({ error: 'expected true or false' })
      .default(false)
      .describe('Whether the key is refused, as if it were not in the list.'),
  },
  {
    error: (issue) =>
      issue.code === 'invalid_type'
        ? 'expected a mapping with "id" and "hash"; a key itself must not stand here'
        : undefined,
  },
)

export type KeyEntry = z.output<typeof keyEntry>
