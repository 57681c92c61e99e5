import { createHmac, randomBytes } from 'node:crypto'
import {
  BoundedWork,
  type Clock,
  type Exchange,
  FailureLimit,
  type Identity,
  type PasswordHash,
} from '../../../core/index.ts'
import type { AuthMethod, Patience, Problem, Proof, Proved, Unproved } from '../auth-method.ts'
import { type CredentialSource, credentialsIn } from '../credential-sources.ts'

/** At once: half of the threads that tokens, files and names are waiting for, too. */
const AT_ONCE = 2
const MOST_WAITING = 100
/** How long a password that was right need not be hashed again; milliseconds. */
const REMEMBERED_MS = 60_000
const MOST_REMEMBERED = 1000
/** Longest field, in characters. */
const LONGEST = 1024

export interface BasicUser {
  readonly hash: PasswordHash
  readonly roles: readonly string[]
  readonly scopes: readonly string[]
}

/** User names and passwords (RFC 7617). */
export class BasicMethod implements AuthMethod {
  readonly name = 'basic'
  readonly sources: readonly CredentialSource[] = [{ kind: 'header', name: 'authorization', scheme: 'Basic' }]
  readonly #users: ReadonlyMap<string, { readonly hash: PasswordHash; readonly proof: Proved }>
  /** What an unknown user is compared with, so that it takes as long as for the slowest known one. */
  readonly #decoy: PasswordHash
  readonly #clock: Clock
  readonly #failures: FailureLimit
  readonly #work = new BoundedWork(AT_ONCE, MOST_WAITING)
  /** Passwords that were right, as a keyed hash, with the time until which they need not be verified. */
  readonly #remembered = new Map<string, { readonly proof: Proved; readonly until: number }>()
  readonly #key = randomBytes(32)

  /** @param users at least one */
  constructor(users: ReadonlyMap<string, BasicUser>, clock: Clock) {
    this.#users = new Map(
      [...users].map(([name, { hash, roles, scopes }]) => [
        name,
        { hash, proof: { by: this, identity: identityOf(name, roles, scopes) } },
      ]),
    )
    const slowest = [...users.values()].reduce((a, b) => (b.hash.cost > a.hash.cost ? b : a))
    this.#decoy = slowest.hash.decoy()
    this.#clock = clock
    this.#failures = new FailureLimit(clock)
  }

  prove(x: Exchange, patience: Patience): Proof | Promise<Proof> | undefined {
    const field = credentialsIn(x, this.sources)
    if (field === undefined) return this.#fail('password_missing')
    if (typeof field !== 'string') return this.#fail(field.problem)
    const credentials = decoded(field)
    if (credentials === undefined) return this.#fail('credentials_malformed')
    const { user, password } = credentials
    const digest = createHmac('sha256', this.#key).update(`${user}\0${password}`).digest('latin1')
    const known = this.#recall(digest)
    if (known !== undefined) return known
    // Hashing takes milliseconds: not for requests that may need none of it.
    if (patience === 'none') return undefined
    const { address } = x.downstream
    if (this.#failures.isOver(user, address)) return this.#fail('password_throttled')
    // Of clients that left while they waited, nothing is verified: nobody learns the result.
    const work = async (): Promise<Proof> =>
      x.aborted || x.over ? this.#fail('auth_overloaded') : this.#verify(user, password, address, digest)
    return this.#work.run(work) ?? this.#fail('auth_overloaded')
  }

  async #verify(user: string, password: string, address: string, digest: string): Promise<Proof> {
    // Those that waited behind a wrong one of the same user.
    if (this.#failures.isOver(user, address)) return this.#fail('password_throttled')
    const known = this.#users.get(user)
    const matches = await (known?.hash ?? this.#decoy).matches(password).catch(() => false)
    if (known !== undefined && matches) {
      this.#remember(digest, known.proof)
      return known.proof
    }
    this.#failures.failed(user, address)
    return this.#fail('password_invalid')
  }

  #recall(digest: string): Proved | undefined {
    const found = this.#remembered.get(digest)
    return found !== undefined && this.#clock.now() < found.until ? found.proof : undefined
  }

  #remember(digest: string, proof: Proved): void {
    this.#remembered.delete(digest)
    if (this.#remembered.size >= MOST_REMEMBERED) this.#remembered.delete(this.#remembered.keys().next().value!)
    this.#remembered.set(digest, { proof, until: this.#clock.now() + REMEMBERED_MS })
  }

  #fail(problem: Problem): Unproved {
    return { by: this, identity: undefined, problem }
  }
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
// biome-ignore lint/suspicious/noControlCharactersInRegex: RFC 7617 §2 forbids them, and NUL would end the password for bcrypt
const CONTROLS = /[\x00-\x1f\x7f]/

/** User and password of RFC 7617 §2; undefined if it is not that. */
function decoded(field: string): { readonly user: string; readonly password: string } | undefined {
  if (field.length > LONGEST || !/^[A-Za-z0-9+/]+={0,2}$/.test(field)) return undefined
  try {
    const text = utf8.decode(Buffer.from(field, 'base64'))
    const colon = text.indexOf(':')
    return colon === -1 || CONTROLS.test(text)
      ? undefined
      : { user: text.slice(0, colon), password: text.slice(colon + 1) }
  } catch {
    return undefined
  }
}

const identityOf = (name: string, roles: readonly string[], scopes: readonly string[]): Identity =>
  Object.freeze({
    subject: name,
    scheme: 'basic',
    roles: Object.freeze([...roles]),
    scopes: Object.freeze([...scopes]),
    claims: Object.freeze({ sub: name }),
  })
