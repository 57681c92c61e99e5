import { type Target, TargetSlot } from '../api/endpoint.ts'
import { WeirError } from '../api/errors.ts'
import type { Exchange } from '../api/exchange.ts'
import type { Attempt, Awaitable, Next, Outcome, UpstreamCall, Verdict } from '../api/filter.ts'
import { attributed, LocalReply, type Response } from '../api/reply.ts'
import type { CompiledChain, Step } from './compiled-chain.ts'
import { HookError } from './hook-error.ts'
import type { Runtime } from './runtime.ts'

/** One attempt, from `admit` to `settled`. */
class AttemptState implements Attempt {
  readonly number: number
  readonly target: Target | undefined
  readonly startedAt: number
  status: number | undefined = undefined
  headMs: number | undefined = undefined
  /** How many of the compiled chain's `admit` hooks let it pass; only those filters see `settled`, beside filters without `admit`. */
  admitted = 0
  settled = false

  constructor(number: number, target: Target | undefined, startedAt: number) {
    this.number = number
    this.target = target
    this.startedAt = startedAt
  }
}

/** The attempts of one exchange: picks, admits, calls and settles each exactly once. */
export class Attempts {
  readonly #x: Exchange
  readonly #compiled: CompiledChain
  readonly #terminal: NonNullable<CompiledChain['terminal']>
  readonly #runtime: Runtime
  readonly #all: AttemptState[] = []

  constructor(
    x: Exchange,
    compiled: CompiledChain,
    terminal: NonNullable<CompiledChain['terminal']>,
    runtime: Runtime,
  ) {
    this.#x = x
    this.#compiled = compiled
    this.#terminal = terminal
    this.#runtime = runtime
  }

  /** One attempt; the innermost `next` of the exchange scope. */
  readonly attempt: Next = (call: UpstreamCall) => {
    const { filter: terminal, name } = this.#terminal
    let target: Target | LocalReply | undefined
    try {
      target = terminal.pick?.(this.#x, this.#all)
    } catch (error) {
      throw HookError.of(error, name, 'pick')
    }
    if (target instanceof LocalReply) return attributed(target, name)
    if (target !== undefined) this.#x.set(TargetSlot, target)
    const attempt = new AttemptState(this.#all.length + 1, target, this.#runtime.clock.now())
    this.#all.push(attempt)
    const refusal = this.#admit(attempt)
    if (refusal !== undefined) return refusal
    let answer: Awaitable<Response | LocalReply>
    try {
      answer = terminal.call(this.#x, attempt, call)
    } catch (error) {
      throw this.#broke(attempt, error)
    }
    if (answer instanceof LocalReply || !('then' in answer)) return this.#head(attempt, answer as Response | LocalReply)
    return answer.then(
      (late) => this.#head(attempt, late),
      (error: unknown) => {
        throw this.#broke(attempt, error)
      },
    )
  }

  /** Settles what is still open, when the exchange is over. */
  close(outcome: 'completed' | 'aborted'): void {
    for (const attempt of this.#all) this.#settle(attempt, outcome === 'aborted' ? 'ignored' : 'success', undefined)
  }

  #admit(attempt: AttemptState): LocalReply | undefined {
    for (const { filter, name } of this.#compiled.admits) {
      let verdict: Verdict
      try {
        verdict = filter.admit!(this.#x, attempt)
      } catch (error) {
        this.#settle(attempt, 'ignored', undefined)
        throw HookError.of(error, name, 'admit')
      }
      if (verdict !== undefined) {
        this.#settle(attempt, 'ignored', undefined)
        return attributed(verdict, name)
      }
      attempt.admitted++
    }
    return undefined
  }

  /** The head is there: the attempt lasts until its body is over. */
  #head(attempt: AttemptState, answer: Response | LocalReply): Response | LocalReply {
    if (answer instanceof LocalReply) {
      this.#settle(attempt, 'ignored', undefined)
      return attributed(answer, this.#terminal.name)
    }
    attempt.status = answer.status
    attempt.headMs = this.#runtime.clock.now() - attempt.startedAt
    if (answer.upgrade !== undefined) return answer // settled when the tunnel is over, and with it the exchange
    if (answer.body.empty) this.#settle(attempt, 'success', undefined)
    else answer.body.watch((end) => this.#settle(attempt, ...resultOf(end)))
    return answer
  }

  #broke(attempt: AttemptState, thrown: unknown): unknown {
    const error = thrown instanceof WeirError ? thrown : undefined
    this.#settle(attempt, error?.source === 'upstream' ? 'failure' : 'ignored', error)
    return HookError.of(thrown, this.#terminal.name, 'call')
  }

  #settle(attempt: AttemptState, result: Outcome['result'], error: WeirError | undefined): void {
    if (attempt.settled) return
    attempt.settled = true
    const { status, headMs } = attempt
    const outcome: Outcome = { result, status, error, headMs, totalMs: this.#runtime.clock.now() - attempt.startedAt }
    for (const step of this.#compiled.settleds) {
      if (!this.#passed(step, attempt)) continue
      try {
        step.filter.settled!(this.#x, attempt, outcome)
      } catch (thrown) {
        this.#runtime.filterError(this.#x, step.name, 'settled', thrown)
      }
    }
  }

  /** `settled` answers an `admit` that passed; a filter without `admit` sees attempts that all of them let pass. */
  #passed(step: Step, attempt: AttemptState): boolean {
    const { admits } = this.#compiled
    const at = admits.indexOf(step)
    return at === -1 ? attempt.admitted === admits.length : at < attempt.admitted
  }
}

function resultOf(end: 'ended' | 'dropped' | Error): [Outcome['result'], WeirError | undefined] {
  if (end === 'ended' || end === 'dropped') return ['success', undefined]
  const error = end instanceof WeirError ? end : undefined
  return [error?.source === 'upstream' ? 'failure' : 'ignored', error]
}
