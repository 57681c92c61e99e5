import { startTimer } from '../base/timer.ts'
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

/** How much longer than its requests a worker may take to stop; milliseconds. */
const STOP_MS = 5000

/** One worker of a fleet, from its start to its end. */
export class Member<Settings> {
  readonly number: number
  readonly spawned: SpawnedWorker<Settings>
  readonly link: WorkerLink<Settings>
  readonly silence: Silence
  /** It can be told to load. */
  greeted = false
  /** It has ended, or is about to. */
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

  /** Stops it. Resolves when it has ended, to false if requests had to be cut. @param timeoutMs how long those in flight may take */
  async stop(timeoutMs: number): Promise<boolean> {
    const late = startTimer(timeoutMs + STOP_MS, () => this.spawned.kill())
    if (!this.opened) this.spawned.kill()
    const clean = await this.link.stop(timeoutMs).catch(() => !this.opened)
    // It says no more: it writes what is left of its log.
    this.isGone = true
    await this.spawned.ended
    late.cancel()
    return clean
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
