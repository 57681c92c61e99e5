import { WeirError } from './errors.ts'
import { HookError } from './hook-error.ts'

/** A hook, as errors name it. */
export interface HookName {
  /** Name of its filter in the chain. */
  readonly name: string
  readonly hook: string
  /** It can't block the event loop, its factory says: nobody measures it. */
  readonly prompt?: boolean | undefined
}

/** Who runs hooks, and answers for what becomes of them. */
export interface HookWatch {
  /** Counts and logs what a hook threw where nobody is left who could reply. */
  report(error: HookError): void
  /** The synchronous part of a hook that is not `prompt` begins, or goes on after what it called. */
  running(): void
  /** It is over, or calls another hook. */
  returned(hook: HookName): void
}

let running: HookName | undefined
let watch: HookWatch | undefined

/**
 * @internal Says which hook runs from now until `leaveHook`: functions that it hands to a body run later, and their errors
 * are this filter's. Plain assignments, because it is called for every hook (measured).
 * @returns the hook that called this one (`upstream` calls the attempt), for `leaveHook`
 */
export function enterHook(hook: HookName, by: HookWatch): HookName | undefined {
  const outer = running
  if (outer !== undefined && outer.prompt !== true) by.returned(outer)
  running = hook
  watch = by
  if (hook.prompt !== true) by.running()
  return outer
}

/** @internal The hook returned. What runs behind an `await` in it can't be told apart. */
export function leaveHook(hook: HookName, outer: HookName | undefined): void {
  const by = watch
  running = outer
  if (outer === undefined) watch = undefined
  if (hook.prompt !== true) by?.returned(hook)
  if (outer !== undefined && outer.prompt !== true) by?.running()
}

/** The hook that gave a function to a body, or reads it. */
export class HookOwner {
  readonly #hook: (HookName & { readonly limitMs?: number | undefined }) | undefined = running
  readonly #watch = watch

  /** The hook; undefined if it is unknown. */
  get hook(): HookName | undefined {
    return this.#hook
  }

  /** How long the hook may wait; milliseconds. Undefined if it has no limit, or is unknown. */
  get limitMs(): number | undefined {
    return this.#hook?.limitMs
  }

  /** What the function threw, as an error that names the hook. */
  failure(thrown: unknown): HookError {
    return isA(thrown, HookError) ? thrown : new HookError(this.#hook?.name, this.#hook?.hook ?? 'body', thrown)
  }

  /** The same, but errors of the gateway, which filters may throw on purpose, pass as they are. */
  errorOf(thrown: unknown): WeirError {
    return isA(thrown, WeirError) ? thrown : this.failure(thrown)
  }

  /** Logs and counts an error that can't become a reply. */
  report(thrown: unknown): void {
    this.#watch?.report(this.failure(thrown))
  }
}

/** `instanceof` for what a filter threw: of a revoked proxy, for example, it throws itself. */
function isA<T>(thrown: unknown, type: new (...args: never[]) => T): thrown is T {
  try {
    return thrown instanceof type
  } catch {
    return false
  }
}

const UNKNOWN = new HookOwner()

/** The hook that runs now; unknown after an `await`. */
export const hookOwner = (): HookOwner => (running === undefined ? UNKNOWN : new HookOwner())
