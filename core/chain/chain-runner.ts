import { WeirError } from '../api/errors.ts'
import type { Exchange } from '../api/exchange.ts'
import type { ExchangeWithResponse, Finished, Verdict } from '../api/filter.ts'
import { HookError } from '../api/hook-error.ts'
import { LocalReply, type Response } from '../api/reply.ts'
import { isThenable } from '../base/thenable.ts'
import { Attempts } from './attempts.ts'
import type { Chain } from './chain.ts'
import type { CompiledChain, Op } from './compiled-chain.ts'
import { correctHead } from './head-correction.ts'
import { HookCaller } from './hook-caller.ts'
import { hasResponse, verdictOf } from './hook-results.ts'
import { addProxyStatus } from './proxy-status.ts'
import { refusalBeforeUpstream } from './requirements.ts'
import type { Runtime } from './runtime.ts'

/** Where a runner sends the response. */
export interface ResponseOutlet {
  /** Called at most once per exchange. */
  deliver(response: Response): void
}

/**
 * Takes one exchange through its chain, as docs/life-of-a-request.md describes: calls each hook of each filter in its phase, and
 * turns what a hook returns or throws into a response. It is synchronous as long as the hooks are: it creates no promise before
 * the upstream is called.
 */
export class ChainRunner extends HookCaller {
  readonly #chain: Chain
  readonly #outlet: ResponseOutlet
  #compiled: CompiledChain
  /** Filters before this position were entered. */
  #entered = 0
  #attempts: Attempts | undefined
  #finished = false
  readonly #timed: boolean

  constructor(x: Exchange, chain: Chain, runtime: Runtime, outlet: ResponseOutlet) {
    super(x, runtime)
    this.#chain = chain
    this.#outlet = outlet
    this.#timed = x.trace === undefined && runtime.durations.next()
    this.#compiled = this.#form(chain.base)
    chain.lease()
  }

  /** A request uses its compiled chains plain, traced or timed: the same from start to finish. */
  #form(compiled: CompiledChain): CompiledChain {
    if (this.x.trace !== undefined) return compiled.traced
    return this.#timed ? compiled.timed(this.runtime.durations) : compiled
  }

  start(): void {
    this.#inbound(this.#compiled.start, 0)
  }

  /** Instead of `start`: replies to a request that no filter may see. `log` runs as always. */
  replyEarly(reply: LocalReply): void {
    this.#reply(reply, 'engine')
  }

  /** Phases `request` and `routed`. */
  #inbound(program: readonly Op[], at: number): void {
    const { x } = this
    while (at < program.length) {
      const op = program[at++]!
      if (op.index >= this.#entered) this.#entered = op.index + 1
      let verdict: Verdict
      try {
        const returned = this.call(op, x)
        if (isThenable(returned)) return this.#resumeInbound(returned as PromiseLike<Verdict>, program, at, op)
        verdict = verdictOf(returned, op.name, op.hook)
      } catch (error) {
        return this.#fail(error, op.name, op.hook)
      }
      if (verdict !== undefined) return this.#reply(verdict, op.name)
      if (x.route !== undefined && program === this.#compiled.start) {
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
      (late: unknown) => {
        if (this.x.over) return
        let verdict: Verdict
        try {
          verdict = verdictOf(late, op.name, op.hook)
        } catch (error) {
          return this.#fail(error, op.name, op.hook)
        }
        if (verdict !== undefined) return this.#reply(verdict, op.name)
        this.resumed()
        if (this.x.route === undefined || program !== this.#compiled.start) return this.#inbound(program, at)
        const rest = this.#enterRoute(op)
        if (rest !== undefined) this.#inbound(rest, 0)
      },
      (error: unknown) => this.#fail(error, op.name, op.hook),
    )
  }

  /** The route was written: from here on the endpoint's compiled chain runs. Undefined if there is no such endpoint. */
  #enterRoute(op: Op): readonly Op[] | undefined {
    const id: unknown = this.x.route?.endpoint?.id
    const compiled = this.#chain.compiledFor(String(id))
    if (compiled === undefined) {
      const error = new Error(`a route was written to "${String(id)}", which is no endpoint of this configuration`)
      this.#fail(error, op.name, op.hook)
      return undefined
    }
    this.#compiled = this.#form(compiled)
    return this.#compiled.rest(op.index)
  }

  #upstream(): void {
    const { x } = this
    this.#entered = this.#compiled.steps.length
    const refusal = refusalBeforeUpstream(x, this.#compiled, this.#chain.requires)
    if (refusal !== undefined) {
      if ('reply' in refusal) return this.#reply(refusal.reply, 'engine')
      const error = new WeirError('requirement_unmet', `nothing satisfied "${refusal.unmet}"`)
      return this.#fail(error, 'engine', 'requirements')
    }
    const terminal = this.#compiled.terminal!
    this.#attempts = new Attempts(x, this.#compiled, terminal, this.runtime, this)
    let result: Response | LocalReply | PromiseLike<Response | LocalReply>
    try {
      result = this.#attempts.around({ upgrade: x.request.upgrade })
    } catch (error) {
      return this.#fail(error, terminal.name, 'call')
    }
    if (isThenable(result)) {
      result.then(
        (late) => this.#upstreamDone(late),
        (error: unknown) => this.#fail(error, terminal.name, 'call'),
      )
    } else this.#upstreamDone(result)
  }

  #upstreamDone(result: Response | LocalReply): void {
    this.resumed()
    if (result instanceof LocalReply) this.#reply(result, this.#compiled.terminal!.name)
    else this.#outbound(result, 0)
  }

  #reply(reply: LocalReply, filter: string): void {
    this.#outbound(this.render(reply, filter), 0)
  }

  /** Phase `response`: the filters that were entered, from the last to the first. */
  #outbound(response: Response, at: number): void {
    const { x } = this
    if (x.over || x.aborted) return drop(response, x)
    x.response = response
    const ops = this.#compiled.responses
    while (at < ops.length) {
      const op = ops[at++]!
      if (op.index >= this.#entered) continue
      // Kept here, because the hook may replace them.
      const { body, upgrade } = response
      let returned: unknown
      try {
        returned = this.call(op, x as ExchangeWithResponse)
        if (isThenable(returned))
          return this.#resumeOutbound(returned as PromiseLike<Verdict>, at, op, { body, upgrade })
      } catch (error) {
        returned = this.errorOf(error, op.name, op.hook)
      }
      response = this.#after(returned, op, { body, upgrade })
    }
    correctHead(response, x.request.method)
    addProxyStatus(response)
    this.#outlet.deliver(response)
  }

  #resumeOutbound(promise: PromiseLike<Verdict>, at: number, op: Op<ExchangeWithResponse>, before: Content): void {
    this.within(promise, op)
      .then(undefined, (error: unknown) => this.errorOf(error, op.name, op.hook))
      .then((late) => {
        const response = this.#after(late, op, before)
        this.resumed()
        this.#outbound(response, at)
      })
  }

  /** The response after a `response` hook. */
  #after(returned: unknown, op: Op<ExchangeWithResponse>, before: Content): Response {
    const { x } = this
    let verdict: Verdict
    try {
      verdict = verdictOf(returned, op.name, op.hook)
      if (verdict === undefined && !hasResponse(x))
        throw new TypeError('the hook left a response that can not be sent: check its status, headers and body')
    } catch (error) {
      verdict = this.errorOf(error, op.name, op.hook)
    }
    if (verdict === undefined) {
      const left = x.response!
      if (left.body !== before.body) drop(before, x)
      return left
    }
    drop(before, x)
    x.response = this.render(verdict, op.name)
    return x.response
  }

  #fail(error: unknown, filter: string, hook: string): void {
    this.#reply(this.errorOf(error, filter, hook), filter)
  }

  /** The response's stream has closed: settles the open attempts, runs `log` once for every filter, and ends the lease. */
  finish(outcome: 'completed' | 'aborted', error?: WeirError): void {
    if (this.#finished) return
    this.#finished = true
    const { x } = this
    if (error instanceof HookError) this.report(error)
    if (outcome === 'aborted') {
      for (const thrown of x.abort()) this.report(new HookError(undefined, 'onAbort', thrown))
    }
    this.#attempts?.close(outcome)
    const now = this.runtime.clock.now()
    this.resumed(now)
    const finished: Finished = {
      exchange: x,
      outcome,
      status: x.response?.status ?? 0,
      error: error ?? this.error,
      durationMs: now - x.startedAt,
    }
    x.seal()
    this.runtime.log(this.#compiled.logs, finished, this)
    this.#chain.unlease()
  }
}

/** The parts of a response that hold a connection. */
type Content = Pick<Response, 'body'> & { readonly upgrade: Response['upgrade'] | undefined }

/** Discards a response that nobody will read. */
function drop({ body, upgrade }: Pick<Response, 'body' | 'upgrade'> | Content, x: Exchange): void {
  upgrade?.socket.destroy()
  body.discard(x.aborted ? new WeirError('client_gone') : undefined)
}
