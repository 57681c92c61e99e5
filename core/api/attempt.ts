import type { Target } from './endpoint.ts'
import type { WeirError } from './errors.ts'
import type { LocalReply, Response } from './reply.ts'

/** A value, or a promise of one. A hook that returns the value itself costs no promise. */
export type Awaitable<T> = T | PromiseLike<T>

/**
 * One call of the upstream; retries make several per exchange.
 *
 * ```ts
 * call: async (x: Exchange, attempt: Attempt) => {
 *   const query = new AbortController()
 *   attempt.onCancel(() => query.abort())
 *   const { status } = await fetch('http://lambda.test', { signal: query.signal })
 *   return reply(status, 'answered')
 * }
 * ```
 */
export interface Attempt {
  /** 1 for the first. */
  readonly number: number
  /** What `pick` chose; undefined for terminal filters without targets. */
  readonly target: Target | undefined
  /** Monotonic milliseconds. */
  readonly startedAt: number
  /**
   * For `call`: runs `fn` once if nobody waits for the attempt any more: the client left, a time limit passed, or an `upstream`
   * hook replied without it. What `fn` throws is logged and counted.
   */
  onCancel(fn: () => void): void
}

/** How an attempt ended. */
export interface Outcome {
  /**
   * - `success`: the response was complete, whatever its status.
   * - `failure`: the upstream could not be reached, was too slow, or broke off.
   * - `ignored`: it says nothing about the upstream (the client left, a later `admit` refused, a filter failed).
   */
  readonly result: 'success' | 'failure' | 'ignored'
  /** The upstream's status, if a head arrived. */
  readonly status: number | undefined
  readonly error: WeirError | undefined
  /** Milliseconds from the attempt's start to the response head; undefined if none came. */
  readonly headMs: number | undefined
  /** Milliseconds from the attempt's start to its end. */
  readonly totalMs: number
}

/**
 * The upstream call as `upstream` hooks pass it on.
 *
 * ```ts
 * upstream(x, call, next) {
 *   return next({ ...call, deadline: env.clock.now() + 2000 })
 * }
 * ```
 */
export interface UpstreamCall {
  /** Set when the client asked to switch protocols: `websocket`. */
  readonly upgrade: string | undefined
  /**
   * Monotonic milliseconds by which the head of the response must be there: the terminal filter gives the attempt up then, as
   * one that took too long. Undefined: only its own limits hold.
   */
  readonly deadline?: number
}

/** What an `upstream` hook wraps: the next hook, or the attempt itself. */
export type Next = (call: UpstreamCall) => Awaitable<Response | LocalReply>
