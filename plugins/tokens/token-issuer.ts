import {
  type Clock,
  type Deadline,
  type Logger,
  type Meter,
  type Service,
  startTimer,
  type TokenIssuer,
  type TokenNews,
  type TokenReply,
  type TokenRequest,
  type TokenSettings,
} from '../../core/index.ts'
import { AccessTokens } from './access-tokens.ts'
import { readAccounts } from './accounts.ts'
import { respondToGrant } from './grants.ts'
import { keySetReply, metadataReply } from './issuer-metadata.ts'
import type { IssuerParts } from './issuer-parts.ts'
import { KeySchedule } from './key-schedule.ts'
import { Logins } from './logins.ts'
import { StateFull } from './sessions.ts'
import type { SigningKey } from './signing.ts'
import { TokenAudit } from './token-audit.ts'
import { LogUnavailable } from './token-log.ts'
import { respondToRevoke, respondToUser, respondToValidate } from './token-reading.ts'
import { invalidRequest, TokenRefusal, tryLater } from './token-replies.ts'
import { TokenState } from './token-state.ts'

/** How often what is over is forgotten; milliseconds. */
const FORGET_MS = 60_000

export interface TokenIssuerParts {
  readonly settings: TokenSettings
  readonly clock: Clock
  readonly log: Logger
  readonly meter: Meter
  /** Resolves when every process knows; rejects if one may not. */
  tell(news: TokenNews): Promise<void>
}

/** Issues, renews, revokes and validates tokens. One process owns the keys and the state. */
export class OwnTokenIssuer implements TokenIssuer, Service {
  readonly name = 'token-issuer'
  readonly #given: TokenIssuerParts
  #settings: TokenSettings
  #parts: IssuerParts | undefined
  #timer: Deadline | undefined
  #applying: Promise<void> = Promise.resolve()

  constructor(parts: TokenIssuerParts) {
    this.#given = parts
    this.#settings = parts.settings
  }

  /** Rejects with an error for the operator, which names the file; what is on the disk is as it was then. */
  async start(): Promise<void> {
    const { clock, log, meter, tell } = this.#given
    const settings = this.#settings
    const accounts = await readAccounts(settings)
    const state = await TokenState.open({
      file: settings.stateFile,
      clock,
      log,
      maxSessions: settings.maxSessions,
    })
    const keys = new KeySchedule({
      dir: settings.keysDir,
      clock,
      log,
      rules: settings,
      publish: (published) =>
        tell({ trust: this.#trustIn(published), ...(this.#parts === undefined && { revoked: state.revoked }) }),
    })
    try {
      await keys.start()
    } catch (error) {
      await keys.stop()
      await state.close()
      throw error
    }
    this.#parts = {
      clock,
      keys,
      state,
      tokens: new AccessTokens(clock, keys, settings),
      logins: new Logins(clock),
      audit: new TokenAudit(log, meter, () => state.liveSessions),
      settings,
      accounts,
      tellRevoked: (revoked) => this.#tell({ revoked }),
    }
    await this.#endChanged(this.#parts)
    this.#forgetLater(state)
  }

  /** Other settings, and other contents of their files. Rejects with an error for the operator; those of before stay then. */
  apply(settings: TokenSettings): Promise<void> {
    const applied = this.#applying.then(async () => {
      const parts = this.#parts
      if (parts === undefined) return
      const accounts = await readAccounts(settings)
      // The files that one process owns, and what others know it by, are those of the start.
      const { issuer, keysDir, stateFile, serve } = this.#settings
      this.#settings = { ...settings, issuer, keysDir, stateFile, serve }
      parts.settings = this.#settings
      parts.tokens.settings = this.#settings
      parts.accounts = accounts
      parts.state.maxSessions = settings.maxSessions
      await parts.keys.apply(settings)
      await this.#tell({ trust: this.#trustIn(parts.keys.keys) })
      await this.#endChanged(parts)
    })
    this.#applying = applied.catch(() => {})
    return applied
  }

  async stop(): Promise<void> {
    const parts = this.#parts
    this.#parts = undefined
    this.#timer?.cancel()
    await this.#applying
    if (parts === undefined) return
    await parts.keys.stop()
    await parts.state.close()
    parts.audit.close()
  }

  async respond(request: TokenRequest): Promise<TokenReply> {
    const parts = this.#parts
    if (parts === undefined) return tryLater('store_unavailable', 'tokens are not issued now').reply
    try {
      return await operate(request, parts)
    } catch (error) {
      const refusal = refusalOf(error)
      if (refusal.reason === 'internal_error') this.#given.log.error({ err: error }, 'a request for tokens failed')
      parts.audit.refused(request, refusal.reason, { subject: refusal.subject })
      return refusal.reply
    }
  }

  #trustIn(keys: readonly SigningKey[]) {
    const { issuer, audience, algorithm } = this.#settings
    return { issuer, audience, algorithm, keys: keys.map(({ jwk }) => jwk) }
  }

  async #tell(news: TokenNews): Promise<void> {
    try {
      await this.#given.tell(news)
    } catch (err) {
      this.#given.log.error({ err }, 'not every process has confirmed a change of tokens')
      throw err
    }
  }

  /** Sessions of users and clients that are gone, or whose password is another. */
  async #endChanged({ state, accounts, audit }: IssuerParts): Promise<void> {
    const { users, clients } = accounts
    const stamps = new Map([...users.values()].map(({ name, hashText }) => [name, state.stampOf(hashText)]))
    const changed = state.sessionsWhere(
      ({ subject, stamp, client }) => stamps.get(subject) !== stamp || (client !== undefined && !clients.has(client)),
    )
    if (changed.length === 0) return
    const news = await state.end(changed)
    audit.revoked(undefined, 'account_changed', { sessions: changed.length })
    await this.#tell({ revoked: news })
  }

  #forgetLater(state: TokenState): void {
    const forget = (): void => {
      state.forget()
      this.#forgetLater(state)
    }
    this.#timer = startTimer(FORGET_MS, forget, { background: true })
  }
}

const METHODS: Readonly<Record<TokenRequest['operation'], string>> = {
  token: 'POST',
  refresh: 'POST',
  revoke: 'POST',
  validate: 'POST',
  user: 'GET, HEAD',
  jwks: 'GET, HEAD',
  metadata: 'GET, HEAD',
}

async function operate(request: TokenRequest, parts: IssuerParts): Promise<TokenReply> {
  const { operation, method, query } = request
  const methods = METHODS[operation]
  if (!methods.split(', ').includes(method))
    throw new TokenRefusal(405, 'method_not_allowed', `this path is for ${methods}`, {
      error: 'invalid_request',
      headers: { Allow: methods },
    })
  // RFC 6749 §2.3.1: URLs are logged.
  if (query && methods === 'POST') throw invalidRequest('parameters belong into the body, not into the URL')
  switch (operation) {
    case 'token':
    case 'refresh':
      return respondToGrant(request, parts)
    case 'revoke':
      return respondToRevoke(request, parts)
    case 'validate':
      return respondToValidate(request, parts)
    case 'user':
      return respondToUser(request, parts)
    case 'jwks':
      return keySetReply(parts.keys.keys)
    case 'metadata':
      return metadataReply(parts.settings)
  }
}

function refusalOf(error: unknown): TokenRefusal {
  if (error instanceof TokenRefusal) return error
  if (error instanceof StateFull) return tryLater('store_full', error.message, 60)
  if (error instanceof LogUnavailable) return tryLater('store_unavailable', 'the state of tokens can not be written')
  return new TokenRefusal(500, 'internal_error', 'the request failed', { error: 'server_error' })
}
