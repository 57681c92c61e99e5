import type {
  Clock,
  Logger,
  Meter,
  Service,
  TokenIssuer,
  TokenNews,
  TokenReply,
  TokenSettings,
} from '../../core/index.ts'

/** Placeholder until the issuer is there. */
export class OwnTokenIssuer implements TokenIssuer, Service {
  readonly name = 'token-issuer'

  constructor(_parts: {
    readonly settings: TokenSettings
    readonly clock: Clock
    readonly log: Logger
    readonly meter: Meter
    tell(news: TokenNews): Promise<void>
  }) {}

  async start(): Promise<void> {
    throw new Error('this version issues no tokens')
  }

  async apply(_settings: TokenSettings): Promise<void> {}

  async respond(): Promise<TokenReply> {
    throw new Error('this version issues no tokens')
  }

  async stop(): Promise<void> {}
}
