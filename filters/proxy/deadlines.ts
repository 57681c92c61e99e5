import type { Deadline, Exchange, TimerWheel, UpstreamCall } from '../../core/index.ts'

/** What an attempt may still take, in milliseconds; infinite where nothing says so. */
export interface TimeLeft {
  /** Until the head of the answer. */
  readonly head: number
  /** Until the end of the answer. */
  readonly end: number
}

export const UNLIMITED: TimeLeft = { head: Infinity, end: Infinity }

/**
 * What is left for an attempt that begins now.
 * @param total for the whole exchange, from the head of its request to the end of its answer; milliseconds, may be infinite
 * @param now monotonic milliseconds
 */
export function timeLeft({ deadline }: UpstreamCall, x: Exchange, total: number, now: number): TimeLeft {
  if (deadline === undefined && total === Infinity) return UNLIMITED
  const end = x.startedAt + total - now
  return { head: Math.min((deadline ?? Infinity) - now, end), end }
}

/** The two deadlines of one attempt: one for its head, one for all of it. */
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

  /** The head is there. */
  headReceived(): void {
    this.#head?.cancel()
    this.#head = undefined
  }

  over(): void {
    this.headReceived()
    this.#end?.cancel()
    this.#end = undefined
  }
}

/**
 * The fields of an upstream request with the time that its sender will wait for an answer, in whole milliseconds; what
 * the client wrote there goes.
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
