import { safely } from '../base/error-text.ts'
import { type ErrorCode, WeirError } from './errors.ts'

/** The error of a filter: what its hook threw, or that it returned what it may not. */
export class HookError extends WeirError {
  /** Name of the filter in the chain; undefined where it can't be known. */
  readonly filter: string | undefined
  readonly hook: string
  /** Set once the error is logged and counted: it may pass several places that would do so. */
  reported = false

  constructor(filter: string | undefined, hook: string, cause: unknown, code: ErrorCode = 'filter_error') {
    super(code, undefined, { cause })
    this.filter = filter
    this.hook = hook
  }

  /** The error for what a hook threw: a `WeirError` as it is, anything else as an error of the filter. */
  static of(thrown: unknown, filter: string | undefined, hook: string): WeirError {
    // A revoked proxy throws at `instanceof`.
    return safely(() => thrown instanceof WeirError) === true
      ? (thrown as WeirError)
      : new HookError(filter, hook, thrown)
  }
}
