import type { Clock, Deadline, Exchange, TimerWheel, UpstreamCall } from '../../core/index.ts'

/** Time left for an attempt, in milliseconds; infinite without a limit. */
export interface TimeLeft {
  /** Until the head of the response. */
  readonly head: number
  /** Until the end of the response. */
  readonly end: number
}

export const UNLIMITED: TimeLeft = { head: Infinity, end: Infinity }

/**
 * Time left for an attempt that begins now.
 * @param total time for the exchange, from the head of its request to the end of its response; milliseconds, may be infinite
 */
export function timeLeft({ deadline }: UpstreamCall, x: Exchange, total: number, clock: Clock): TimeLeft {
  // Without a limit the clock is not read (0.1 µs).
  if (deadline === undefined && total === Infinity) return UNLIMITED
  const now = clock.now()
  const end = x.startedAt + total - now
  return { head: Math.min((deadline ?? Infinity) - now, end), end }
}

/** The two deadlines of one attempt: one for the response head, one for the whole response. */
export class Deadlines {
  #head: Deadline | undefined
  #end: Deadline | undefined

  /** @param late called at most once, when either passes */
  constructor(timers: TimerWheel, { head, end }: TimeLeft, late: () => void) {
    const fire = (): void => {
      this.over()
      late()
    }
    if (head < end) this.#head = timers.after(head, fire)
    if (end < Infinity) this.#end = timers.after(end, fire)
  }

  /** Ends the deadline of the head. */
  headReceived(): void {
    this.#head?.cancel()
    this.#head = undefined
  }

  /** Ends both deadlines. */
  over(): void {
    this.headReceived()
    this.#end?.cancel()
    this.#end = undefined
  }
}

/**
 * Fields of an upstream request with one that says how long the gateway waits for the response, in whole milliseconds. It replaces
 * the client's field of that name.
 * @param fields flat list of names and values
 */
export function withTimeout(fields: readonly string[], name: string, ms: number): string[] {
  const lower = name.toLowerCase()
  const kept: string[] = []
  for (let i = 0; i < fields.length; i += 2)
    if (fields[i]!.toLowerCase() !== lower) kept.push(fields[i]!, fields[i + 1]!)
  if (ms < Infinity) kept.push(name, String(Math.max(1, Math.floor(ms))))
  return kept
}
