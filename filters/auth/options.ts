import * as z from 'zod'
import { accessRules } from './access-options.ts'
import { type ApiKeysOptions, apiKeysOptions } from './api-key/api-keys-options.ts'
import { METHODS } from './auth-method.ts'
import { basicOptions } from './basic/basic-options.ts'
import { type IssuerInput, issuerMistakes, issuerShape, keyOptions, optionsOfOne } from './bearer/issuer-options.ts'
import { identityTokenOptions } from './identity-token-options.ts'
import { headerName, SCOPE_PATTERN, tokenFrom } from './option-parts.ts'
import { roleHierarchy } from './role-hierarchy.ts'

const issuer = z.strictObject(issuerShape)

export const options = z
  .strictObject({
    ...issuerShape,
    issuers: z
      .array(issuer)
      .min(1)
      .optional()
      .describe(
        'Several issuers of tokens, each with the options about tokens above; these then stand at the entries alone. `iss` of a token says which one counts. Default: none.',
      ),
    own_tokens: z
      .boolean()
      .optional()
      .describe(
        'Whether tokens count that the gateway issues itself (`tokens` of the configuration). Default: `true` where no option about tokens, `issuers`, `api_keys` or `basic` is set, else `false`.',
      ),
    token_from: tokenFrom,
    api_keys: apiKeysOptions.optional().describe('API keys, and where clients send them. Default: none.'),
    basic: basicOptions,
    accept: z
      .array(z.enum(METHODS, { error: `expected one of ${METHODS.join(', ')}` }))
      .min(1)
      .optional()
      .describe(
        'Kinds of credentials of which one is enough, the one that counts first. `auth_type` of an endpoint is short for it. Default: all that are configured.',
      ),
    required: z.boolean().default(false).describe('Whether requests without valid credentials are refused.'),
    roles: z
      .array(z.string().min(1))
      .default([])
      .describe('Roles of which the caller needs at least one. Implies `required`.'),
    scopes: z
      .array(z.string().regex(SCOPE_PATTERN, 'expected a scope (RFC 6749 §3.3)'))
      .default([])
      .describe('Scopes that the caller needs, all of them. Implies `required`.'),
    rules: accessRules(),
    role_hierarchy: roleHierarchy(),
    identity_headers: z
      .record(headerName, z.string().min(1))
      .default({})
      .describe(
        'Header fields for the upstream, each with a value of the identity: `sub`, `roles`, `scopes`, `method`, or a claim by name or dotted path. What clients send in them is removed.',
      ),
    identity_token: identityTokenOptions
      .optional()
      .describe('A token signed here that tells the upstream who calls. Default: none.'),
    forward_credentials: z
      .boolean()
      .default(true)
      .describe('Whether the header with the credentials goes upstream. Those found elsewhere never do.'),
    debug: z
      .boolean()
      .default(false)
      .describe(
        'Whether a 403 names the role, scope or claim that is missing. `debug: true` of the configuration is short for it.',
      ),
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
  .superRefine((value, context) => {
    const say = (path: (string | number)[], message: string): void =>
      context.addIssue({ code: 'custom', path, message })
    for (const [option, message] of issuerMistakes(value)) say([option], message)
    for (const [path, message] of fieldMistakes(value)) say([...path], message)
    if (value.issuers === undefined) return
    for (const option of optionsOfOne(value)) say([option], 'stands for one issuer: write it at the entries of issuers')
    value.issuers.forEach((entry, i) => {
      for (const [option, message] of issuerMistakes(entry)) say(['issuers', i, option], message)
      const first = value.issuers!.findIndex((other) => other.issuer === entry.issuer)
      if (keyOptions(entry).length === 0)
        say(['issuers', i], 'has no keys: set one of secret_file, public_key_file, jwks_url, discovery')
      else if (first < i) say(['issuers', i, 'issuer'], `given twice: the same as that of entry ${first + 1}`)
      else if (entry.issuer === undefined && value.issuers!.length > 1)
        say(['issuers', i], 'has no issuer: beside others it would take the tokens of issuers that nobody knows')
    })
  })

/** Names of fields that would count for nothing. */
function* fieldMistakes({
  identity_headers: fields,
  identity_token: token,
  api_keys: keys,
}: {
  readonly identity_headers: Readonly<Record<string, string>>
  readonly identity_token?: { readonly header: string } | undefined
  readonly api_keys?: ApiKeysOptions | undefined
}): Iterable<readonly [path: readonly string[], message: string]> {
  const taken = new Map<string, string>()
  for (const { header } of keys?.from ?? [])
    if (header !== undefined)
      taken.set(
        header.toLowerCase(),
        'clients send API keys in this field, and what they send in a field of ours is removed',
      )
  const ours = Object.keys(fields).map((name): readonly string[] => ['identity_headers', name])
  if (token !== undefined) ours.push(['identity_token', 'header'])
  for (const path of ours) {
    const name = (path[0] === 'identity_token' ? token!.header : path[1]!).toLowerCase()
    const message = taken.get(name)
    if (message !== undefined) yield [path, message]
    taken.set(name, 'given twice: case does not matter')
  }
}

export type AuthOptions = z.output<typeof options>

/** Whether tokens of the gateway count: as it says, or else where nothing else is said of who counts. */
export const acceptsOwn = (value: AuthOptions): boolean =>
  value.own_tokens ??
  (value.issuers === undefined &&
    value.api_keys === undefined &&
    value.basic === undefined &&
    optionsOfOne(value).length === 0)

/** The issuers, of which the options themselves may be the only one. */
export const issuersOf = (value: AuthOptions): readonly IssuerInput[] => value.issuers ?? [value]
