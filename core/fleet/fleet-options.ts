import type { Logger } from '../api/logger.ts'
import type { Clock } from '../base/clock.ts'
import type { Member, SpawnedWorker } from './member.ts'
import type { ToPrimary } from './messages.ts'

export interface FleetOptions<Settings> {
  /** Number of workers. */
  readonly count: number
  /** How many start at the same time when the gateway starts, beside the first. More would only wait for a processor. */
  readonly startsAtOnce: number
  /** Starts a worker. @param number from 1 */
  spawn(number: number): SpawnedWorker<Settings>
  /** A worker whose event loop is silent for this long is killed; milliseconds. */
  readonly timeoutMs: number
  readonly clock: Clock
  readonly log: Logger
  /** Told of workers, and of what they say unasked. */
  readonly events?: FleetEvents<Settings>
}

export interface FleetEvents<Settings> {
  /** It can be talked to. */
  greeted(member: Member<Settings>): void
  /** It accepts connections. */
  opened(member: Member<Settings>): void
  said(member: Member<Settings>, message: ToPrimary): void
  gone(member: Member<Settings>): void
}
