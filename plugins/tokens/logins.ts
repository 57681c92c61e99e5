import { createHmac, randomBytes } from 'node:crypto'
import { BoundedWork, type Clock, FailureLimit, type PasswordHash } from '../../core/index.ts'
import { type GivenCredentials, readings } from './given-credentials.ts'
import { hasSecret, type TokenClient } from './token-clients.ts'
import { invalidClient, invalidGrant, TokenRefusal, tryLater } from './token-replies.ts'
import type { TokenUser } from './users-file.ts'

/** At once: half of the threads that files and names are waiting for, too. */
const AT_ONCE = 2
const MOST_WAITING = 100
/** Of one address: others have their turn. */
const MOST_OF_ADDRESS = 4
/** Seconds after which a client may try again. */
const WINDOW_SECONDS = 60

/** Who may get tokens. */
export interface Accounts {
  readonly users: ReadonlyMap<string, TokenUser>
  readonly clients: ReadonlyMap<string, TokenClient>
}

/** Verifies passwords and secrets, so many at a time, and stops who guesses. */
export class Logins {
  readonly #failures: FailureLimit
  readonly #work = new BoundedWork(AT_ONCE, MOST_WAITING)
  readonly #waiting = new Map<string, number>()
  /** Names that are none of ours may be passwords: logs show them as a keyed hash. */
  readonly #key = randomBytes(32)

  constructor(clock: Clock) {
    this.#failures = new FailureLimit(clock)
  }

  /**
   * The user with that password. For an unknown name it takes as long.
   * @param users at least one
   * @throws TokenRefusal
   */
  async user(
    users: ReadonlyMap<string, TokenUser>,
    name: string,
    password: string,
    address: string,
  ): Promise<TokenUser> {
    const account = `user ${name}`
    this.#refuseGuesses(account, address)
    const waiting = this.#waiting.get(address) ?? 0
    if (waiting >= MOST_OF_ADDRESS) throw tryLater('overloaded', 'too many logins of this address wait already')
    this.#waiting.set(address, waiting + 1)
    try {
      const known = users.get(name)
      const work = async (): Promise<boolean> => {
        // Those that waited behind a wrong one.
        this.#refuseGuesses(account, address)
        const matches = await (known?.hash ?? decoyOf(users)).matches(password).catch(() => false)
        // Before the next one begins.
        if (!matches || known === undefined) this.#failures.failed(account, address)
        return matches
      }
      const matches = await (this.#work.run(work) ?? this.#refuse())
      if (matches && known !== undefined) return known
      throw invalidGrant('the user is unknown, or the password is wrong', known?.name ?? this.#hidden(name))
    } finally {
      const others = this.#waiting.get(address)! - 1
      if (others === 0) this.#waiting.delete(address)
      else this.#waiting.set(address, others)
    }
  }

  /** The client with that secret. @throws TokenRefusal */
  client(clients: ReadonlyMap<string, TokenClient>, id: string, secret: string, address: string): TokenClient {
    return this.#client(clients, [id], [secret], address)
  }

  /** The client with that id and secret in Basic credentials. @throws TokenRefusal */
  basicClient(
    clients: ReadonlyMap<string, TokenClient>,
    { user, password }: Extract<GivenCredentials, { scheme: 'basic' }>,
    address: string,
  ): TokenClient {
    return this.#client(clients, readings(user), readings(password), address)
  }

  #client(
    clients: ReadonlyMap<string, TokenClient>,
    ids: readonly string[],
    secrets: readonly string[],
    address: string,
  ): TokenClient {
    const account = `client ${ids[0]}`
    this.#refuseGuesses(account, address)
    const client = clients.get(ids.find((id) => clients.has(id)) ?? '')
    if (hasSecret(client, secrets)) return client!
    this.#failures.failed(account, address)
    throw invalidClient(client?.id ?? this.#hidden(ids[0]!))
  }

  #refuseGuesses(account: string, address: string): void {
    if (this.#failures.isOver(account, address))
      throw tryLater('throttled', 'too many failed attempts', WINDOW_SECONDS, 429)
  }

  #refuse(): never {
    throw tryLater('overloaded', 'too many logins wait already')
  }

  #hidden(name: string): string {
    return `unknown:${createHmac('sha256', this.#key).update(name).digest('base64url').slice(0, 12)}`
  }
}

const decoys = new WeakMap<ReadonlyMap<string, TokenUser>, PasswordHash>()

/** What an unknown user's password is compared with: it takes as long as for the slowest known one. */
function decoyOf(users: ReadonlyMap<string, TokenUser>): PasswordHash {
  let decoy = decoys.get(users)
  if (decoy === undefined) {
    decoy = [...users.values()].reduce((a, b) => (b.hash.cost > a.hash.cost ? b : a)).hash.decoy()
    decoys.set(users, decoy)
  }
  return decoy
}

/** The client that a request names and proves to be; undefined if it names none. @throws TokenRefusal */
export function clientOf(
  credentials: GivenCredentials,
  parameters: ReadonlyMap<string, string>,
  { clients }: Accounts,
  logins: Logins,
  address: string,
): TokenClient | undefined {
  const [id, secret] = [parameters.get('client_id'), parameters.get('client_secret')]
  if (credentials.scheme === 'basic') {
    // RFC 6749 §2.3: one way alone.
    if (secret !== undefined)
      throw new TokenRefusal(400, 'invalid_request', 'there are credentials in the body and in the field Authorization')
    const client = logins.basicClient(clients, credentials, address)
    if (id !== undefined && id !== client.id)
      throw new TokenRefusal(400, 'invalid_request', 'the body names another client than the field Authorization')
    return client
  }
  if (id === undefined && secret === undefined) return undefined
  if (id === undefined) throw new TokenRefusal(400, 'invalid_request', 'client_id is missing')
  return logins.client(clients, id, secret ?? '', address)
}
