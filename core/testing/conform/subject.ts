import type { Exchange } from '../../api/exchange.ts'
import type { FilterFactory } from '../../api/filter-factory.ts'
import type { HeaderList } from '../../api/header-list.ts'
import type { LocalReply } from '../../api/reply.ts'
import type { ChainSetup } from '../run/chain-setup.ts'
import type { RunInput, RunRequest } from '../run/run-input.ts'
import type { RunResult } from '../run/run-result.ts'
import { StalledError } from '../run/stalled.ts'
import { startChain, type TestChain } from '../run/test-chain.ts'
import { describe, kindOf, Problems } from './found-problems.ts'
import type { ConformSetup } from './rule.ts'

/** A request in circumstances that a filter must stand. */
export interface Scenario {
  /** Who does what: `a later filter replies`. */
  readonly what: string
  /** Filters before and behind it. */
  readonly before?: FilterFactory
  readonly after?: FilterFactory
  readonly setup?: Pick<ChainSetup, 'route' | 'endpoint'>
  readonly request?: RunRequest | (() => RunRequest)
  readonly upstream?: RunInput['upstream']
  /** Refused before any filter sees it. */
  readonly refused?: LocalReply
}

/** A request that has not ended by then hangs; real milliseconds. */
const HANGING_MS = 3000

/** The filter under test, and the chains in which it is looked at. */
export class Subject {
  readonly factory: FilterFactory
  readonly setup: ConformSetup
  /** Fields of requests that the filter was seen to read, in lower case. */
  readonly reads = new Set<string>()

  constructor(factory: FilterFactory, setup: ConformSetup) {
    this.factory = factory
    this.setup = setup
  }

  get name(): string {
    return this.factory.name
  }

  /** A chain with the filter in it. */
  chain({ before, after, setup }: Pick<Scenario, 'before' | 'after' | 'setup'> = {}): Promise<TestChain> {
    const { options = {}, endpoint, services, baseDir } = this.setup
    const given = { endpoint, services, baseDir }
    const own = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined))
    const filters = [before, [this.factory, options] as const, after].filter((entry) => entry !== undefined)
    return startChain(filters, { ...own, ...setup })
  }

  /** Sends a request that the filter is expected to let pass, with what the scenario changes of it. */
  run(chain: TestChain, { request, upstream, refused }: Partial<Scenario> = {}, traced = true): Promise<RunResult> {
    const { identity, slots } = this.setup
    const change = typeof request === 'function' ? request() : request
    const given = { identity, slots, upstream }
    const input = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined))
    return chain.start(
      { ...input, request: merged(this.setup.request, change), traced },
      { watch: (x) => this.#noteReads(x), limitMs: HANGING_MS, ...(refused === undefined ? {} : { refused }) },
    )
  }

  /** Runs each scenario, traced and untraced, and says what it made of the filter. */
  async problemsOf(scenarios: readonly Scenario[]): Promise<string[]> {
    const problems = new Problems()
    for (const group of grouped(scenarios)) {
      const chain = await this.chain(group[0])
      try {
        for (const scenario of group)
          for (const traced of [true, false]) {
            try {
              this.#judge(await this.run(chain, scenario, traced), scenario, problems)
            } catch (error) {
              problems.add(scenario.what, (error as Error).message)
              // Each of the others would take as long.
              if (error instanceof StalledError) return problems.texts()
            }
          }
        for (const { message, fields } of chain.logs)
          if (message === 'a deadline failed')
            problems.add(
              'later',
              `a deadline set with env.timers fails with ${describe(fields.err)}`,
              kindOf(fields.err),
            )
      } finally {
        await chain.close()
      }
    }
    return problems.texts()
  }

  #judge(result: RunResult, { what, request }: Scenario, problems: Problems): void {
    const { faults, response, outcome, error } = result
    for (const fault of faults) {
      // Of functions that a filter leaves somewhere, the engine may not know whose they are.
      if (fault.filter !== this.name && fault.filter !== 'unknown') continue
      const text = `${fault.hook} fails with ${describe(fault.error)}; it must reply, or go on`
      problems.add(what, text, `${fault.hook} ${kindOf(fault.error)}`)
    }
    const method = typeof request === 'object' ? request.method : this.setup.request?.method
    const length = response.headers.get('content-length')
    const bodiless = method === 'HEAD' || response.status === 204 || response.status === 304
    if (length === undefined || bodiless || outcome !== 'completed' || error !== undefined) return
    if (Number(length) !== response.bytes.length)
      problems.add(
        what,
        'Content-Length of the response is not the length of its body: change bodies with x.response.body.replace() or through()',
      )
  }

  #noteReads(x: Exchange): void {
    const { headers } = x.request
    for (const method of ['get', 'all', 'has', 'joined'] as const) {
      const original = headers[method].bind(headers) as (name: string) => unknown
      Object.assign(headers, {
        [method]: (name: string) => {
          if (!KIT_READS.has(name)) this.reads.add(name.toLowerCase())
          return original(name)
        },
      } satisfies Partial<Record<keyof HeaderList, unknown>>)
    }
  }
}

/** What the engine reads itself. */
const KIT_READS = new Set(['accept', 'host', 'content-length'])

/** Scenarios that share a chain stand together. */
function grouped(scenarios: readonly Scenario[]): Scenario[][] {
  const groups: Scenario[][] = []
  for (const scenario of scenarios) {
    const last = groups.at(-1)
    const [first] = last ?? []
    const same = (['before', 'after', 'setup'] as const).every((key) => first?.[key] === scenario[key])
    if (last !== undefined && same) last.push(scenario)
    else groups.push([scenario])
  }
  return groups
}

/** The request that passes, with other fields. Headers are merged by name. */
export function merged(base: RunRequest = {}, change: RunRequest = {}): RunRequest {
  const changed = Object.keys(change.headers ?? {}).map((name) => name.toLowerCase())
  const kept = Object.entries(base.headers ?? {}).filter(([name]) => !changed.includes(name.toLowerCase()))
  return { ...base, ...change, headers: { ...Object.fromEntries(kept), ...change.headers } }
}
