import { enterHook, type HookName, type HookWatch, leaveHook } from '../api/current-hook.ts'
import type { WeirError } from '../api/errors.ts'
import type { Exchange } from '../api/exchange.ts'
import { HookError } from '../api/hook-error.ts'
import type { LocalReply, Response } from '../api/reply.ts'
import type { Op } from './compiled-chain.ts'
import { errorReply, filterFailure } from './error-reply.ts'
import { HookTimeLimit } from './hook-time-limit.ts'
import { renderReply } from './render-reply.ts'
import type { Runtime } from './runtime.ts'

/** A hook that blocks the event loop for longer than this is logged; milliseconds. */
const BLOCKED_MS = 100

/**
 * Calls one hook at a time for an exchange, and turns what it throws into a reply. It is the base class of `ChainRunner`, not a
 * part of it, to save an object per request.
 */
export abstract class HookCaller implements HookWatch {
  readonly x: Exchange
  protected readonly runtime: Runtime
  /** The last error that made a reply. */
  protected error: WeirError | undefined
  /** Monotonic milliseconds at which the current hook began. */
  #hookAt = 0

  constructor(x: Exchange, runtime: Runtime) {
    this.x = x
    this.runtime = runtime
  }

  running(): void {
    this.#hookAt = this.runtime.clock.now()
  }

  returned({ name, hook }: HookName): void {
    const ms = this.runtime.clock.now() - this.#hookAt
    if (ms > BLOCKED_MS) this.runtime.hookBlocked(this.x, name, hook, ms)
  }

  /** Calls a hook. Its time is measured, and functions that it gives to a body are known to be its own. */
  protected call<X>(op: Op<X>, x: X): unknown {
    enterHook(op, this)
    try {
      return op.run(x)
    } finally {
      leaveHook(op, undefined)
    }
  }

  /** The promise of a hook, or its time limit, whichever settles first. */
  protected within<T>(promise: PromiseLike<T>, { name, hook, limitMs }: Op<never>): PromiseLike<T> {
    // Of another library it may settle twice, or throw.
    if (limitMs === undefined) return Promise.resolve(promise)
    const { timers, clock } = this.runtime
    const limit = { name, hook, limitMs }
    return new HookTimeLimit<T>(
      limit,
      timers,
      () => clock.now(),
      () => promise,
      () => {},
    ).result
  }

  /** The reply as a response. A reply that can't be sent is an error of the filter that made it. */
  protected render(reply: LocalReply, filter: string): Response {
    try {
      return renderReply(this.x, reply, filter)
    } catch (error) {
      const failure = this.errorOf(error, reply.filter ?? filter, 'reply')
      return renderReply(this.x, failure, filter)
    }
  }

  /** The reply for what was thrown. Errors of filters and of the gateway itself are logged and counted. */
  protected errorOf(thrown: unknown, filter: string, hook: string): LocalReply {
    const error = HookError.of(thrown, filter, hook)
    this.error = error
    if (error instanceof HookError) {
      this.report(error)
      return filterFailure(error)
    }
    // What the gateway has run out of is no error of a filter, and whoever noticed it has logged it.
    if (error.source === 'gateway' && error.code !== 'gateway_exhausted')
      this.runtime.filterError(this.x, filter, hook, error)
    return errorReply(error, filter)
  }

  report(error: HookError): void {
    if (error.reported) return
    error.reported = true
    this.runtime.filterError(this.x, error.filter, error.hook, error.cause)
  }
}
