import type { Attempt, Awaitable, Next, Outcome, UpstreamCall } from '../api/attempt.ts'
import { enterHook, type HookWatch, leaveHook } from '../api/current-hook.ts'
import { type Target, TargetSlot } from '../api/endpoint.ts'
import { WeirError } from '../api/errors.ts'
import type { Exchange } from '../api/exchange.ts'
import type { Verdict } from '../api/filter.ts'
import { HookError } from '../api/hook-error.ts'
import { attributed, LocalReply, type Response } from '../api/reply.ts'
import { isThenable } from '../base/thenable.ts'
import type { CompiledChain, HookStep, TerminalStep } from './compiled-chain.ts'
import { promptVerdictOf, responseOf, targetOf } from './hook-results.ts'
import { HookTimeLimit } from './hook-time-limit.ts'
import type { Runtime } from './runtime.ts'
import { aroundUpstream, dropLate } from './upstream-hooks.ts'

/** One attempt, from `admit` to `settled`. */
class AttemptState implements Attempt {
  readonly number: number
  readonly target: Target | undefined
  readonly startedAt: number
  status: number | undefined = undefined
  headMs: number | undefined = undefined
  /** How many of the chain's `admit` hooks let it pass. Of the filters with `admit`, only those see `settled`. */
  admitted = 0
  settled = false

  constructor(number: number, target: Target | undefined, startedAt: number) {
    this.number = number
    this.target = target
    this.startedAt = startedAt
  }
}

/** Watches the hooks of one exchange. */
interface ExchangeWatch extends HookWatch {
  /** Hooks run again after a wait. @param now monotonic milliseconds */
  resumed(now: number): void
}

/** The attempts of one exchange. For each it picks a target, runs every `admit`, makes the call, and settles it exactly once. */
export class Attempts {
  readonly #x: Exchange
  readonly #compiled: CompiledChain
  readonly #terminal: TerminalStep
  readonly #runtime: Runtime
  readonly #watch: ExchangeWatch
  readonly #all: AttemptState[] = []

  constructor(x: Exchange, compiled: CompiledChain, terminal: TerminalStep, runtime: Runtime, watch: ExchangeWatch) {
    this.#x = x
    this.#compiled = compiled
    this.#terminal = terminal
    this.#runtime = runtime
    this.#watch = watch
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
    return result.then(
      (late) => {
        try {
          return this.#headOf(attempt, responseOf(late, name, 'call'))
        } catch (error) {
          throw this.#failed(attempt, error)
        }
      },
      (error: unknown) => {
        throw this.#failed(attempt, error)
      },
    )
  }

  /** Settles the attempts that are still open, when the exchange is over. */
  close(outcome: 'completed' | 'aborted'): void {
    for (const attempt of this.#all) this.#settle(attempt, outcome === 'aborted' ? 'ignored' : 'success', undefined)
  }

  #pick(): Target | LocalReply | undefined {
    const { filter, name, pick } = this.#terminal
    if (filter.pick === undefined) return undefined
    const outer = enterHook(pick, this.#watch)
    try {
      return targetOf(filter.pick(this.#x, this.#all), name)
    } catch (error) {
      throw HookError.of(error, name, 'pick')
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
      () => result,
      dropLate,
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
        throw HookError.of(error, name, 'admit')
      } finally {
        leaveHook(step, outer)
      }
      if (verdict !== undefined) {
        this.#settle(attempt, 'ignored', undefined)
        return attributed(verdict, name)
      }
      attempt.admitted++
    }
    return undefined
  }

  /** The head is there; the attempt lasts until its body is over. */
  #headOf(attempt: AttemptState, result: Response | LocalReply): Response | LocalReply {
    if (result instanceof LocalReply) {
      this.#settle(attempt, 'ignored', undefined)
      return result
    }
    attempt.status = result.status
    attempt.headMs = this.#runtime.clock.now() - attempt.startedAt
    if (result.upgrade !== undefined) return result // settled when the tunnel, and with it the exchange, is over
    if (result.body.empty) this.#settle(attempt, 'success', undefined)
    else result.body.watch((end) => this.#settle(attempt, ...outcomeOf(end)))
    return result
  }

  #failed(attempt: AttemptState, thrown: unknown): unknown {
    const error = thrown instanceof WeirError ? thrown : undefined
    this.#settle(attempt, error?.source === 'upstream' ? 'failure' : 'ignored', error)
    return HookError.of(thrown, this.#terminal.name, 'call')
  }

  #settle(attempt: AttemptState, result: Outcome['result'], error: WeirError | undefined): void {
    if (attempt.settled) return
    attempt.settled = true
    const { status, headMs } = attempt
    const now = this.#runtime.clock.now()
    const outcome: Outcome = { result, status, error, headMs, totalMs: now - attempt.startedAt }
    this.#watch.resumed(now)
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
