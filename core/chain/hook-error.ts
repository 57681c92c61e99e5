import { WeirError } from '../api/errors.ts'

/** What a hook inside the upstream call threw, and whose hook it was: outer `upstream` hooks see it pass. */
export class HookError extends WeirError {
  readonly filter: string
  readonly hook: string

  private constructor(filter: string, hook: string, cause: unknown) {
    super('filter_error', undefined, { cause })
    this.filter = filter
    this.hook = hook
  }

  /** Blames a filter, unless the gateway's own error already says what happened. */
  static of(thrown: unknown, filter: string, hook: string): WeirError {
    return thrown instanceof WeirError ? thrown : new HookError(filter, hook, thrown)
  }
}
