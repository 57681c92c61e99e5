import { normalPath, otherReadings, type TokenOperation } from '../../core/index.ts'

/** Operations by their path below the prefix. */
const BELOW: Readonly<Record<string, TokenOperation>> = {
  token: 'token',
  refresh: 'refresh',
  revoke: 'revoke',
  validate: 'validate',
  user: 'user',
  'jwks.json': 'jwks',
}

/** What may make a path another one to some server. */
const NOT_PLAIN = /[%;\\]|\/[/.]/

/** Which paths are those of tokens. */
export class TokenPaths {
  readonly #operations = new Map<string, TokenOperation>()
  /** In lower case. */
  readonly #prefix: string

  /**
   * @param prefix in normal form, without a slash at its end
   * @param issuer a URL
   */
  constructor(prefix: string, issuer: string) {
    this.#prefix = prefix.toLowerCase()
    for (const [name, operation] of Object.entries(BELOW)) this.#operations.set(`${prefix}/${name}`, operation)
    const path = new URL(issuer).pathname.replace(/\/$/, '')
    // RFC 8414 §3 puts the well-known part first; OpenID Connect Discovery 1.0 §4 puts it last. Clients do either (RFC 8414 §5).
    for (const name of ['openid-configuration', 'oauth-authorization-server']) {
      this.#operations.set(`/.well-known/${name}${path}`, 'metadata')
      this.#operations.set(`${path}/.well-known/${name}`, 'metadata')
    }
    this.#operations.set(`${path}/.well-known/jwks.json`, 'jwks')
  }

  /**
   * The operation of a path; `unknown` below the prefix, however a server may read that: passwords that are sent there go to no
   * upstream. Undefined for all others.
   * @param path as the client sent it
   */
  find(path: string): TokenOperation | 'unknown' | undefined {
    const operation = this.#operations.get(path)
    if (operation !== undefined) return operation
    if (!NOT_PLAIN.test(path)) return this.#isBelow(path) ? 'unknown' : undefined
    const normal = normalPath(path)
    // What has no normal form leads to no endpoint.
    if (typeof normal !== 'string') return undefined
    const known = this.#operations.get(normal)
    if (known !== undefined) return known
    const readings = otherReadings(normal) ?? []
    return [normal, ...readings].some((reading) => this.#isBelow(reading)) ? 'unknown' : undefined
  }

  #isBelow(path: string): boolean {
    const prefix = this.#prefix
    if (path.length < prefix.length || path.slice(0, prefix.length).toLowerCase() !== prefix) return false
    return path.length === prefix.length || path[prefix.length] === '/'
  }
}
