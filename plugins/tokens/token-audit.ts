import { Counter, type Logger, type Meter, type TokenRequest } from '../../core/index.ts'
import type { RefusalReason } from './token-replies.ts'

export type GrantName = 'client_credentials' | 'password' | 'refresh_token'

/** Who it is about, and which token. Names are ours, never a client's own words; no secrets. */
export interface AuditFields {
  readonly subject?: string | undefined
  readonly client?: string | undefined
  readonly grant?: GrantName
  readonly jti?: string
  readonly sid?: string | undefined
  readonly sessions?: number
}

/** What happened to tokens, in the log and in metrics. */
export class TokenAudit {
  readonly #log: Logger
  readonly #issued = new Counter<'grant'>()
  readonly #refused = new Counter<'reason'>()
  readonly #unregister: (() => void)[]

  /** @param sessions how many live */
  constructor(log: Logger, meter: Meter, sessions: () => number) {
    this.#log = log
    this.#unregister = [
      meter.register({
        name: 'weir_tokens_issued_total',
        help: 'Access tokens that were issued, by grant.',
        type: 'counter',
        collect: () => this.#issued.samples(),
      }),
      meter.register({
        name: 'weir_tokens_refused_total',
        help: 'Requests for tokens, or about tokens, that were refused, by reason.',
        type: 'counter',
        collect: () => this.#refused.samples(),
      }),
      meter.register({
        name: 'weir_token_sessions',
        help: 'Sessions that a refresh token can renew.',
        type: 'gauge',
        collect: () => [{ labels: {}, value: sessions() }],
      }),
    ]
  }

  issued(request: TokenRequest, grant: GrantName, fields: AuditFields): void {
    this.#issued.add({ grant })
    const message = grant === 'refresh_token' ? 'token renewed' : 'token issued'
    this.#log.info({ ...placeOf(request), audit: 'issued', grant, ...fields }, message)
  }

  /** @param request undefined: the configuration or the files did it */
  revoked(request: TokenRequest | undefined, why: string, fields: AuditFields): void {
    this.#log.info({ ...(request && placeOf(request)), audit: 'revoked', why, ...fields }, 'token revoked')
  }

  refused(request: TokenRequest, reason: RefusalReason, fields: AuditFields): void {
    this.#refused.add({ reason })
    this.#log.warn({ ...placeOf(request), audit: 'refused', reason, ...fields }, 'token request refused')
  }

  close(): void {
    for (const unregister of this.#unregister) unregister()
  }
}

const placeOf = ({ operation, address, requestId }: TokenRequest) => ({ operation, address, request_id: requestId })
