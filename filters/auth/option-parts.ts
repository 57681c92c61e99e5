import * as z from 'zod'
import { isToken } from '../../core/index.ts'
import type { CredentialSource } from './credential-sources.ts'

/** RFC 6749 §3.3 */
export const SCOPE_PATTERN: RegExp = /^[\x21\x23-\x5b\x5d-\x7e]+$/

const name = z
  .string()
  .min(1)
  .refine((text) => isToken(text), { error: 'expected a name of letters, digits and -_.' })

export const headerName = z.string().refine((text) => isToken(text), { error: 'expected the name of a header field' })

const place = z.union(
  [
    z.literal('header'),
    z.literal('subprotocol'),
    z.strictObject({
      cookie: name.describe('Name of a cookie; is required.'),
      origins: z
        .array(
          z.string().refine((text) => URL.parse(text)?.origin === text, {
            error: 'expected an origin, such as https://app.example.com',
          }),
        )
        .optional()
        .describe('Other sites whose requests may change something by this cookie, as origins. Default: none.'),
    }),
    z.strictObject({ query: name.describe('Name of a parameter of the query; is required.') }),
    z.strictObject({ subprotocol: name.describe('The entry before the token; is required.') }),
  ],
  { error: 'expected header, subprotocol, { cookie: name } or { query: name }' },
)

export const tokenFrom = z
  .array(place)
  .min(1)
  .default(['header'])
  .describe(
    'Where bearer tokens are, the place that counts first: `header` (`Authorization: Bearer`), `{ cookie: name }`, `{ query: name }`, or `subprotocol`, for WebSocket in browsers: the entry after `bearer` in `Sec-WebSocket-Protocol`. A token elsewhere than in the header never goes upstream.',
  )

/** The places of bearer tokens as sources of credentials. */
export function bearerSources(places: z.output<typeof tokenFrom>): CredentialSource[] {
  return places.map((entry): CredentialSource => {
    if (entry === 'header') return { kind: 'header', name: 'authorization', scheme: 'Bearer' }
    if (entry === 'subprotocol') return { kind: 'subprotocol', name: 'bearer' }
    if ('cookie' in entry) return { kind: 'cookie', name: entry.cookie, origins: entry.origins }
    return 'query' in entry ? { kind: 'query', name: entry.query } : { kind: 'subprotocol', name: entry.subprotocol }
  })
}
