import type { Awaitable, Next, Outcome, UpstreamCall } from '../api/attempt.ts'
import { enterHook, type HookWatch, leaveHook } from '../api/current-hook.ts'
import { type Target, TargetSlot } from '../api/endpoint.ts'
import { WeirError } from '../api/errors.ts'
import type { Exchange } from '../api/exchange.ts'
import type { Verdict } from '../api/filter.ts'
import { HookError } from '../api/hook-error.ts'
import { attributed, LocalReply, type Response } from '../api/reply.ts'
import { isThenable } from '../base/thenable.ts'
import { AttemptState } from './attempt-state.ts'
import type { CompiledChain } from './compiled-chain.ts'
import { dropResponse } from './drop-response.ts'
import { promptVerdictOf, responseOf, targetOf } from './hook-results.ts'
import { HookTimeLimit } from './hook-time-limit.ts'
import type { Runtime } from './runtime.ts'
import { outcomeOf, settleAttempt } from './settle-attempt.ts'
import { aroundUpstream } from './upstream-hooks.ts'

/** Who gets the result of the attempts. */
interface AttemptsOwner extends HookWatch {
  upstreamDone(result: Response | LocalReply): void
  upstreamFailed(error: unknown): void
}

/** The attempts of one exchange. For each it picks a target, runs every `admit`, makes the call, and settles it exactly once. */
export class Attempts {
  readonly #x: Exchange
  readonly #compiled: CompiledChain
  readonly #runtime: Runtime
  readonly #watch: AttemptsOwner
  readonly #all: AttemptState[] = []
  #over = false

  constructor(x: Exchange, compiled: CompiledChain, runtime: Runtime, watch: AttemptsOwner) {
    this.#x = x
    this.#compiled = compiled
    this.#runtime = runtime
    this.#watch = watch
  }

  /** Number of attempts so far. */
  get count(): number {
    return this.#all.length
  }

  /** Makes the upstream call inside all `upstream` hooks, and gives its result to the owner. */
  start(call: UpstreamCall): void {
    const { upstreams } = this.#compiled
    const owner = this.#watch
    let result: Response | LocalReply | AttemptState | PromiseLike<Response | LocalReply>
    try {
      // Without hooks around it, one promise less.
      if (upstreams.length === 0) result = this.#begin(call)
      else result = aroundUpstream(this.#x, upstreams, this.#attempt, this.#runtime, owner)(call)
    } catch (error) {
      return owner.upstreamFailed(error)
    }
    if (result instanceof AttemptState) this.#await(result)
    else if (isThenable(result))
      result.then(
        (late) => owner.upstreamDone(late),
        (error: unknown) => owner.upstreamFailed(error),
      )
    else owner.upstreamDone(result)
  }

  /** The owner gets what `call` gives later. */
  #await(attempt: AttemptState): void {
    attempt.result!.then(
      (late) => {
        let result: Response | LocalReply
        try {
          result = this.#late(attempt, late)
        } catch (error) {
          return this.#watch.upstreamFailed(error)
        }
        this.#watch.upstreamDone(result)
      },
      (error: unknown) => this.#watch.upstreamFailed(this.#failed(attempt, error)),
    )
  }

  /** One attempt; the innermost `next`. */
  readonly #attempt: Next = (call: UpstreamCall) => {
    const attempt = this.#begin(call)
    if (!(attempt instanceof AttemptState)) return attempt
    return attempt.result!.then(
      (late) => this.#late(attempt, late),
      (error: unknown) => {
        throw this.#failed(attempt, error)
      },
    )
  }

  /** Begins an attempt. @returns the attempt, if its result comes later */
  #begin(call: UpstreamCall): Response | LocalReply | AttemptState {
    const { filter: terminal, name } = this.#compiled.terminal!
    if (this.#over || this.#x.aborted) throw new WeirError('client_gone')
    const target = this.#pick()
    if (target instanceof LocalReply) return target
    if (target !== undefined) this.#x.set(TargetSlot, target)
    const attempt = new AttemptState(this.#all.length + 1, target, this.#runtime.clock.now())
    this.#all.push(attempt)
    const refusal = this.#admit(attempt)
    if (refusal !== undefined) return refusal
    const outer = enterHook(this.#compiled.terminal!.call, this.#watch)
    try {
      const result = this.#limited(terminal.call(this.#x, attempt, call))
      if (!isThenable(result)) return this.#headOf(attempt, responseOf(result, name, 'call'))
      // Of another library it may settle twice, or throw.
      attempt.result = Promise.resolve(result)
      return attempt
    } catch (error) {
      throw this.#failed(attempt, error)
    } finally {
      leaveHook(this.#compiled.terminal!.call, outer)
    }
  }

  /**
   * The `upstream` hooks are done: whoever still calls is told to stop.
   * @param delivered the response that goes downstream; undefined for a reply
   * @param failed whether a hook failed, rather than decided
   */
  conclude(delivered: Response | undefined, failed: boolean): void {
    for (const attempt of this.#all) {
      if (attempt.settled) continue
      const { response } = attempt
      if (response === undefined) this.#abandon(attempt, 'ignored')
      else if (delivered === undefined) this.#abandon(attempt, failed ? 'ignored' : 'success')
      // Another response goes downstream. This one may be a part of it, so it is left alone until the exchange is over.
    }
  }

  /** Settles the attempts that are still open, when the exchange is over, and frees what nobody reads. */
  close(outcome: 'completed' | 'aborted'): void {
    this.#over = true
    for (const attempt of this.#all) {
      if (attempt.settled) continue
      const tunnel = attempt.response?.upgrade !== undefined && outcome === 'completed'
      this.#abandon(attempt, tunnel ? 'success' : 'ignored')
    }
  }

  /** Nobody wants the rest of an attempt. */
  #abandon(attempt: AttemptState, result: Outcome['result']): void {
    this.#settle(attempt, result, undefined)
    this.#cancel(attempt)
    if (attempt.response !== undefined) dropResponse(attempt.response)
  }

  #cancel(attempt: AttemptState): void {
    for (const thrown of attempt.cancel()) this.#watch.report(new HookError(undefined, 'onCancel', thrown))
  }

  /** The result of a `call` that waited. */
  #late(attempt: AttemptState, result: unknown): Response | LocalReply {
    if (attempt.settled) {
      dropResponse(result)
      throw new WeirError('client_gone')
    }
    try {
      return this.#headOf(attempt, responseOf(result, this.#compiled.terminal!.name, 'call'))
    } catch (error) {
      throw this.#failed(attempt, error)
    }
  }

  #pick(): Target | LocalReply | undefined {
    const { filter, name, pick } = this.#compiled.terminal!
    if (filter.pick === undefined) return undefined
    const outer = enterHook(pick, this.#watch)
    try {
      return targetOf(filter.pick(this.#x, this.#all), name)
    } catch (error) {
      throw this.#blamed(error, name, 'pick')
    } finally {
      leaveHook(pick, outer)
    }
  }

  /** The result of `call`, within the time limit of the terminal filter, if it has one. */
  #limited(result: Awaitable<Response | LocalReply>): Awaitable<Response | LocalReply> {
    const { name, limitMs } = this.#compiled.terminal!
    if (limitMs === undefined || !isThenable(result)) return result
    const { timers, clock } = this.#runtime
    const hook = { name, hook: 'call', limitMs }
    return new HookTimeLimit(
      hook,
      timers,
      () => clock.now(),
      () => Promise.resolve(result),
      dropResponse,
    ).result
  }

  #admit(attempt: AttemptState): LocalReply | undefined {
    for (const step of this.#compiled.admits) {
      const { filter, name } = step
      let verdict: Verdict
      const outer = enterHook(step, this.#watch)
      try {
        verdict = promptVerdictOf(filter.admit!(this.#x, attempt), name, 'admit')
      } catch (error) {
        this.#settle(attempt, 'ignored', undefined)
        throw this.#blamed(error, name, 'admit')
      } finally {
        leaveHook(step, outer)
      }
      if (verdict !== undefined) {
        this.#settle(attempt, 'ignored', undefined)
        return attributed(verdict, name)
      }
      attempt.pass()
    }
    return undefined
  }

  /** The head is there; the attempt lasts until its body is over. */
  #headOf(attempt: AttemptState, result: Response | LocalReply): Response | LocalReply {
    if (result instanceof LocalReply) {
      this.#settle(attempt, 'ignored', undefined)
      return result
    }
    attempt.headReceived(result, this.#runtime.clock.now())
    if (result.upgrade !== undefined) return result // settled when the tunnel, and with it the exchange, is over
    if (result.body.empty) this.#settle(attempt, 'success', undefined)
    else result.body.watch((end) => this.#settle(attempt, ...outcomeOf(end)))
    return result
  }

  #failed(attempt: AttemptState, thrown: unknown): unknown {
    const error = this.#blamed(thrown, this.#compiled.terminal!.name, 'call')
    const known = error instanceof HookError ? undefined : error
    this.#settle(attempt, known?.source === 'upstream' ? 'failure' : 'ignored', known)
    this.#cancel(attempt)
    return error
  }

  /** An error of a filter is logged here: an `upstream` hook around it may reply without it. */
  #blamed(thrown: unknown, filter: string, hook: string): WeirError {
    const error = HookError.of(thrown, filter, hook)
    if (error instanceof HookError) this.#watch.report(error)
    return error
  }

  #settle(attempt: AttemptState, result: Outcome['result'], error: WeirError | undefined): void {
    settleAttempt(attempt, result, error, this.#x, this.#compiled, this.#runtime, this.#watch)
  }
}
