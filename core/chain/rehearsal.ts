import { type Route, RouteSlot, type Target } from '../api/endpoint.ts'
import { WeirError } from '../api/errors.ts'
import type { Exchange } from '../api/exchange.ts'
import type { ExchangeWithResponse, Filter, Verdict } from '../api/filter.ts'
import type { FilterFactory } from '../api/filter-factory.ts'
import { HookError } from '../api/hook-error.ts'
import { LocalReply } from '../api/reply.ts'
import type { Chain } from './chain.ts'
import type { CompiledChain, TerminalStep } from './compiled-chain.ts'
import { errorReply, filterFailure } from './error-reply.ts'
import { targetOf, verdictOf } from './hook-results.ts'
import { renderReply } from './render-reply.ts'
import { refusalBeforeUpstream } from './requirements.ts'

/** One hook of a rehearsal. */
export interface RehearsedHook {
  /** Position of its filter in the chain. */
  readonly index: number
  readonly hook: 'request' | 'routed' | 'upstream' | 'pick' | 'admit' | 'call' | 'response'
  /** What the decision of a hook that was `not run` would be is unknown; the rehearsal goes on as if the request had passed. */
  readonly verdict: 'continues' | 'not run' | LocalReply
}

/** What would happen to a request, as far as that can be known without the network and without the running gateway. */
export interface Rehearsal {
  readonly turns: readonly RehearsedHook[]
  readonly route: Route | undefined
  /** The filters that the request met last: the endpoint's, once the route was known. */
  readonly compiled: CompiledChain
  /** Whether the filter at a position was entered. */
  entered(index: number): boolean
  /** How the request ends; `unknown` says in words what that depends on. */
  readonly end:
    | { readonly reply: LocalReply; readonly by: string }
    | { readonly target: Target | undefined; readonly by: string }
    | { readonly unknown: string }
}

/**
 * Takes an exchange through its chain as `ChainRunner` does, up to the call of the upstream, which is not made. It runs only
 * the hooks of filters whose factories are `offline`: where a filter replies, `response` too, but never `log`.
 * @param factories of the chain's filters, by position
 */
export async function rehearse(
  x: Exchange,
  chain: Chain,
  factories: readonly (FilterFactory | undefined)[],
): Promise<Rehearsal> {
  const turns: RehearsedHook[] = []
  let compiled = chain.base
  let entered = 0
  const ended = (end: Rehearsal['end']): Rehearsal => {
    const { ranks } = compiled
    return { turns, route: x.route, compiled, entered: (index) => ranks[index]! < entered, end }
  }
  const runs = (index: number): boolean => factories[index]?.offline === true
  /** The reply passes the filters that were entered, as a response does: each may send another in its place. */
  const replied = async (reply: LocalReply, by: string): Promise<Rehearsal> => {
    let last = { reply, by: reply.filter ?? by }
    for (const { index, rank, name, hook, run } of compiled.responses) {
      if (rank >= entered || !runs(index)) continue
      x.response = renderReply(x, last.reply, last.by)
      const other = await outcomeOf(() => run(x as ExchangeWithResponse), name, hook)
      if (!(other instanceof LocalReply)) continue
      turns.push({ index, hook: 'response', verdict: other })
      last = { reply: other, by: other.filter ?? name }
    }
    return ended(last)
  }
  /** The last filter whose hooks were not run and that could have done this. */
  const notRun = (could: (factory: FilterFactory) => boolean): string | undefined =>
    turns
      .filter(({ index, verdict }) => verdict === 'not run' && could(factories[index]!))
      .map(({ index }) => `"${factories[index]!.name}"`)
      .at(-1)

  let program = compiled.start
  for (let at = 0; at < program.length; ) {
    const { index, rank, name, hook, run } = program[at++]!
    entered = Math.max(entered, rank + 1)
    const verdict = runs(index) ? await outcomeOf(() => run(x), name, hook) : 'not run'
    turns.push({ index, hook: hook as RehearsedHook['hook'], verdict: verdict ?? 'continues' })
    if (verdict instanceof LocalReply) return replied(verdict, name)
    if (x.route === undefined || compiled.ofEndpoint) continue
    const own = chain.compiledFor(x.route.endpoint.id, index)
    if (own === undefined) return replied(replyFor(new Error('no such endpoint'), name, hook), name)
    compiled = own
    program = compiled.start
    at = 0
  }
  entered = compiled.end

  const refusal = refusalBeforeUpstream(x, compiled, chain.requires)
  if (refusal !== undefined) {
    if ('unmet' in refusal) {
      const { unmet } = refusal
      const filter = notRun((factory) => factory.enforces?.includes(unmet) === true)
      if (filter !== undefined) return ended({ unknown: `whether ${filter} satisfies "${unmet}"` })
      return replied(errorReply(new WeirError('requirement_unmet'), 'engine'), 'engine')
    }
    const filter =
      refusal.because === 'no terminal filter'
        ? notRun((factory) => factory.writes?.some(({ name }) => name === RouteSlot.name) === true)
        : undefined
    if (filter !== undefined) return ended({ unknown: `which endpoint ${filter} routes it to` })
    return replied(refusal.reply, 'engine')
  }
  const terminal = compiled.terminal!

  const last = compiled.steps.findIndex((step) => step?.filter === terminal.filter)
  const wait = (hook: 'upstream' | 'admit'): void =>
    compiled.steps.forEach((step, index) => {
      if (step?.filter[hook] !== undefined) turns.push({ index, hook, verdict: 'not run' })
    })
  wait('upstream')
  let target: Target | undefined
  if (terminal.filter.pick !== undefined) {
    const picked = runs(last) ? pick(x, terminal) : undefined
    turns.push({ index: last, hook: 'pick', verdict: verdictOfPick(picked, runs(last)) })
    if (picked instanceof LocalReply) return replied(picked, terminal.name)
    target = picked
  }
  wait('admit')
  turns.push({ index: last, hook: 'call', verdict: 'not run' })
  return ended({ target, by: terminal.name })
}

const verdictOfPick = (picked: Target | LocalReply | undefined, ran: boolean): RehearsedHook['verdict'] =>
  picked instanceof LocalReply ? picked : ran ? 'continues' : 'not run'

/** The verdict of a hook; the engine's reply if it throws, or returns what it may not. */
async function outcomeOf(run: () => unknown, filter: string, hook: string): Promise<Verdict> {
  try {
    return verdictOf(await run(), filter, hook)
  } catch (error) {
    return replyFor(error, filter, hook)
  }
}

/** The same for `pick`, which is synchronous. */
function pick(x: Exchange, { filter, name }: TerminalStep): Target | LocalReply | undefined {
  try {
    return targetOf(filter.pick!(x, []), name)
  } catch (error) {
    return replyFor(error, name, 'pick')
  }
}

function replyFor(thrown: unknown, filter: string, hook: string): LocalReply {
  const error = HookError.of(thrown, filter, hook)
  return error instanceof HookError ? filterFailure(error) : errorReply(error, filter)
}

/** The lines of a filter's `explain` hook about a request that was rehearsed. */
export function notesOf(filter: Filter, x: Exchange): string[] {
  try {
    return [...(filter.explain?.(x) ?? [])]
  } catch (error) {
    return [`it can't explain itself: ${error instanceof Error ? error.message : String(error)}`]
  }
}
