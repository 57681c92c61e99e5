import { HookError } from './hook-error.ts'

/** Counts and logs what a hook threw where nobody is left who could reply. */
export interface HookErrors {
  report(error: HookError): void
}

/** A hook, as errors name it. */
export interface HookName {
  /** Name of its filter in the chain. */
  readonly name: string
  readonly hook: string
}

let running: HookName | undefined
let sink: HookErrors | undefined

/**
 * @internal Says which hook runs from now until `leaveHook`: functions that it hands to a body run later, and their errors
 * are this filter's. Two plain assignments, because it is called for every hook (measured).
 */
export function enterHook(hook: HookName, errors: HookErrors): void {
  running = hook
  sink = errors
}

/** @internal The hook returned. What runs behind an `await` in it can't be told apart. */
export function leaveHook(): void {
  running = undefined
  sink = undefined
}

/** The hook on whose behalf something happens later. */
export class HookOwner {
  readonly #hook = running
  readonly #errors = sink

  /** What was thrown on its behalf, as an error that names it. */
  failure(thrown: unknown): HookError {
    return thrown instanceof HookError ? thrown : new HookError(this.#hook?.name, this.#hook?.hook ?? 'body', thrown)
  }

  /** For errors that nobody else hears of. */
  report(thrown: unknown): void {
    this.#errors?.report(this.failure(thrown))
  }
}

const UNKNOWN = new HookOwner()

/** The hook that runs now; unknown behind an `await`. */
export const hookOwner = (): HookOwner => (running === undefined ? UNKNOWN : new HookOwner())
