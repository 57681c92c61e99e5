import { WeirError } from '../api/errors.ts'
import type { Exchange } from '../api/exchange.ts'
import type { ExchangeWithResponse, Verdict } from '../api/filter.ts'
import type { LocalReply, Response } from '../api/reply.ts'
import { isThenable } from '../base/thenable.ts'
import type { CompiledChain, Op } from './compiled-chain.ts'
import { dropResponse, type ResponseContent } from './drop-response.ts'
import { correctHead } from './head-correction.ts'
import { HookCaller } from './hook-caller.ts'
import { checkLeftResponse, verdictOf } from './hook-results.ts'
import { addProxyStatus } from './proxy-status.ts'
import type { Runtime } from './runtime.ts'

/** Where a runner sends the response. */
export interface ResponseOutlet {
  /** Called at most once per exchange. */
  deliver(response: Response): void
  /** Ends the exchange as well as it still can: with an empty 500 while no head is out, else with a cut. */
  abandon(error: WeirError): void
}

/** Takes a response through the phase `response` to its outlet. The other half of `ChainRunner`: see there. */
export abstract class ResponsePhase extends HookCaller {
  protected compiled: CompiledChain
  /** Filters with ranks below this were entered. */
  protected entered = 0
  readonly #outlet: ResponseOutlet

  constructor(x: Exchange, runtime: Runtime, compiled: CompiledChain, outlet: ResponseOutlet) {
    super(x, runtime)
    this.compiled = compiled
    this.#outlet = outlet
  }

  protected reply(reply: LocalReply, filter: string): void {
    this.outbound(this.render(reply, filter), 0)
  }

  protected fail(error: unknown, filter: string, hook: string): void {
    this.reply(this.errorOf(error, filter, hook), filter)
  }

  /** The filters that were entered, from the last to the first. */
  protected outbound(response: Response, at: number): void {
    const { x } = this
    if (x.over || x.aborted) return dropResponse(response, x.aborted ? new WeirError('client_gone') : undefined)
    x.response = response
    const ops = this.compiled.responses
    while (at < ops.length) {
      const op = ops[at++]!
      if (op.rank >= this.entered) continue
      // Kept here, because the hook may replace them.
      const { body, upgrade } = response
      let returned: unknown
      try {
        returned = this.call(op, x as ExchangeWithResponse)
        if (isThenable(returned)) return this.#resume(returned as PromiseLike<Verdict>, at, op, { body, upgrade })
      } catch (error) {
        returned = this.errorOf(error, op.name, op.hook)
      }
      response = this.#after(returned, op, { body, upgrade })
    }
    correctHead(response, x.request.method)
    addProxyStatus(response)
    x.beforeHead?.(response)
    this.#outlet.deliver(response)
  }

  #resume(promise: PromiseLike<Verdict>, at: number, op: Op<ExchangeWithResponse>, before: ResponseContent): void {
    const go = (returned: unknown): void => this.guarded(() => this.outbound(this.#after(returned, op, before), at))
    this.within(promise, op).then(go, (error: unknown) => this.guarded(() => go(this.errorOf(error, op.name, op.hook))))
  }

  /** The response after a `response` hook. */
  #after(returned: unknown, op: Op<ExchangeWithResponse>, before: ResponseContent): Response {
    const { x } = this
    let verdict: Verdict
    try {
      verdict = verdictOf(returned, op.name, op.hook)
      if (verdict === undefined) checkLeftResponse(x)
    } catch (error) {
      verdict = this.errorOf(error, op.name, op.hook)
    }
    if (verdict !== undefined) {
      dropResponse(before, x.aborted ? new WeirError('client_gone') : undefined)
      x.response = this.render(verdict, op.name)
      return x.response
    }
    const left = x.response!
    if (left.upgrade !== before.upgrade) before.upgrade?.socket.destroy()
    if (left.body !== before.body) {
      dropResponse({ body: before.body })
      // Its validators and digests were those of the other bytes.
      left.body.changed = true
    }
    return left
  }

  /** Runs a part of the engine that was called by nobody who could catch what it throws. */
  protected guarded(work: () => void): void {
    try {
      work()
    } catch (error) {
      this.collapse(error)
    }
  }

  /** The engine itself threw, over something that no check foresaw. The request ends all the same. */
  protected collapse(thrown: unknown): void {
    this.error = new WeirError('internal_error', undefined, { cause: thrown })
    this.runtime.filterError(this.x, undefined, 'engine', thrown)
    this.#outlet.abandon(this.error)
  }
}
