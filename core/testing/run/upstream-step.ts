import type { ErrorCode } from '../../api/errors.ts'
import type { HeaderList } from '../../api/header-list.ts'
import type { BodyBytes, Fields } from '../test-exchange.ts'
import type { Span } from './test-time.ts'

/** A response of the upstream. All of it may be left out: 200 without a body. */
export interface UpstreamResponse {
  readonly status?: number
  /** `Content-Length` is added where the length of the body is known. */
  readonly headers?: Fields
  /** A list comes chunk by chunk, as with `Transfer-Encoding: chunked`. */
  readonly body?: BodyBytes
  /** Fields behind the body. */
  readonly trailers?: Fields
  /** How long the head takes to come. */
  readonly delay?: Span
  /** The body breaks off with this error behind its last chunk: `upstream_reset`. */
  readonly bodyError?: ErrorCode
}

/**
 * What plays the upstream:
 * - a response, or its status alone: `503`
 * - the code of an error, if there is none: `'upstream_reset'`, `'upstream_connect_failed'`, `'upstream_timeout'`
 * - a list of those, one per attempt; the last stands for all further attempts
 * - a function that gets the request and the attempt's number, from 1
 */
export type TestUpstream =
  | UpstreamStep
  | readonly UpstreamStep[]
  | ((request: UpstreamRequest, attempt: number) => UpstreamStep | Promise<UpstreamStep>)

export type UpstreamStep = UpstreamResponse | number | ErrorCode

/** A request as it reached the upstream. */
export interface UpstreamRequest {
  /** Number of the attempt, from 1. */
  readonly attempt: number
  /** URL of the target. */
  readonly target: string | undefined
  readonly method: string
  /** The target's base path, then the route's path. */
  readonly path: string
  /** With its `?`, or empty. */
  readonly query: string
  /** What filters left. A real `proxy` adds `Via`, `Forwarded` and the like. */
  readonly headers: HeaderList
  readonly body: string
  readonly bytes: Buffer
}
