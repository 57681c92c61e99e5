import type { Clock } from '../base/clock.ts'
import type { Attempt, Outcome } from './attempt.ts'
import { type ChangedFields, FieldChanges, type WithFields } from './field-changes.ts'

/** What takes time of an exchange: a filter, an attempt, or the gateway itself. */
export interface TimeShare {
  /** Milliseconds in which it, and nothing within it, was at work. */
  selfMs: number
}

/** What one filter did for one exchange. */
export interface FilterStep extends TimeShare {
  readonly name: string
  /** Monotonic milliseconds. */
  startedAt: number
  /** Monotonic milliseconds; undefined while a hook is running. */
  endedAt: number | undefined
  verdict: 'continue' | 'reply' | 'error' | undefined
  /** Reason of its local reply, or code of its error. */
  reason: string | undefined
  /** Names of the fields that it changed; undefined where they are not recorded, or there are none. */
  changes: ChangedFields | undefined
}

/** What is recorded of an attempt. */
export interface AttemptStep extends TimeShare {
  readonly attempt: Attempt
  /** Undefined while it lasts. */
  outcome: Outcome | undefined
}

/** Where a filter of the chain is in an exchange that is over. */
export interface ReachedFilter {
  /** Undefined: the filter is off, or has no instance before the route is known. */
  readonly filter: object | undefined
  readonly entered: boolean
}

/**
 * What happens in one exchange, for traces and explanations alike; there is none where nobody wants to know. At each moment the time
 * belongs to exactly one: to the hook that runs, the innermost; else to the attempt that is open; else to the gateway itself. A hook
 * `upstream` does not run while it waits for `next`, nor a `call` once it has returned its promise. So all shares together
 * are the time from the start of the exchange to its end.
 *
 * ```ts
 * for (const { name, verdict, selfMs } of x.recording?.steps.values() ?? []) env.log.debug({ filter: name, verdict, selfMs }, 'filter')
 * ```
 */
export class Recording implements TimeShare {
  /** By the filter's name in the chain: an endpoint's instance continues what the chain's instance began. */
  readonly steps = new Map<string, FilterStep>()
  readonly attempts: AttemptStep[] = []
  /** Of the gateway itself, with the waiting for the client when the upstream is done. */
  selfMs = 0
  /** Filters by their position in the chain, when the exchange is over; empty where no explanation is wanted. */
  reached: readonly ReachedFilter[] = []
  readonly #clock: Clock
  readonly #fields: FieldChanges | undefined
  #at: number
  #current: FilterStep | undefined = undefined
  #open: AttemptStep | undefined = undefined
  #over = false

  /** @param explains whether an explanation is wanted too: then the names of changed fields are recorded */
  constructor(x: WithFields & { readonly startedAt: number }, clock: Clock, explains: boolean) {
    this.#clock = clock
    this.#at = x.startedAt
    this.#fields = explains ? new FieldChanges(x) : undefined
  }

  get explains(): boolean {
    return this.#fields !== undefined
  }

  /** Monotonic milliseconds of the last change. */
  get at(): number {
    return this.#at
  }

  /** Begins what a filter does; to be entered next. */
  begin(name: string): FilterStep {
    const step: FilterStep = {
      name,
      startedAt: Number.NaN,
      endedAt: undefined,
      verdict: undefined,
      reason: undefined,
      selfMs: 0,
      changes: undefined,
    }
    this.steps.set(name, step)
    return step
  }

  /** From now on the time is that of a hook of this filter; undefined: of none. @returns whose it was, for the way back */
  enter(step: FilterStep | undefined): FilterStep | undefined {
    this.pass()
    const outer = this.#current
    if (!this.#over) this.#current = step
    return outer
  }

  beginAttempt(attempt: Attempt): void {
    this.pass()
    this.#open = { attempt, outcome: undefined, selfMs: 0 }
    this.attempts.push(this.#open)
  }

  endAttempt(attempt: Attempt, outcome: Outcome): void {
    const step = this.attempts.find((one) => one.attempt === attempt)
    if (this.#over || step === undefined || step.outcome !== undefined) return
    this.pass()
    step.outcome = outcome
    if (this.#open === step) this.#open = this.attempts.find((one) => one.outcome === undefined)
  }

  /** The exchange is over. */
  finish(): void {
    this.pass()
    this.#over = true
  }

  /** The time until now goes to whose it was. @returns now, in monotonic milliseconds */
  pass(): number {
    if (this.#over) return this.#at
    const now = this.#clock.now()
    const share: TimeShare = this.#current ?? this.#open ?? this
    share.selfMs += now - this.#at
    this.#at = now
    this.#fields?.look(this.#current)
    return now
  }
}
