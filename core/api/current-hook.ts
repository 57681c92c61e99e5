import { HookError } from './hook-error.ts'

/** Counts and logs errors of hooks that can't become a reply any more. */
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
 * @internal Notes which hook runs from now until `leaveHook`. Functions that the hook gives to a body run later, and their
 * errors are its filter's. Two plain assignments, because it runs for every hook (measured).
 */
export function enterHook(hook: HookName, errors: HookErrors): void {
  running = hook
  sink = errors
}

/** @internal The hook returned. What it does after an `await` can't be told from what other hooks do. */
export function leaveHook(): void {
  running = undefined
  sink = undefined
}

/** The hook that gave a function to a body. */
export class HookOwner {
  readonly #hook = running
  readonly #errors = sink

  /** What the function threw, as an error that names the hook. */
  failure(thrown: unknown): HookError {
    return thrown instanceof HookError ? thrown : new HookError(this.#hook?.name, this.#hook?.hook ?? 'body', thrown)
  }

  /** Logs and counts an error that can't become a reply. */
  report(thrown: unknown): void {
    this.#errors?.report(this.failure(thrown))
  }
}

const UNKNOWN = new HookOwner()

/** The hook that runs now; unknown after an `await`. */
export const hookOwner = (): HookOwner => (running === undefined ? UNKNOWN : new HookOwner())
