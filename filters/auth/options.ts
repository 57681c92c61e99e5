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
      .describe('The only signature algorithm that is accepted, whatever a token says.'),
    secret: text(
      'HS256: the shared secret, 32 bytes or more. Default: WEIR_JWT_SECRET, then JWT_SECRET, of the environment.',
    ),
    secret_file: text(
      'HS256, in place of `secret`: file with the secret; one line break at its end does not count. Default: none.',
    ),
    public_key: text('RS256, ES256: the public key as PEM, or as JWK in JSON. Default: none.'),
    public_key_file: text('RS256, ES256, in place of `public_key`: file with the public key. Default: none.'),
    issuer: text('What `iss` must be. Default: anything.'),
    audience: z
      .union([z.string().min(1), z.array(z.string().min(1)).min(1)])
      .optional()
      .describe('What `aud` must contain; one of a list is enough. Default: anything.'),
    clock_tolerance: duration()
      .prefault('5s')
      .describe('How far the clocks of issuer and gateway may be apart, for `exp` and `nbf`.'),
    required: z.boolean().default(false).describe('Whether requests without a valid token are refused.'),
    roles: z
      .array(z.string().min(1))
      .default([])
      .describe('Roles of which the caller needs any one; implies `required`.'),
    scopes: z
      .array(z.string().regex(SCOPE, 'expected a scope (RFC 6749 §3.3)'))
      .default([])
      .describe('Scopes of which the caller needs every one; implies `required`.'),
    roles_claim: z
      .string()
      .min(1)
      .default('roles')
      .describe('Claim with the roles: a whole name, else a dotted path such as `realm_access.roles`.'),
    realm: z
      .string()
      .regex(/^[\x20\x21\x23-\x5b\x5d-\x7e]*$/, 'expected printable ASCII without quotes and backslashes')
      .default('weir')
      .describe('Realm that WWW-Authenticate names.'),
    cache_size: z
      .int()
      .min(0)
      .max(1_000_000)
      .default(1000)
      .describe('Verified tokens that are remembered; 0 for none.'),
  })
  .meta({
    allOf: [{ not: { required: ['secret', 'secret_file'] } }, { not: { required: ['public_key', 'public_key_file'] } }],
  })
  .refine(({ secret, secret_file }) => secret === undefined || secret_file === undefined, {
    path: ['secret_file'],
    error: 'give either secret or secret_file, not both',
  })
  .refine(({ public_key, public_key_file }) => public_key === undefined || public_key_file === undefined, {
    path: ['public_key_file'],
    error: 'give either public_key or public_key_file, not both',
  })

export type AuthOptions = z.output<typeof options>
