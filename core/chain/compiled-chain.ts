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
  readonly hook: 'request' | 'routed' | 'response'
  readonly limitMs: number | undefined
  run(x: X): Awaitable<Verdict>
}

/**
 * The filters of a chain as one endpoint has them (or, before the route is known, the chain itself), compiled into the lists
 * of hooks that the runner goes through. Where a filter is `off`, its position is undefined.
 */
export class CompiledChain {
  readonly steps: readonly (Step | undefined)[]
  /** Undefined before the route is known, if the terminal filter has an instance per endpoint. */
  readonly terminal: TerminalStep | undefined
  /** What runs until the route is known. */
  readonly start: readonly Op[]
  readonly admits: readonly HookStep[]
  readonly settleds: readonly HookStep[]
  /** In the order in which they run: from the last filter to the first. */
  readonly responses: readonly Op<ExchangeWithResponse>[]
  readonly logs: readonly HookStep[]
  readonly upstreams: readonly HookStep[]
  /** What runs once the route is known, by the position of the filter that wrote it. */
  readonly #rest: (readonly Op[] | undefined)[] = []
  readonly #stop: number
  #traced: CompiledChain | undefined
  #timed: CompiledChain | undefined

  /**
   * @param terminal position of the terminal filter
   * @param routes false for listeners without endpoints: `routed` then follows each `request` at once
   */
  constructor(steps: readonly (Step | undefined)[], terminal: number, routes: boolean) {
    this.steps = steps
    this.#terminal = terminal
    this.#routes = routes
    this.#stop = terminal + 1
    const last = steps[terminal]
    this.terminal = last && {
      ...last,
      filter: last.filter as TerminalFilter,
      pick: { name: last.name, hook: 'pick' },
      call: { name: last.name, hook: 'call' },
    }
    this.start = steps
      .slice(0, this.#stop)
      .flatMap((step, index) => (routes ? [op(step, index, 'request')] : both(step, index)))
      .filter(isOp)
    const having = (hook: keyof Filter): HookStep[] =>
      steps.flatMap((step, index) => (step?.filter[hook] === undefined ? [] : [{ ...step, index, hook }]))
    this.admits = having('admit')
    this.settleds = having('settled')
    this.logs = having('log')
    this.upstreams = having('upstream')
    this.responses = steps
      .map((step, index) => op(step, index, 'response'))
      .filter(isOp)
      .toReversed() as Op<ExchangeWithResponse>[]
  }

  readonly #terminal: number
  readonly #routes: boolean

  /** What runs once the filter at `index` has written the route: `routed` of the filters up to it, then the other filters. */
  rest(index: number): readonly Op[] {
    let program = this.#rest[index]
    if (program === undefined) {
      program = this.steps
        .slice(0, this.#stop)
        .flatMap((step, i) => (i <= index ? [op(step, i, 'routed')] : both(step, i)))
        .filter(isOp)
      this.#rest[index] = program
    }
    return program
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
    const steps = this.steps.map((step) => step && { ...step, filter: decorate(step.filter, step.name) })
    return new CompiledChain(steps, this.#terminal, this.#routes)
  }
}

function op(step: Step | undefined, index: number, hook: Op['hook']): Op | undefined {
  const run = step?.filter[hook]
  if (step === undefined || run === undefined) return undefined
  return { index, name: step.name, hook, limitMs: step.limitMs, run: run.bind(step.filter) as Op['run'] }
}

const both = (step: Step | undefined, index: number): (Op | undefined)[] => [
  op(step, index, 'request'),
  op(step, index, 'routed'),
]

const isOp = (o: Op | undefined): o is Op => o !== undefined
