import { WeirError } from '../api/errors.ts'
import type { Exchange } from '../api/exchange.ts'
import type { Awaitable, ExchangeWithResponse, Finished, UpstreamCall, Verdict } from '../api/filter.ts'
import { outOfServiceReply } from '../api/out-of-service.ts'
import { LocalReply, type Response } from '../api/reply.ts'
import { Attempts } from './attempts.ts'
import type { Chain } from './chain.ts'
import type { CompiledChain, Op } from './compiled-chain.ts'
import { errorReply } from './error-reply.ts'
import { HookError } from './hook-error.ts'
import { renderReply } from './problem-document.ts'
import { attribute } from './proxy-status.ts'
import type { Runtime } from './runtime.ts'
import { fitHeadToBody } from './transformed-head.ts'

const isThenable = <T>(value: Awaitable<T>): value is PromiseLike<T> =>
  typeof value === 'object' && value !== null && 'then' in value && typeof value.then === 'function'

/** Where a runner sends the response. */
export interface ResponseOutlet {
  /** Called at most once per exchange. */
  deliver(response: Response): void
}

/**
 * Takes one exchange through its chain, as docs/life-of-a-request.md says. Synchronous as long as the hooks are: no
 * promise is made before the upstream is called.
 */
export class HookRunner {
  readonly x: Exchange
  readonly #chain: Chain
  readonly #runtime: Runtime
  readonly #outlet: ResponseOutlet
  #compiled: CompiledChain
  /** Filters before this position were entered. */
  #entered = 0
  #attempts: Attempts | undefined
  #error: WeirError | undefined
  #finished = false
  readonly #timed: boolean

  constructor(x: Exchange, chain: Chain, runtime: Runtime, outlet: ResponseOutlet) {
    this.x = x
    this.#chain = chain
    this.#runtime = runtime
    this.#outlet = outlet
    this.#timed = x.trace === undefined && runtime.durations.next()
    this.#compiled = this.#form(chain.base)
    chain.lease()
  }

  /** A request goes through its compiled chains as they are, traced, or timed, from start to finish. */
  #form(compiled: CompiledChain): CompiledChain {
    if (this.x.trace !== undefined) return compiled.traced
    return this.#timed ? compiled.timed(this.#runtime.durations) : compiled
  }

  start(): void {
    this.#inbound(this.#compiled.start, 0)
  }

  /** In place of `start`: the reply to a request that no filter may see. `log` runs as always. */
  replyEarly(reply: LocalReply): void {
    this.#answer(reply, 'engine')
  }

  /** Phases `request` and `routed`. */
  #inbound(program: readonly Op[], at: number): void {
    const { x } = this
    while (at < program.length) {
      const op = program[at++]!
      if (op.index >= this.#entered) this.#entered = op.index + 1
      let verdict: Awaitable<Verdict>
      try {
        verdict = op.run(x)
      } catch (error) {
        return this.#failed(error, op.name, op.hook)
      }
      if (isThenable(verdict)) {
        verdict.then(
          (late) => {
            if (!x.over && this.#verdict(late, op)) this.#advance(program, at, op)
          },
          (error: unknown) => this.#failed(error, op.name, op.hook),
        )
        return
      }
      if (!this.#verdict(verdict, op)) return
      if (x.route !== undefined && program === this.#compiled.start) {
        const rest = this.#enterRoute(op)
        if (rest === undefined) return
        program = rest
        at = 0
      }
    }
    this.#upstream()
  }

  /** False if the hook replied. */
  #verdict(verdict: Verdict, op: Op): boolean {
    if (verdict === undefined) return true
    this.#answer(verdict, op.name)
    return false
  }

  #advance(program: readonly Op[], at: number, op: Op): void {
    if (this.x.route === undefined || program !== this.#compiled.start) return this.#inbound(program, at)
    const rest = this.#enterRoute(op)
    if (rest !== undefined) this.#inbound(rest, 0)
  }

  /** The route was written: from here on the endpoint's compiled chain runs. Undefined if it leads nowhere: that is answered. */
  #enterRoute(op: Op): readonly Op[] | undefined {
    const { endpoint } = this.x.route!
    const compiled = this.#chain.compiledFor(endpoint.id)
    if (compiled === undefined) {
      const error = new Error(`a route was written to "${endpoint.id}", which is no endpoint of this configuration`)
      this.#failed(error, op.name, op.hook)
      return undefined
    }
    this.#compiled = this.#form(compiled)
    return this.#compiled.rest(op.index)
  }

  #upstream(): void {
    const { x } = this
    this.#entered = this.#compiled.steps.length
    const unmet = x.unmet(this.#chain.requires)
    if (unmet !== undefined)
      return this.#failed(new WeirError('requirement_unmet', `nothing satisfied "${unmet}"`), 'engine', 'requirements')
    // A filter that routes may not have looked.
    const blocked = x.endpoint === undefined ? undefined : outOfServiceReply(x.endpoint)
    if (blocked !== undefined) return this.#answer(blocked, 'engine')
    const { terminal } = this.#compiled
    if (terminal === undefined)
      return this.#answer(new LocalReply(404, 'no_route', { detail: 'Nothing routed this request.' }), 'engine')
    this.#attempts = new Attempts(x, this.#compiled, terminal, this.#runtime)
    let answer: Awaitable<Response | LocalReply>
    try {
      const call: UpstreamCall = { upgrade: x.request.upgrade }
      answer = this.#compiled.around(x, this.#attempts.attempt)(call)
    } catch (error) {
      return this.#failed(error, terminal.name, 'call')
    }
    if (isThenable(answer)) {
      answer.then(
        (late) => this.#answered(late),
        (error: unknown) => this.#failed(error, terminal.name, 'call'),
      )
    } else this.#answered(answer)
  }

  #answered(answer: Response | LocalReply): void {
    if (answer instanceof LocalReply) this.#answer(answer, this.#compiled.terminal!.name)
    else this.#outbound(answer, 0)
  }

  #answer(reply: LocalReply, filter: string): void {
    this.#outbound(renderReply(this.x, reply, filter), 0)
  }

  /** Phase `response`, over the filters that were entered, the last first. */
  #outbound(response: Response, at: number): void {
    const { x } = this
    if (x.over || x.aborted) return drop(response, x)
    x.response = response
    const ops = this.#compiled.responses
    while (at < ops.length) {
      const op = ops[at++]!
      if (op.index >= this.#entered) continue
      let verdict: Awaitable<Verdict>
      try {
        verdict = op.run(x as ExchangeWithResponse)
      } catch (error) {
        verdict = this.#errorOf(error, op.name, op.hook)
      }
      if (isThenable(verdict)) {
        verdict
          .then(undefined, (error: unknown) => this.#errorOf(error, op.name, op.hook))
          .then((late) => this.#outbound(this.#replaced(late, op), at))
        return
      }
      this.#replaced(verdict, op)
    }
    fitHeadToBody(x.response, x.request.method)
    attribute(x.response)
    this.#outlet.deliver(x.response)
  }

  /** The response that a hook's verdict leaves. */
  #replaced(verdict: Verdict, op: Op<ExchangeWithResponse>): Response {
    const { x } = this
    if (verdict === undefined) return x.response!
    drop(x.response!, x)
    x.response = renderReply(x, verdict, op.name)
    return x.response
  }

  #failed(error: unknown, filter: string, hook: string): void {
    this.#answer(this.#errorOf(error, filter, hook), filter)
  }

  /** The reply for whatever was thrown; counts and logs what is the gateway's own fault. */
  #errorOf(thrown: unknown, filter: string, hook: string): LocalReply {
    if (thrown instanceof HookError) {
      filter = thrown.filter
      hook = thrown.hook
      thrown = thrown.cause
    }
    const error = thrown instanceof WeirError ? thrown : new WeirError('filter_error', undefined, { cause: thrown })
    const known = error === thrown
    this.#error = error
    if (error.source === 'gateway') this.#runtime.filterError(this.x, filter, hook, known ? error : thrown)
    if (known) return errorReply(error, filter)
    const reply = errorReply(error, filter)
    const detail = `The filter "${filter}" failed in its ${hook} hook.`
    return new LocalReply(reply.status, reply.reason, { ...reply.options, detail, extra: { filter } }, filter)
  }

  /** The response's stream has closed: settles what is open, runs `log` once for every filter, ends the lease. */
  finish(outcome: 'completed' | 'aborted', error?: WeirError): void {
    if (this.#finished) return
    this.#finished = true
    const { x } = this
    if (outcome === 'aborted') x.abort()
    this.#attempts?.close(outcome)
    const finished: Finished = {
      exchange: x,
      outcome,
      status: x.response?.status ?? 0,
      error: error ?? this.#error,
      durationMs: this.#runtime.clock.now() - x.startedAt,
    }
    x.seal()
    this.#runtime.log(this.#compiled.logs, finished)
    this.#chain.unlease()
  }
}

/** Nobody will read this response. */
function drop(response: Response, x: Exchange): void {
  response.upgrade?.socket.destroy()
  response.body.discard(x.aborted ? new WeirError('client_gone') : undefined)
}
