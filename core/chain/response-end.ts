import type { WeirError } from '../api/errors.ts'

/** How a response ended, as who wrote it knows. */
export interface ResponseEnd {
  readonly outcome: 'completed' | 'aborted'
  /** Of the head that was sent; 0 if none was. */
  readonly status: number
  readonly error: WeirError | undefined
  /** Bytes of the request's body, or of what came through the tunnel. */
  readonly received: number
  /** Bytes of the response's body, or of what went through the tunnel. */
  readonly sent: number
}
