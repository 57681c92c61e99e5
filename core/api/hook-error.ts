import { type ErrorCode, WeirError } from './errors.ts'

/** What a hook threw, or returned though it may not, and whose hook it was. */
export class HookError extends WeirError {
  /** Name of the filter in the chain; undefined where it can't be known. */
  readonly filter: string | undefined
  readonly hook: string
  /** Set once it has been logged and counted: it may travel through several places that would do so. */
  reported = false

  constructor(filter: string | undefined, hook: string, cause: unknown, code: ErrorCode = 'filter_error') {
    super(code, undefined, { cause })
    this.filter = filter
    this.hook = hook
  }

  /** Blames a filter, unless the gateway's own error already says what happened. */
  static of(thrown: unknown, filter: string | undefined, hook: string): WeirError {
    return thrown instanceof WeirError ? thrown : new HookError(filter, hook, thrown)
  }
}
