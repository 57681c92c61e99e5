import { type FilterEnv, pemBlocks, unwrapBase64 } from '../../../core/index.ts'
import { type Algorithm, isSymmetric, SECRET_BYTES } from './algorithms.ts'
import type { IssuerOptions } from './issuer.ts'
import { type IssuerInput, keySource, namedAlgorithms } from './issuer-options.ts'
import type { RemoteKeysOptions } from './remote-keys.ts'
import { publicKeys, secretKey, type VerificationKey, withoutLineBreak } from './verification-key.ts'

/** An issuer as the configuration describes it, its files read. Plain data but for the keys. */
export interface LoadedIssuer {
  readonly options: IssuerOptions
  /** Where its keys are: here, or at the issuer. */
  readonly keys: readonly VerificationKey[] | RemoteKeysOptions
  /** For `explain`: which option says so. */
  readonly source: string
}

type Env = Pick<FilterEnv, 'readFile' | 'warn'>

const MAKE_SECRET = 'make one with "openssl rand -base64 48"'
const VARIABLES = ['WEIR_JWT_SECRET', 'JWT_SECRET'] as const

/**
 * Undefined: it has no key.
 * @param environment variables in which a secret is looked for, if the options name no key
 * @throws Error for the operator: it says what is wrong, and does not hold a key
 */
export function loadIssuer(input: IssuerInput, env: Env, environment: NodeJS.ProcessEnv): LoadedIssuer | undefined {
  const source = keySource(input)
  const named = namedAlgorithms(input)
  if (source === 'jwks_url' || source === 'discovery') return remote(input, source, named, env)
  const loaded =
    source === 'public_key' || source === 'public_key_file'
      ? published(input, source, named, env)
      : shared(input, named, env, environment)
  return loaded && { ...loaded, options: optionsOf(input, named ?? implied(loaded.keys)) }
}

function remote(input: IssuerInput, source: string, named: readonly Algorithm[] | undefined, env: Env): LoadedIssuer {
  const { issuer, jwks_url: jwksUrl, tls, keys_stale_for: staleMs } = input
  if (named?.some(isSymmetric))
    throw new Error(`${named.join(', ')}: what an issuer publishes is no secret; set secret or secret_file`)
  const url = jwksUrl ?? issuer!
  const { protocol, hostname } = new URL(url)
  if (protocol === 'http:' && !/^(localhost|127\.\d+\.\d+\.\d+|\[::1\])$/.test(hostname))
    env.warn(`the keys of ${url} are fetched without TLS: whoever is on the way can replace them`)
  if (!tls.verify) env.warn('tls.verify is false: whoever is on the way to the issuer can replace its keys')
  const ca = tls.ca_file === undefined ? undefined : authorities(tls.ca_file, env)
  const keys = {
    jwksUrl,
    issuer: jwksUrl === undefined ? issuer : undefined,
    ca,
    verify: tls.verify,
    serverName: tls.server_name,
    staleMs,
  }
  return { options: optionsOf(input, named ?? ['RS256', 'ES256']), keys, source: `the option ${source}` }
}

function authorities(file: string, env: Env): string {
  const text = env.readFile(file).toString()
  const blocks = within('tls.ca_file', () => pemBlocks(text))
  if (blocks.length === 0) throw new Error(`tls.ca_file: "${file}" has no PEM certificate`)
  return blocks.map((block) => block.text).join('')
}

function published(
  input: IssuerInput,
  source: 'public_key' | 'public_key_file',
  named: readonly Algorithm[] | undefined,
  env: Env,
) {
  if (named?.some(isSymmetric))
    throw new Error(`${named.join(', ')} verifies with a shared secret: set secret or secret_file, not ${source}`)
  const material = input.public_key ?? within(source, () => env.readFile(input.public_key_file!).toString())
  const keys = within(source, () => publicKeys(material))
  for (const { algorithms } of keys)
    if (named !== undefined && !algorithms.some((one) => named.includes(one)))
      throw new Error(`${source}: ${named.join(', ')} can't be verified with a key of ${algorithms.join(', ')}`)
  return { keys, source: `the option ${source}` }
}

function shared(input: IssuerInput, named: readonly Algorithm[] | undefined, env: Env, environment: NodeJS.ProcessEnv) {
  const secrets = secretsOf(input, named, env, environment)
  if (secrets === undefined) return undefined
  if (named !== undefined && !named.every(isSymmetric))
    throw new Error(
      `${named.join(', ')} verifies with a public key: set public_key, public_key_file, jwks_url or discovery, not a secret`,
    )
  for (const secret of secrets.all) {
    checkSecret(secret, named ?? ['HS256'])
    // Not that of `secret`: its references are the configuration's to warn about.
    if (input.secret === undefined && /\s$/.test(secret.toString('latin1')))
      env.warn(
        `${secrets.name} ends in white space, which is part of the secret then: remove it, unless the signer uses it too`,
      )
  }
  return { keys: secrets.all.map(secretKey), source: secrets.source }
}

interface Secrets {
  readonly all: readonly Buffer[]
  /** For warnings. */
  readonly name: string
  readonly source: string
}

function secretsOf(
  { secret, secret_file: files }: IssuerInput,
  named: readonly Algorithm[] | undefined,
  env: Env,
  environment: NodeJS.ProcessEnv,
): Secrets | undefined {
  if (secret !== undefined) return { all: [Buffer.from(secret)], name: 'secret', source: 'the option secret' }
  if (files !== undefined) {
    const all = [files].flat().map((file) => withoutLineBreak(within('secret_file', () => env.readFile(file))))
    return { all, name: 'secret_file', source: 'the option secret_file' }
  }
  // An empty variable counts as unset: compose files set such variables.
  const name = named === undefined || named.some(isSymmetric) ? VARIABLES.find((one) => environment[one]) : undefined
  if (name === undefined) return undefined
  return { all: [Buffer.from(environment[name]!)], name, source: `${name} of the environment` }
}

function checkSecret(bytes: Buffer, algorithms: readonly Algorithm[]): void {
  const secret = bytes.toString('latin1')
  if (secret === '') throw new Error('secret_file: the file is empty')
  if (secret.trim() === '') throw new Error(`the secret is white space alone: ${MAKE_SECRET}`)
  // RFC 8725 §2.1: if a public key were used as the secret, anyone could sign.
  const kind = /^\s*(?:(-----BEGIN )|\{\s*("keys")|\{[^}]*"kty")/.exec(unwrapBase64(secret))
  if (kind !== null) {
    const name = kind[1] ? 'PEM' : kind[2] ? 'a JWK set' : 'a JWK'
    throw new Error(
      `the secret is a key of another kind (${name}): give the public key as public_key with its algorithm`,
    )
  }
  const { length } = bytes
  for (const algorithm of algorithms)
    if (length < SECRET_BYTES[algorithm]!)
      throw new Error(
        `the secret has ${length} bytes; ${algorithm} needs at least ${SECRET_BYTES[algorithm]} (RFC 7518 §3.2): ${MAKE_SECRET}`,
      )
}

/** Of a secret HS256; of an RSA key RS256; of another the one that fits (RFC 8725 §3.1). */
const implied = (keys: readonly VerificationKey[]): readonly Algorithm[] => [
  ...new Set(keys.map(({ algorithms }) => algorithms[0]!)),
]

function optionsOf(input: IssuerInput, algorithms: readonly Algorithm[]): IssuerOptions {
  const { audience, require_exp: requireExp, required_claims: required } = input
  return {
    issuer: input.issuer,
    algorithms,
    audience: audience === undefined ? undefined : [audience].flat(),
    clockTolerance: input.clock_tolerance,
    requiredClaims: requireExp ? [...new Set([...required, 'exp'])] : required,
    tokenType: input.token_type,
    maxAge: input.max_age,
    claims: Object.entries(input.claims).map(([path, values]) => [path, [values].flat()] as const),
    subjectClaim: input.subject_claim,
    rolesClaim: [input.roles_claim].flat(),
    scopesClaim: [input.scopes_claim].flat(),
  }
}

/** @throws the same error, with the option it is about */
function within<T>(option: string, work: () => T): T {
  try {
    return work()
  } catch (cause) {
    throw new Error(`${option}: ${(cause as Error).message}`, { cause })
  }
}
