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

/** A hook that holds the event loop longer than this is logged; milliseconds. */
const BLOCKED_MS = 100

/**
 * Calls single hooks for one exchange, and turns what they throw into replies. The base of the runner rather than a part of
 * it: one object less per request.
 */
export abstract class HookCaller implements HookWatch {
  readonly x: Exchange
  protected readonly runtime: Runtime
  /** The last error that made a reply. */
  protected error: WeirError | undefined
  /** Monotonic milliseconds at which the present hook began. */
  #hookAt: number

  constructor(x: Exchange, runtime: Runtime) {
    this.x = x
    this.runtime = runtime
    this.#hookAt = x.startedAt
  }

  /** Hooks run again after something was waited for: that time is no hook's. */
  resumed(now: number = this.runtime.clock.now()): void {
    this.#hookAt = now
  }

  /** One reading of the clock per hook: the end of one is the beginning of the next (40 ns, measured). */
  returned({ name, hook }: HookName): void {
    const now = this.runtime.clock.now()
    if (now - this.#hookAt > BLOCKED_MS) this.runtime.hookBlocked(this.x, name, hook, now - this.#hookAt)
    this.#hookAt = now
  }

  /** Calls a hook, so that what it leaves behind, and the time that it takes, are known to be its own. */
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
    if (limitMs === undefined) return promise
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

  /** The reply as a response; a reply that can't be sent is the error of the filter that made it. */
  protected render(reply: LocalReply, filter: string): Response {
    try {
      return renderReply(this.x, reply, filter)
    } catch (error) {
      const failure = this.errorOf(error, reply.filter ?? filter, 'reply')
      return renderReply(this.x, failure, filter)
    }
  }

  /** The reply for whatever was thrown; counts and logs what is the gateway's own fault. */
  protected errorOf(thrown: unknown, filter: string, hook: string): LocalReply {
    const error = HookError.of(thrown, filter, hook)
    this.error = error
    if (error instanceof HookError) {
      this.report(error)
      return filterFailure(error)
    }
    if (error.source === 'gateway') this.runtime.filterError(this.x, filter, hook, error)
    return errorReply(error, filter)
  }

  report(error: HookError): void {
    if (error.reported) return
    error.reported = true
    this.runtime.filterError(this.x, error.filter, error.hook, error.cause)
  }
}
