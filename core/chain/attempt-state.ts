import type { Attempt } from '../api/attempt.ts'
import type { Target } from '../api/endpoint.ts'
import type { LocalReply, Response } from '../api/reply.ts'

/**
 * One attempt, from `admit` to `settled`. Filters hold it as `Attempt`: what the engine keeps about it is private, so that
 * nobody else can change it.
 */
export class AttemptState implements Attempt {
  readonly number: number
  readonly target: Target | undefined
  readonly startedAt: number
  /** What `call` gives later. */
  result: Promise<Response | LocalReply> | undefined
  #response: Response | undefined
  #status: number | undefined
  #headMs: number | undefined
  #admitted = 0
  #settled = false
  #onCancel: (() => void)[] | undefined

  constructor(number: number, target: Target | undefined, startedAt: number) {
    this.number = number
    this.target = target
    this.startedAt = startedAt
  }

  onCancel(fn: () => void): void {
    if (this.#onCancel === undefined) this.#onCancel = [fn]
    else this.#onCancel.push(fn)
  }

  /** The upstream's status, once its head is there. */
  get status(): number | undefined {
    return this.#status
  }

  /** Milliseconds from the start to the head. */
  get headMs(): number | undefined {
    return this.#headMs
  }

  /** The response, once its head is there. */
  get response(): Response | undefined {
    return this.#response
  }

  /** How many of the chain's `admit` hooks let it pass. Of the filters with `admit`, only those see `settled`. */
  get admitted(): number {
    return this.#admitted
  }

  get settled(): boolean {
    return this.#settled
  }

  pass(): void {
    this.#admitted++
  }

  headReceived(response: Response, now: number): void {
    this.#response = response
    this.#status = response.status
    this.#headMs = now - this.startedAt
  }

  /** True the first time. */
  settle(): boolean {
    const first = !this.#settled
    this.#settled = true
    return first
  }

  /** Nobody waits for it any more. Gives what the functions of `onCancel` threw. */
  cancel(): readonly unknown[] {
    const thrown: unknown[] = []
    for (const fn of this.#onCancel?.splice(0) ?? []) {
      try {
        fn()
      } catch (error) {
        thrown.push(error)
      }
    }
    return thrown
  }
}
