import * as z from 'zod'
import { duration } from '../../core/index.ts'

const text = (what: string) => z.string().min(1).optional().describe(what)
const SCOPE = /^[\x21\x23-\x5b\x5d-\x7e]+$/

export const ALGORITHMS = ['HS256', 'RS256', 'ES256'] as const
export type Algorithm = (typeof ALGORITHMS)[number]

export const options = z
  .strictObject({
    algorithm: z
      .enum(ALGORITHMS, { error: `expected one of ${ALGORITHMS.join(', ')}` })
      .default('HS256')
      .describe('The only signature algorithm that is accepted, whatever the token says.'),
    secret: text(
      'HS256: the shared secret, 32 bytes or more. Default: the environment variable WEIR_JWT_SECRET, or else JWT_SECRET.',
    ),
    secret_file: text(
      'HS256, instead of `secret`: file with the secret. One line break at its end is ignored. Default: none.',
    ),
    public_key: text('RS256, ES256: the public key as PEM, or as JWK in JSON; either may be in base64. Default: none.'),
    public_key_file: text('RS256, ES256, instead of `public_key`: file with the public key. Default: none.'),
    issuer: text('Value that `iss` must have. Default: any.'),
    audience: z
      .union([z.string().min(1), z.array(z.string().min(1)).min(1)])
      .optional()
      .describe('Value that `aud` must contain; of a list, one is enough. Default: any.'),
    clock_tolerance: duration()
      .prefault('5s')
      .describe('Largest difference between the clocks of issuer and gateway that `exp`, `nbf` and `iat` tolerate.'),
    require_exp: z.boolean().default(false).describe('Whether a token without `exp`, which never expires, is refused.'),
    token_type: text(
      'Value that `typ` in the header of a token must have, such as `at+jwt` (RFC 9068 §4), so that tokens for other uses are refused (RFC 8725 §3.11). Default: any.',
    ),
    required: z.boolean().default(false).describe('Whether requests without a valid token are refused.'),
    roles: z
      .array(z.string().min(1))
      .default([])
      .describe('Roles of which the caller needs at least one. Implies `required`.'),
    scopes: z
      .array(z.string().regex(SCOPE, 'expected a scope (RFC 6749 §3.3)'))
      .default([])
      .describe('Scopes that the caller needs, all of them. Implies `required`.'),
    roles_claim: z
      .string()
      .min(1)
      .default('roles')
      .describe('Claim with the roles: its name, or a dotted path such as `realm_access.roles`.'),
    realm: z
      .string()
      .regex(/^[\x20\x21\x23-\x5b\x5d-\x7e]*$/, 'expected printable ASCII without quotes and backslashes')
      .default('weir')
      .describe('Realm in `WWW-Authenticate`.'),
    cache_size: z
      .int()
      .min(0)
      .max(1_000_000)
      .default(1000)
      .describe('Number of verified tokens that are cached; `0` for none.'),
  })
  .meta({
    allOf: [{ not: { required: ['secret', 'secret_file'] } }, { not: { required: ['public_key', 'public_key_file'] } }],
  })
  .refine(({ secret, secret_file }) => secret === undefined || secret_file === undefined, {
    path: ['secret_file'],
    error: 'set either secret or secret_file, not both',
  })
  .refine(({ public_key, public_key_file }) => public_key === undefined || public_key_file === undefined, {
    path: ['public_key_file'],
    error: 'set either public_key or public_key_file, not both',
  })

export type AuthOptions = z.output<typeof options>
