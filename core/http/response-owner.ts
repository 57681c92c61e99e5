import type { ResponseEnd } from '../chain/response-end.ts'

/** Is told how a response ended. */
export interface ResponseOwner {
  /** Called once, when the response's stream has closed. */
  responseEnded(end: ResponseEnd): void
}
