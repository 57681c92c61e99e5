import type { Awaitable } from '../api/attempt.ts'
import type { HookName } from '../api/current-hook.ts'
import type { Exchange } from '../api/exchange.ts'
import type { ExchangeWithResponse, Filter, TerminalFilter, Verdict } from '../api/filter.ts'
import { type FilterDurations, timeFilter } from '../observe/filter-durations.ts'
import { traceFilter } from '../observe/filter-spans.ts'

/** One filter at its place in a chain. */
export interface Step {
  /** Name in the chain. */
  readonly name: string
  readonly filter: Filter
  /** How long one of its hooks may wait before the request gets a 500; milliseconds. Undefined: no limit. */
  readonly limitMs: number | undefined
  /** Its hooks can't block the event loop. */
  readonly prompt?: boolean | undefined
}

/** The terminal filter at its place. */
export interface TerminalStep extends Step {
  readonly filter: TerminalFilter
  /** Its hooks, as errors name them. */
  readonly pick: HookName
  readonly call: HookName
}

/** A filter that has a certain hook, at its place. */
export interface HookStep extends Step, HookName {
  /** Position of its filter in the chain. */
  readonly index: number
}

/** One hook to run. */
export interface Op<X = Exchange> extends HookName {
  /** Position of its filter in the chain. */
  readonly index: number
  /** Rank of its filter in the order in which filters are entered: see `CompiledChain.ranks`. */
  readonly rank: number
  readonly hook: 'request' | 'routed' | 'response'
  readonly limitMs: number | undefined
  run(x: X): Awaitable<Verdict>
}

/** What has run of a chain before the route was known. */
export interface BeforeRoute {
  /** Position of the filter that wrote the route. */
  readonly index: number
  /** The chain's own filters. */
  readonly steps: readonly (Step | undefined)[]
}

/**
 * The filters of a chain as one endpoint has them (or, before the route is known, the chain itself), compiled into the lists
 * of hooks that the runner goes through. Where a filter is off, its position is undefined.
 */
export class CompiledChain {
  readonly steps: readonly (Step | undefined)[]
  /** Undefined before the route is known, if each endpoint has its own terminal filter. */
  readonly terminal: TerminalStep | undefined
  /**
   * What runs: until the route is known, or, compiled for an endpoint, from then on. That is `routed` of the filters whose
   * `request` has run, and both hooks of all others, in the order of the chain.
   */
  readonly start: readonly Op[]
  readonly admits: readonly HookStep[]
  readonly settleds: readonly HookStep[]
  /** In the order in which they run: from the last filter to the first. */
  readonly responses: readonly Op<ExchangeWithResponse>[]
  readonly logs: readonly HookStep[]
  readonly upstreams: readonly HookStep[]
  /**
   * The order in which filters are entered, by position: the position itself, but a filter before the route that is on at
   * the endpoint alone is entered when the route is known, after those whose `request` has run.
   */
  readonly ranks: readonly number[]
  /** Above every rank. */
  readonly end: number
  readonly ofEndpoint: boolean
  readonly #from: { readonly terminal: number; readonly routes: boolean; readonly before: BeforeRoute | undefined }
  #traced: CompiledChain | undefined
  #timed: CompiledChain | undefined

  /**
   * @param terminal position of the terminal filter; -1 if there is none
   * @param routes false for listeners without endpoints: `routed` then follows each `request` at once
   * @param before for the compiled chain of an endpoint
   */
  constructor(steps: readonly (Step | undefined)[], terminal: number, routes: boolean, before?: BeforeRoute) {
    this.steps = steps
    this.#from = { terminal, routes, before }
    const last = steps[terminal]
    this.terminal = last && {
      ...last,
      filter: last.filter as TerminalFilter,
      pick: { name: last.name, hook: 'pick', prompt: last.prompt },
      call: { name: last.name, hook: 'call', prompt: last.prompt },
    }
    const ran = (i: number): boolean => before !== undefined && i <= before.index && before.steps[i] !== undefined
    this.ranks = ranksOf(steps, before, ran)
    this.end = Math.max(0, ...this.ranks) + 1
    this.ofEndpoint = before !== undefined
    const hook = (i: number, name: Op['hook'], step = steps[i]): Op[] => op(step, i, this.ranks[i]!, name)
    const both = (i: number): Op[] => [...hook(i, 'request'), ...hook(i, 'routed')]
    const inbound = (i: number): Op[] =>
      ran(i) ? hook(i, 'routed') : routes && before === undefined ? hook(i, 'request') : both(i)
    const positions = [...steps.keys()]
    this.start = positions.slice(0, terminal === -1 ? steps.length : terminal + 1).flatMap(inbound)
    const having = (hook: keyof Filter, of = steps): HookStep[] =>
      of.flatMap((step, index) => (step?.filter[hook] === undefined ? [] : [{ ...step, index, hook }]))
    this.admits = having('admit')
    this.settleds = having('settled')
    this.upstreams = having('upstream')
    // A filter that is off at the endpoint, but whose `request` has run, finishes.
    const finishing = steps.map((step, i) =>
      step === undefined && ran(i) && before!.steps[i]!.filter.request !== undefined ? before!.steps[i] : step,
    )
    this.logs = having('log', finishing)
    this.responses = positions
      .flatMap((i) => hook(i, 'response', finishing[i]))
      .toReversed() as Op<ExchangeWithResponse>[]
  }

  /** The same compiled chain with every filter recording on the exchange's trace. */
  get traced(): CompiledChain {
    this.#traced ??= this.#decorated(traceFilter)
    return this.#traced
  }

  /** The same compiled chain with every filter's hooks timed. */
  timed(durations: FilterDurations): CompiledChain {
    this.#timed ??= this.#decorated((filter, name) => timeFilter(filter, name, durations))
    return this.#timed
  }

  #decorated(decorate: (filter: Filter, name: string) => Filter): CompiledChain {
    const all = (steps: readonly (Step | undefined)[]) =>
      steps.map((step) => step && { ...step, filter: decorate(step.filter, step.name) })
    const { terminal, routes, before } = this.#from
    return new CompiledChain(all(this.steps), terminal, routes, before && { ...before, steps: all(before.steps) })
  }
}

function ranksOf(
  steps: readonly (Step | undefined)[],
  before: BeforeRoute | undefined,
  ran: (i: number) => boolean,
): number[] {
  if (before === undefined) return [...steps.keys()]
  const late = (i: number): boolean => i <= before.index && steps[i] !== undefined && !ran(i)
  let next = before.index + 1
  return steps.map((_, i) => (i > before.index || late(i) ? next++ : i))
}

function op(step: Step | undefined, index: number, rank: number, hook: Op['hook']): Op[] {
  const run = step?.filter[hook]
  if (step === undefined || run === undefined) return []
  const { name, limitMs, prompt } = step
  return [{ index, rank, name, hook, limitMs, prompt, run: run.bind(step.filter) as Op['run'] }]
}
