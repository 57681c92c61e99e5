import type { Channel } from './channel.ts'
import type { ToPrimary, ToWorker } from './messages.ts'
import { type Silence, silenceFor } from './silence.ts'
import { WorkerLink } from './worker-link.ts'

/** A worker that was started. */
export interface SpawnedWorker<Settings> {
  readonly channel: Channel<ToPrimary, ToWorker<Settings>>
  /** Undefined: it is no process of its own. */
  readonly pid?: number | undefined
  /** Resolves when it has ended, to how: `exit code 1`, `SIGKILL`, and what it wrote last. */
  readonly ended: Promise<string>
  /** Ends it at once. */
  kill(): void
}

/** One worker of a fleet, from its start to its end. */
export class Member<Settings> {
  readonly number: number
  readonly spawned: SpawnedWorker<Settings>
  readonly link: WorkerLink<Settings>
  readonly silence: Silence
  /** It can be told to load. */
  greeted = false
  isGone = false
  /** It accepts connections. */
  opened = false
  /** Monotonic milliseconds since when it serves requests; undefined: it does not. */
  readySince: number | undefined

  /** @param timeoutMs see `FleetOptions` */
  constructor(
    number: number,
    spawned: SpawnedWorker<Settings>,
    timeoutMs: number,
    unasked: (member: Member<Settings>, message: ToPrimary) => void,
  ) {
    this.number = number
    this.spawned = spawned
    const silence = silenceFor(timeoutMs)
    this.silence = silence
    this.link = new WorkerLink(number, spawned.channel, (message) => {
      if (message.type === 'beat') silence.broken()
      else unasked(this, message)
    })
  }

  /** It accepts connections. @param now monotonic milliseconds */
  open(now: number): void {
    this.opened = true
    this.readySince = now
    // While it started, it may have been silent for longer than it may be now.
    this.silence.broken()
  }

  /**
   * It has ended.
   * @param now monotonic milliseconds
   * @returns for how long it had served requests; milliseconds; undefined: never
   */
  ended(now: number): number | undefined {
    const since = this.readySince
    this.isGone = true
    this.readySince = undefined
    return since === undefined ? undefined : now - since
  }
}
