// An issuer of tokens for tests of what is around it: it says what it was given, and tells of keys and revocations as it is asked.
import { createHash } from 'node:crypto'
import type { Logger, TokenNews, TokenReply, TokenRequest, TokenSettings } from '../../core/index.ts'

interface Parts {
  readonly settings: TokenSettings
  readonly log: Logger
  tell(news: TokenNews): Promise<void>
}

/** In the place of Weir's own. */
export class OwnTokenIssuer {
  readonly name = 'token-issuer'
  readonly #parts: Parts
  #settings: TokenSettings

  constructor(parts: Parts) {
    this.#parts = parts
    this.#settings = parts.settings
  }

  start(): Promise<void> {
    return this.apply(this.#settings)
  }

  async apply(settings: TokenSettings): Promise<void> {
    if (settings.audience === 'broken') throw new Error('users.yaml: no users')
    this.#settings = settings
    const { issuer, audience, algorithm } = settings
    await this.#parts.tell({ trust: { issuer, audience, algorithm, keys: [{ kid: 'one', alg: algorithm }] } })
    this.#parts.log.info({ audience }, 'the issuer applied its settings')
  }

  async respond({ operation, body, ...request }: TokenRequest): Promise<TokenReply> {
    const reply = (status: number, content: unknown): TokenReply => ({
      status,
      reason: undefined,
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify(content),
    })
    if (operation === 'revoke') {
      const until = Date.now() + 600_000
      const told = this.#parts.tell({ revoked: [[Buffer.from(body).toString(), until]] })
      return told.then(
        () => reply(200, {}),
        () => reply(503, {}),
      )
    }
    const digest = createHash('sha256').update(body).digest('hex')
    return reply(200, { pid: process.pid, operation, ...request, size: body.byteLength, digest })
  }

  async stop(): Promise<void> {
    this.#parts.log.info({}, 'the issuer stopped')
  }
}
