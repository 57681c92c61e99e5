import { isDeepStrictEqual } from 'node:util'
import * as z from 'zod'
import { duration } from '../../../core/index.ts'
import { ALGORITHMS, type Algorithm, isSymmetric } from './algorithms.ts'

const text = (what: string) => z.string().min(1).optional().describe(what)
const algorithm = z.enum(ALGORITHMS, { error: `expected one of ${ALGORITHMS.join(', ')}` })
const claimName = z.string().min(1)
const claimNames = z.union([claimName, z.array(claimName).min(1)])
const claimValue = z.union([z.string(), z.number(), z.boolean()], { error: 'expected a text, a number, true or false' })

/** Without user and password: they would stand in logs and metrics, and are not sent. */
function isHttpUrl(value: string): boolean {
  const { protocol = '', username, password } = URL.parse(value) ?? {}
  return /^https?:$/.test(protocol) && username === '' && password === ''
}
const httpUrl = z.string().refine(isHttpUrl, { error: 'expected a URL of http or https, without user and password' })

/** Shorter, and one failure of the issuer would be an outage; milliseconds. */
const LEAST_STALE_MS = 60_000

/** Of `auth` itself, where they stand for one issuer, and of each entry of `issuers`. */
export const issuerShape = {
  issuer: text('Value that `iss` must have, exactly. Default: any; with other issuers it must be given.'),
  algorithm: algorithm
    .optional()
    .describe(
      'The only signature algorithm that is accepted, whatever the token says. Short for `algorithms` with one entry. Default: none.',
    ),
  algorithms: z
    .array(algorithm)
    .min(1)
    .optional()
    .describe(
      'The signature algorithms that are accepted, whatever the token says: either those with a secret (HS…) or others. Default: HS256 for a secret; what its kind implies for a public key (RS256, ES256, ES384, ES512, EdDSA); RS256 and ES256 for a JWK set.',
    ),
  secret: text(
    'The shared secret of HS256 (32 bytes or more), HS384 (48) or HS512 (64). Default: unless other keys or `issuers` are given, the environment variable WEIR_JWT_SECRET, or else JWT_SECRET.',
  ),
  secret_file: z
    .union([z.string().min(1), z.array(z.string().min(1)).min(1)], { error: 'expected a path, or a list of paths' })
    .optional()
    .describe(
      'Instead of `secret`: file with the secret, which may be any bytes; one line break at its end is ignored. A list of files is for exchanging secrets: tokens of each are accepted. Default: none.',
    ),
  public_key: text('Public keys as PEM (one or several blocks), JWK or JWK set; any may be in base64. Default: none.'),
  public_key_file: text('Instead of `public_key`: file with the public keys. Default: none.'),
  jwks_url: httpUrl.optional().describe('URL of the JWK set of the issuer. Default: none.'),
  discovery: z
    .boolean()
    .optional()
    .describe(
      'Whether the URL of the JWK set is read from the metadata of the issuer, which is a URL then (OpenID Connect Discovery). Default: `false`.',
    ),
  keys_stale_for: duration()
    .prefault('24h')
    .refine((ms) => ms >= LEAST_STALE_MS, { error: 'expected 1m or more' })
    .describe('How long fetched keys count while the issuer can not be reached.'),
  tls: z
    .strictObject({
      ca_file: text(
        'PEM bundle of authorities that are trusted instead of those of the system. Default: those of the system.',
      ),
      server_name: text('Name that is sent (SNI) and verified. Default: the host of the URL.'),
      verify: z
        .boolean()
        .default(true)
        .describe("Whether the issuer's certificate is verified. `false` gives a warning at load."),
    })
    .prefault({})
    .describe('TLS to the issuer, for `jwks_url` and `discovery`.'),
  audience: z
    .union([z.string().min(1), z.array(z.string().min(1)).min(1)])
    .optional()
    .describe('Value that `aud` must contain; of a list, one is enough. Default: any.'),
  clock_tolerance: duration()
    .prefault('5s')
    .describe('Largest difference between the clocks of issuer and gateway that `exp`, `nbf` and `iat` tolerate.'),
  require_exp: z.boolean().default(false).describe('Whether a token without `exp`, which never expires, is refused.'),
  required_claims: z.array(z.string().min(1)).default([]).describe('Claims that a token must have.'),
  claims: z
    .record(claimName, z.union([claimValue, z.array(claimValue).min(1)]))
    .default({})
    .describe(
      'Claims, by name or dotted path, that must have a value: `{ tenant: acme, amr: [otp, hwk] }`. Of a list, one is enough; a claim that is a list must hold it.',
    ),
  token_type: text(
    'Value that `typ` in the header of a token must have, such as `at+jwt` (RFC 9068 §4), so that tokens for other uses are refused (RFC 8725 §3.11). Default: any.',
  ),
  max_age: duration().optional().describe('Oldest token that is accepted, by its `iat`. Default: any.'),
  subject_claim: claimName.default('sub').describe('Claim that names the caller.'),
  roles_claim: claimNames
    .prefault('roles')
    .describe(
      'Claim with the roles: its name, or a dotted path such as `realm_access.roles`; of a list, all of them count.',
    ),
  scopes_claim: claimNames
    .prefault(['scope', 'scp'])
    .describe(
      'Claim with the scopes, as words of a text or as a list; of several names, the first that the token has.',
    ),
}

/** One entry of `issuers`, as it is in the document. */
export type IssuerInput = z.output<z.ZodObject<typeof issuerShape>>

/** Where keys can be, by what they are. Of each pair one may be given. */
const SECRETS = ['secret', 'secret_file'] as const
const PUBLISHED = ['public_key', 'public_key_file', 'jwks_url', 'discovery'] as const
type KeyOption = (typeof SECRETS)[number] | (typeof PUBLISHED)[number]

/** The options of an issuer that say where keys are, whether they count or not. */
export const keyOptions = (input: Partial<IssuerInput>): KeyOption[] =>
  [...SECRETS, ...PUBLISHED].filter((name) => input[name] !== undefined && input[name] !== false)

/** The algorithms that the options name. */
export const namedAlgorithms = ({ algorithm, algorithms }: Partial<IssuerInput>): readonly Algorithm[] | undefined =>
  algorithms ?? (algorithm === undefined ? undefined : [algorithm])

/** The option whose keys count: the algorithms decide, because an endpoint may name others than the chain, with other keys. */
export function keySource(input: Partial<IssuerInput>): KeyOption | undefined {
  const given = keyOptions(input)
  const named = namedAlgorithms(input)
  if (named === undefined) return given[0]
  const fit: readonly string[] = isSymmetric(named[0]!) ? SECRETS : PUBLISHED
  return given.find((name) => fit.includes(name)) ?? given[0]
}

/**
 * Options about tokens that have another value than the standard one, and would count for nothing beside `issuers`.
 * @param input the options of the filter
 */
export const optionsOfOne = (input: IssuerInput): (keyof IssuerInput)[] => {
  const standard = z.object(issuerShape).parse({})
  return (Object.keys(issuerShape) as (keyof IssuerInput)[]).filter(
    (name) => !isDeepStrictEqual(input[name], standard[name]),
  )
}

/** What is wrong with the options of an issuer, beside each of them by itself: where, and why. */
export function issuerMistakes(input: IssuerInput): readonly (readonly [path: string, message: string])[] {
  const mistakes: [string, string][] = []
  for (const kind of [SECRETS, PUBLISHED]) {
    const [first, second] = keyOptions(input).filter((name) => (kind as readonly string[]).includes(name))
    if (second !== undefined) mistakes.push([second, `set either ${first} or ${second}, not both`])
  }
  const { algorithm, algorithms } = input
  if (algorithm !== undefined && algorithms !== undefined)
    mistakes.push(['algorithms', 'set either algorithm or algorithms, not both'])
  const kinds = new Set(keyOptions(input).map((name) => (SECRETS as readonly string[]).includes(name)))
  if (kinds.size > 1 && namedAlgorithms(input) === undefined)
    mistakes.push([
      'algorithms',
      'needed beside keys of both kinds: it says whether the secret or the public key counts',
    ])
  if (algorithms?.some(isSymmetric) && !algorithms.every(isSymmetric))
    mistakes.push([
      'algorithms',
      'expected either algorithms with a secret (HS…) or others: a public key must never be taken for a secret',
    ])
  if (input.discovery === true && !isHttpUrl(input.issuer ?? ''))
    mistakes.push(['discovery', 'needs the issuer: its URL, such as https://id.example.com'])
  return mistakes
}
