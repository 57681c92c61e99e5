import type { Logger } from '../api/logger.ts'
import type { Meter } from '../api/meter.ts'
import type { Service } from '../api/service.ts'
import type { Clock } from '../base/clock.ts'
import type { TokenIssuer, TokenNews, TokenSettings } from '../control/tokens.ts'

/** What the issuer is made of. */
export interface IssuerParts {
  readonly settings: TokenSettings
  readonly clock: Clock
  readonly log: Logger
  readonly meter: Meter
  /** Resolves when every process knows; rejects if one may not. */
  tell(news: TokenNews): Promise<void>
}

/** The issuer, as this process runs it. `start` and `apply` reject with an Error for the operator. */
export type RunningIssuer = TokenIssuer & Service & { apply(settings: TokenSettings): Promise<void> }

/** Loads its code and makes it. */
export type MakeIssuer = (parts: IssuerParts) => Promise<RunningIssuer>

/** Weir's own. */
export const makeIssuer: MakeIssuer = async (parts) => {
  // Most gateways issue none.
  const { OwnTokenIssuer } = await import('../../plugins/tokens/token-issuer.ts')
  return new OwnTokenIssuer(parts)
}
