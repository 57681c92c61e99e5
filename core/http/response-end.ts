import type { WeirError } from '../api/errors.ts'

/** Is told how a response ended. */
export interface ResponseEnd {
  /**
   * Called once, when the response's stream has closed.
   * @param status of the head that was sent; 0 if none was
   */
  responseEnded(outcome: 'completed' | 'aborted', status: number, error: WeirError | undefined): void
}
