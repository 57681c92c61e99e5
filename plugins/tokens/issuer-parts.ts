import type { Clock, Revocation, TokenSettings } from '../../core/index.ts'
import type { AccessTokens } from './access-tokens.ts'
import type { KeySchedule } from './key-schedule.ts'
import type { Accounts, Logins } from './logins.ts'
import type { TokenAudit } from './token-audit.ts'
import type { TokenState } from './token-state.ts'

/** What the operations of the issuer work with. A reload replaces `settings` and `accounts`. */
export interface IssuerParts {
  readonly clock: Clock
  readonly keys: KeySchedule
  readonly state: TokenState
  readonly tokens: AccessTokens
  readonly logins: Logins
  readonly audit: TokenAudit
  settings: TokenSettings
  accounts: Accounts
  /** Resolves when every process knows. */
  tellRevoked(revoked: readonly Revocation[]): Promise<void>
}
