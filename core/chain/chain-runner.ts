import type { UpstreamCall } from '../api/attempt.ts'
import { WeirError } from '../api/errors.ts'
import type { Exchange } from '../api/exchange.ts'
import type { Finished, Verdict } from '../api/filter.ts'
import { HookError } from '../api/hook-error.ts'
import type { ReachedFilter } from '../api/recording.ts'
import { LocalReply, type Response } from '../api/reply.ts'
import { isThenable } from '../base/thenable.ts'
import { Attempts } from './attempts.ts'
import type { Chain } from './chain.ts'
import type { CompiledChain, Op } from './compiled-chain.ts'
import { verdictOf } from './hook-results.ts'
import { refusalBeforeUpstream } from './requirements.ts'
import type { ResponseEnd } from './response-end.ts'
import { type ResponseOutlet, ResponsePhase } from './response-phase.ts'
import type { Runtime } from './runtime.ts'

/** The call of a request that does not ask to switch protocols. */
const PLAIN: UpstreamCall = Object.freeze({ upgrade: undefined })

/**
 * Takes one exchange through its chain, as docs/life-of-a-request.md describes: calls each hook of each filter in its phase, and
 * turns what a hook returns or throws into a response. It is synchronous as long as the hooks are: it creates no promise before
 * the upstream is called.
 */
export class ChainRunner extends ResponsePhase {
  readonly #chain: Chain
  #attempts: Attempts | undefined
  #finished = false
  readonly #timed: boolean

  constructor(x: Exchange, chain: Chain, runtime: Runtime, outlet: ResponseOutlet) {
    super(x, runtime, chain.base, outlet)
    this.#chain = chain
    this.#timed = x.recording === undefined && runtime.durations.next()
    this.compiled = this.#form(chain.base)
    chain.lease()
  }

  /** A request uses its compiled chains plain, traced or timed: the same from start to finish. */
  #form(compiled: CompiledChain): CompiledChain {
    if (this.x.recording !== undefined) return compiled.traced
    return this.#timed ? compiled.timed(this.runtime.durations) : compiled
  }

  start(): void {
    try {
      this.#inbound(this.compiled.start, 0)
    } catch (error) {
      this.collapse(error)
    }
  }

  /** Instead of `start`: replies to a request that no filter may see. `log` runs as always. */
  replyEarly(reply: LocalReply): void {
    this.guarded(() => this.reply(reply, 'engine'))
  }

  /** Phases `request` and `routed`. */
  #inbound(program: readonly Op[], at: number): void {
    const { x } = this
    while (at < program.length) {
      const op = program[at++]!
      if (op.rank >= this.entered) this.entered = op.rank + 1
      let verdict: Verdict
      try {
        const returned = this.call(op, x)
        if (isThenable(returned)) return this.#resumeInbound(returned as PromiseLike<Verdict>, program, at, op)
        verdict = verdictOf(returned, op.name, op.hook)
      } catch (error) {
        return this.fail(error, op.name, op.hook)
      }
      if (verdict !== undefined) return this.reply(verdict, op.name)
      if (x.route !== undefined && !this.compiled.ofEndpoint) {
        const rest = this.#enterRoute(op)
        if (rest === undefined) return
        program = rest
        at = 0
      }
    }
    this.#upstream()
  }

  /** Continues when the promise of a hook has settled. */
  #resumeInbound(promise: PromiseLike<Verdict>, program: readonly Op[], at: number, op: Op): void {
    this.within(promise, op).then(
      (late: unknown) => this.guarded(() => this.#resumed(late, program, at, op)),
      (error: unknown) => this.guarded(() => this.fail(error, op.name, op.hook)),
    )
  }

  #resumed(late: unknown, program: readonly Op[], at: number, op: Op): void {
    if (this.x.over) return
    let verdict: Verdict
    try {
      verdict = verdictOf(late, op.name, op.hook)
    } catch (error) {
      return this.fail(error, op.name, op.hook)
    }
    if (verdict !== undefined) return this.reply(verdict, op.name)
    if (this.x.route === undefined || this.compiled.ofEndpoint) return this.#inbound(program, at)
    const rest = this.#enterRoute(op)
    if (rest !== undefined) this.#inbound(rest, 0)
  }

  /** The route was written: from here on the endpoint's compiled chain runs. Undefined if there is no such endpoint. */
  #enterRoute(op: Op): readonly Op[] | undefined {
    const id: unknown = this.x.route?.endpoint?.id
    const compiled = this.#chain.compiledFor(String(id), op.index)
    if (compiled === undefined) {
      const error = new Error(`a route was written to "${String(id)}", which is no endpoint of this configuration`)
      this.fail(error, op.name, op.hook)
      return undefined
    }
    this.compiled = this.#form(compiled)
    return this.compiled.start
  }

  #upstream(): void {
    const { x } = this
    this.entered = this.compiled.end
    const refusal = refusalBeforeUpstream(x, this.compiled, this.#chain.requires)
    if (refusal !== undefined) {
      if ('reply' in refusal) return this.reply(refusal.reply, 'engine')
      const error = new WeirError('requirement_unmet', `nothing satisfied "${refusal.unmet}"`)
      return this.fail(error, 'engine', 'requirements')
    }
    const { upgrade } = x.request
    this.#attempts = new Attempts(x, this.compiled, this.runtime, this)
    this.#attempts.start(upgrade === undefined ? PLAIN : { upgrade })
  }

  upstreamDone(result: Response | LocalReply): void {
    try {
      const isReply = result instanceof LocalReply
      this.#attempts!.conclude(isReply ? undefined : result, false)
      if (isReply) this.reply(result, this.compiled.terminal!.name)
      else this.outbound(result, 0)
    } catch (error) {
      this.collapse(error)
    }
  }

  upstreamFailed(error: unknown): void {
    try {
      this.#attempts!.conclude(undefined, true)
      this.fail(error, this.compiled.terminal!.name, 'call')
    } catch (thrown) {
      this.collapse(thrown)
    }
  }

  /** The response's stream has closed: settles the open attempts, runs `log` once for every filter, and ends the lease. */
  finish({ outcome, status, error, received, sent }: ResponseEnd): void {
    if (this.#finished) return
    this.#finished = true
    const { x } = this
    try {
      if (error instanceof HookError) this.report(error)
      if (outcome === 'aborted')
        for (const thrown of x.abort()) this.report(new HookError(undefined, 'onAbort', thrown))
      this.#attempts?.close(outcome)
      const record: Finished = {
        exchange: x,
        outcome,
        status,
        error: error ?? this.error,
        durationMs: this.runtime.clock.now() - x.startedAt,
        listener: this.#chain.listener,
        attempts: this.#attempts?.count ?? 0,
        bytesReceived: received,
        bytesSent: sent,
      }
      if (x.recording?.explains === true) x.recording.reached = this.#reached()
      x.seal()
      this.runtime.log(this.compiled.logs, record, this)
    } finally {
      this.#chain.unlease()
    }
  }

  #reached(): ReachedFilter[] {
    const { parts, base } = this.#chain
    const { route } = this.x
    const filters = (route && this.#chain.filtersOf(route.endpoint.id)) ?? parts.base
    const { ranks } = this.compiled.ofEndpoint ? this.compiled : base
    return filters.map((instance, i) => ({ filter: instance?.filter, entered: ranks[i]! < this.entered }))
  }
}
