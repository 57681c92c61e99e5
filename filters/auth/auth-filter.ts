import { AUTHENTICATION, defineSlot, type Exchange, type Filter, isThenable, type Verdict } from '../../core/index.ts'
import { type Access, compileAccess } from './access-rules.ts'
import { type AuthMethod, METHODS, type MethodName, type Patience, type Proved } from './auth-method.ts'
import type { LoadedIssuer } from './bearer/load-issuer.ts'
import type { OwnIssuer } from './bearer/own-issuer.ts'
import {
  type CredentialSource,
  offeredAsSubprotocol,
  takeOut,
  withholdHeaders,
  withholdOthers,
} from './credential-sources.ts'
import { type Findings, isAmong, isCrossOrigin, isFor, isProved, note, write } from './findings.ts'
import { setIdentityFields } from './identity-fields.ts'
import type { Field, IdentityToken } from './identity-token.ts'
import type { AuthOptions } from './options.ts'
import { problemOf, type Refusal, Refusals } from './replies.ts'

export interface AuthParts {
  /** Name in the chain. */
  readonly name: string
  readonly options: AuthOptions
  /** The one that counts first is first. */
  readonly methods: readonly AuthMethod[]
  /** For `explain`. */
  readonly issuers: readonly LoadedIssuer[]
  readonly own: OwnIssuer | undefined
  readonly identityToken: IdentityToken | undefined
}

/** Proves who calls before the route is known, and decides once it is. */
export class AuthFilter implements Filter {
  readonly #options: AuthOptions
  /** All that are configured, and those of which one is enough here. */
  readonly #methods: readonly AuthMethod[]
  readonly #accepted: readonly AuthMethod[]
  /** Places of credentials other than headers. */
  readonly #elsewhere: readonly CredentialSource[]
  readonly #issuers: readonly LoadedIssuer[]
  readonly #own: OwnIssuer | undefined
  readonly #enforced: boolean
  readonly #access: Access
  readonly #refusals: Refusals
  readonly #identityToken: IdentityToken | undefined
  readonly #identityFields: readonly (readonly [string, string])[]
  /** Instances of one name, the chain's and the endpoints', share the slot; a filter of another name has its own. */
  readonly #slot: ReturnType<typeof defineSlot<Findings>>
  readonly response?: (x: Exchange) => void

  constructor({ name, options, methods, issuers, own, identityToken }: AuthParts) {
    this.#identityToken = identityToken
    this.#options = options
    this.#methods = methods
    this.#issuers = issuers
    this.#own = own
    this.#accepted = acceptedOf(options, methods)
    this.#enforced = isEnforced(options)
    this.#access = compileAccess({ ...options, roleHierarchy: options.role_hierarchy })
    this.#refusals = new Refusals({ ...options, methods: this.#accepted })
    this.#identityFields = Object.entries(options.identity_headers)
    this.#slot = defineSlot<Findings>(`auth.findings:${name}`)
    this.#elsewhere = methods.flatMap(({ sources }) => sources.filter(({ kind }) => kind !== 'header'))
    const elsewhere = methods.flatMap(({ sources }) => sources.filter(({ name }) => name !== 'authorization'))
    const offered = elsewhere.filter(({ kind }) => kind === 'subprotocol')
    if (elsewhere.length === 0) return
    this.response = (x) => {
      if (x.get(this.#slot)?.unmarked === true) keepPrivate(x)
      for (const source of offered) selectSubprotocol(x, source.name)
    }
  }

  request(x: Exchange): void | Promise<void> {
    const findings: Findings = { proofs: [], identity: undefined }
    x.set(this.#slot, findings)
    this.#takeOut(x)
    return this.#prove(x, findings, this.#methods, 0, 'none')
  }

  routed(x: Exchange): Verdict | Promise<Verdict> {
    const findings = x.get(this.#slot) ?? { proofs: [], identity: undefined }
    this.#takeOut(x)
    const counts = this.#counting(x, findings)
    if (counts !== undefined) return this.#decide(x, findings, counts)
    const open = this.#open(findings)
    if (open === undefined) return this.#decide(x, findings, undefined)
    const proving = this.#prove(x, findings, open, 0, this.#enforced || demanded(x) ? 'full' : 'short')
    if (isThenable(proving)) return proving.then(() => this.#decide(x, findings, this.#counting(x, findings)))
    return this.#decide(x, findings, this.#counting(x, findings))
  }

  /** The methods that are accepted here and were not asked yet; undefined if there are none, as mostly. */
  #open({ proofs }: Findings): AuthMethod[] | undefined {
    let open: AuthMethod[] | undefined
    for (let i = 0; i < this.#accepted.length; i++) {
      const method = this.#accepted[i]!
      if (isAmong(proofs, method)) continue
      if (open === undefined) open = [method]
      else open.push(method)
    }
    return open
  }

  // Roles and scopes are not listed: options may come from a place that is not for everyone to read.
  *explain(x: Exchange): Iterable<string> {
    const { roles, scopes } = this.#options
    const role = roles.length > 0 ? ' with one of the roles' : ''
    const scope = scopes.length > 0 ? ' with every one of the scopes' : ''
    const loaded = this.#issuers.map(({ source, options }) => ({ source, ...options }))
    const issuers = [...loaded, ...(this.#own?.described ?? [])]
    const algorithms = [...new Set(issuers.flatMap((one): readonly string[] => one.algorithms))]
    const signed = algorithms.length > 0 ? ` signed with ${algorithms.join(' or ')}` : ''
    const kinds = this.#accepted
      .map(({ name }) => (name === 'bearer' ? KINDS.bearer + signed : KINDS[name]))
      .join(', or ')
    if (this.#enforced || demanded(x)) yield `demands ${kinds}${[role, scope].filter(Boolean).join(' and')}`
    else
      yield `demands nothing, but verifies ${this.#accepted.map(({ name }) => KINDS[name]).join(' or ')} if there is one`
    const bearer = this.#methods.some(({ name }) => name === 'bearer')
    if (bearer && issuers.length === 0) yield 'key: none, no token is valid'
    for (const { source, issuer } of issuers)
      yield issuers.length === 1 ? `key: ${source}` : `key of ${issuer ?? 'any issuer'}: ${source}`
  }

  #takeOut(x: Exchange): void {
    if (this.#elsewhere.length > 0) takeOut(x, this.#elsewhere)
  }

  /** Asks the methods in turn, until one proves something. What has to wait without being allowed to is left for later. */
  #prove(
    x: Exchange,
    findings: Findings,
    methods: readonly AuthMethod[],
    from: number,
    patience: Patience,
  ): void | Promise<void> {
    for (let i = from; i < methods.length; i++) {
      const proof = methods[i]!.prove(x, patience)
      if (isThenable(proof))
        return proof.then((found) =>
          found !== undefined && note(x, findings, found)
            ? undefined
            : this.#prove(x, findings, methods, i + 1, patience),
        )
      if (proof !== undefined && note(x, findings, proof)) return
    }
  }

  /** The proof that counts here: of a method that is accepted, the first of them, and good for this endpoint. */
  #counting(x: Exchange, { proofs }: Findings): Proved | undefined {
    // Most requests of the default chain prove nothing.
    if (!proofs.some(isProved)) return undefined
    for (const method of this.#accepted)
      for (const proof of proofs) if (proof.by === method && isProved(proof) && isFor(proof, x)) return proof
    return undefined
  }

  #decide(x: Exchange, findings: Findings, counts: Proved | undefined): Verdict | Promise<Verdict> {
    if (x.over) return undefined
    // What another method, or other options, have proved says nothing here.
    if (counts?.identity !== findings.identity) write(x, findings, counts?.identity)
    if (!this.#options.forward_credentials) this.#withhold(x)
    if (counts === undefined) {
      const refuses = this.#enforced || demanded(x) || isCrossOrigin(findings)
      return refuses ? this.#refusals.get(this.#problem(findings)) : undefined
    }
    if (this.response !== undefined) findings.unmarked = !x.request.headers.has('authorization')
    // An upstream that reads others, but does not verify them, would take another for the caller.
    this.#withhold(x, counts.by)
    const denial = this.#access(x, counts.identity)
    if (denial !== undefined) return this.#refusals.get(denial.reason, denial.missing)
    if (!setIdentityFields(x, counts.identity, this.#identityFields)) return this.#refusals.get('identity_too_long')
    const field = this.#identityToken?.field(counts.identity, x.endpoint?.id ?? '')
    if (isThenable(field)) return field.then((made) => pass(x, made))
    return pass(x, field)
  }

  /** Removes the headers of all methods; of one that is kept, those beside the credentials that count. */
  #withhold(x: Exchange, kept?: AuthMethod): void {
    for (const method of this.#methods)
      if (method === kept) withholdOthers(x, method.sources)
      else withholdHeaders(x, method.sources)
  }

  #problem({ proofs }: Findings): Refusal {
    const accepted = proofs.filter(({ by }) => this.#accepted.includes(by))
    const problems = accepted.flatMap((proof) => (proof.identity === undefined ? [proof.problem] : []))
    return problems.length < accepted.length ? 'endpoint_denied' : problemOf(problems)
  }
}

/** Whether a request without a proof is refused, whatever the endpoint says. */
export const isEnforced = ({ required, roles, scopes, rules }: AuthOptions): boolean =>
  required || (rules !== undefined && rules.length > 0) || roles.length > 0 || scopes.length > 0

function acceptedOf({ accept: names }: AuthOptions, methods: readonly AuthMethod[]): readonly AuthMethod[] {
  return (names ?? METHODS).flatMap((name) => {
    const named = methods.filter((method) => method.name === name)
    if (named.length === 0 && names !== undefined)
      throw new Error(`accept: ${name} is not configured: set ${CONFIGURED_BY[name]}`)
    return named
  })
}

/** The options that configure each kind of credentials. */
const CONFIGURED_BY: Readonly<Record<MethodName, string>> = {
  bearer: 'the keys of an issuer, or own_tokens',
  api_key: 'api_keys',
  basic: 'basic',
}

/** For `explain`. */
const KINDS: Readonly<Record<MethodName, string>> = {
  bearer: 'a token',
  api_key: 'an API key',
  basic: 'a user name and password',
}

/** Nothing refuses the request. @param field for the upstream */
function pass(x: Exchange, field: Field | undefined): undefined {
  if (x.over) return
  if (field !== undefined) x.request.headers.set(...field)
  x.satisfy(AUTHENTICATION)
}

/** Whether the endpoint itself requires authentication, and no other filter has identified the caller. */
function demanded(x: Exchange): boolean {
  return x.identity === undefined && x.endpoint?.requires.includes(AUTHENTICATION) === true
}

/**
 * A cache in front of the gateway keeps no response to a request with `Authorization` for others (RFC 9111 §3.5), but knows of no other
 * credentials (RFC 6750 §2.3).
 */
function keepPrivate({ response }: Exchange): void {
  if (response !== undefined && response.status !== 101 && !response.headers.has('cache-control'))
    response.headers.set('Cache-Control', 'private')
}

/** Browsers close a WebSocket whose response selects none of the subprotocols that they have offered. */
function selectSubprotocol(x: Exchange, name: string): void {
  const { response } = x
  if (response?.status !== 101 || !offeredAsSubprotocol(x, name)) return
  if (!response.headers.has('sec-websocket-protocol')) response.headers.set('Sec-WebSocket-Protocol', name)
}
