import type { WeirError } from '../api/errors.ts'

/** Is told how a response ended. */
export interface ResponseEnd {
  /**
   * Called once, when the response's stream has closed.
   * @param status of the head that was sent; 0 if none was
   * @param received bytes of the request's body, or of what came through the tunnel
   * @param sent bytes of the response's body, or of what went through the tunnel
   */
  responseEnded(
    outcome: 'completed' | 'aborted',
    status: number,
    error: WeirError | undefined,
    received: number,
    sent: number,
  ): void
}
