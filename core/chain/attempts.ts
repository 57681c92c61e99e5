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
import type { CompiledChain, HookStep, TerminalStep } from './compiled-chain.ts'
import { dropResponse } from './drop-response.ts'
import { promptVerdictOf, responseOf, targetOf } from './hook-results.ts'
import { HookTimeLimit } from './hook-time-limit.ts'
import type { Runtime } from './runtime.ts'
import { aroundUpstream } from './upstream-hooks.ts'

/** The attempts of one exchange. For each it picks a target, runs every `admit`, makes the call, and settles it exactly once. */
export class Attempts {
  readonly #x: Exchange
  readonly #compiled: CompiledChain
  readonly #terminal: TerminalStep
  readonly #runtime: Runtime
  readonly #watch: HookWatch
  readonly #all: AttemptState[] = []
  #over = false

  constructor(x: Exchange, compiled: CompiledChain, terminal: TerminalStep, runtime: Runtime, watch: HookWatch) {
    this.#x = x
    this.#compiled = compiled
    this.#terminal = terminal
    this.#runtime = runtime
    this.#watch = watch
  }

  /** Number of attempts so far. */
  get count(): number {
    return this.#all.length
  }

  /** The upstream call inside all `upstream` hooks. */
  around(call: UpstreamCall): Awaitable<Response | LocalReply> {
    const { upstreams } = this.#compiled
    if (upstreams.length === 0) return this.#attempt(call)
    return aroundUpstream(this.#x, upstreams, this.#attempt, this.#runtime, this.#watch)(call)
  }

  /** One attempt; the innermost `next`. */
  readonly #attempt: Next = (call: UpstreamCall) => {
    const { filter: terminal, name } = this.#terminal
    if (this.#over || this.#x.aborted) throw new WeirError('client_gone')
    const target = this.#pick()
    if (target instanceof LocalReply) return target
    if (target !== undefined) this.#x.set(TargetSlot, target)
    const attempt = new AttemptState(this.#all.length + 1, target, this.#runtime.clock.now())
    this.#all.push(attempt)
    const refusal = this.#admit(attempt)
    if (refusal !== undefined) return refusal
    let result: Awaitable<Response | LocalReply>
    const outer = enterHook(this.#terminal.call, this.#watch)
    try {
      result = this.#limited(terminal.call(this.#x, attempt, call))
      if (!isThenable(result)) return this.#headOf(attempt, responseOf(result, name, 'call'))
    } catch (error) {
      throw this.#failed(attempt, error)
    } finally {
      leaveHook(this.#terminal.call, outer)
    }
    return Promise.resolve(result).then(
      (late) => this.#late(attempt, late),
      (error: unknown) => {
        throw this.#failed(attempt, error)
      },
    )
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
      return this.#headOf(attempt, responseOf(result, this.#terminal.name, 'call'))
    } catch (error) {
      throw this.#failed(attempt, error)
    }
  }

  #pick(): Target | LocalReply | undefined {
    const { filter, name, pick } = this.#terminal
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
    const { name, limitMs } = this.#terminal
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
    const error = this.#blamed(thrown, this.#terminal.name, 'call')
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
    if (!attempt.settle()) return
    const { status, headMs } = attempt
    const now = this.#runtime.clock.now()
    const outcome: Outcome = { result, status, error, headMs, totalMs: now - attempt.startedAt }
    if (result === 'failure' && error !== undefined) this.#runtime.upstreamFailed(this.#x, attempt, error)
    for (const step of this.#compiled.settleds) {
      if (!this.#passed(step, attempt)) continue
      const outer = enterHook(step, this.#watch)
      try {
        const result: unknown = step.filter.settled!(this.#x, attempt, outcome)
        this.#runtime.ignoreResult(result, this.#x, step.name, 'settled')
      } catch (thrown) {
        this.#runtime.filterError(this.#x, step.name, 'settled', thrown)
      } finally {
        leaveHook(step, outer)
      }
    }
  }

  /** `settled` follows an `admit` that let the attempt pass; a filter without `admit` sees attempts that all of them let pass. */
  #passed(step: HookStep, attempt: AttemptState): boolean {
    const { admits } = this.#compiled
    let at = 0
    while (at < admits.length && admits[at]!.index !== step.index) at++
    return at === admits.length ? attempt.admitted === at : at < attempt.admitted
  }
}

function outcomeOf(end: 'ended' | 'dropped' | Error): [Outcome['result'], WeirError | undefined] {
  if (end === 'ended' || end === 'dropped') return ['success', undefined]
  const error = end instanceof WeirError ? end : undefined
  return [error?.source === 'upstream' ? 'failure' : 'ignored', error]
}
