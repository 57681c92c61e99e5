import type {
  ChangedFields,
  Exchange,
  ExplainedAttempt,
  ExplainedExchange,
  ExplainedStep,
  Filter,
  Finished,
  ReachedFilter,
} from '../../core/index.ts'
import { bounded } from './bounded.ts'
import { ExchangeRing } from './exchange-ring.ts'

/** A place in the configuration, by keys and indices. */
export type PlacePath = readonly (string | number)[]

/** The chain that an exchange went through, as the configuration has it. */
export interface ChainPlaces {
  readonly filters: readonly {
    readonly name: string
    /** Undefined: it is not in a document. */
    readonly at: PlacePath | undefined
    readonly off: boolean
    readonly terminal: boolean
  }[]
  /** Where the endpoint is written. */
  readonly endpoint: PlacePath | undefined
}

/** An explanation whose places are not looked up yet. Plain data. */
export interface ExplainRecord extends Omit<ExplainedExchange, 'route' | 'steps'> {
  readonly route: { readonly by: string; readonly at: PlacePath | undefined } | null
  readonly steps: readonly (Omit<ExplainedStep, 'file' | 'line'> & { readonly at: PlacePath | undefined })[]
}

/** Most names, endpoints and attempts of each list, and the longest text of one. */
const MOST = 50
const LONGEST = 128

/**
 * What an exchange that is over shows of itself.
 * @param id by which it is found
 * @param chain undefined: its listener is gone
 * @param now milliseconds since the Unix epoch
 */
export function recordOf(
  finished: Finished,
  id: string,
  chain: ChainPlaces | undefined,
  worker: number | null,
  now: number,
): ExplainRecord {
  const x = finished.exchange!
  const ring = new ExchangeRing(1)
  ring.add(finished, now, true)
  const [recent] = ring.newest(worker)
  const { route, recording } = x
  return {
    ...recent!,
    request_id: id,
    route: route === undefined ? null : { by: bounded(route.template, LONGEST), at: chain?.endpoint },
    rejected: rejectedBy(recording!.reached, x),
    steps: (chain?.filters ?? []).map((filter, i) => stepOf(x, filter, recording!.reached[i])),
    calls: recording!.attempts.slice(0, MOST).map((step): ExplainedAttempt => {
      const { attempt, outcome } = step
      return {
        number: attempt.number,
        target: attempt.target === undefined ? null : bounded(attempt.target.url, LONGEST * 2),
        result: outcome?.result ?? 'ignored',
        status: outcome?.status ?? null,
        error: outcome?.error?.code ?? null,
        start_ms: rounded(attempt.startedAt - x.startedAt),
        head_ms: outcome?.headMs === undefined ? null : rounded(outcome.headMs),
        total_ms: rounded(outcome?.totalMs ?? recording!.at - attempt.startedAt),
      }
    }),
  }
}

function stepOf(
  x: Exchange,
  { name, at, off, terminal }: ChainPlaces['filters'][number],
  reached: ReachedFilter | undefined,
): ExplainRecord['steps'][number] {
  const step = x.recording!.steps.get(name)
  const entered = reached?.entered === true && (!terminal || step !== undefined)
  const shown = entered ? step : undefined
  return {
    filter: name,
    at,
    verdict: off ? 'off' : !entered ? 'not reached' : (step?.verdict ?? 'continue'),
    reason: shown?.reason === undefined ? null : bounded(shown.reason, LONGEST),
    start_ms: shown === undefined ? null : rounded(shown.startedAt - x.startedAt),
    self_ms: shown === undefined ? null : rounded(shown.selfMs),
    changes: changesOf(shown?.changes),
  }
}

function changesOf(changes: ChangedFields | undefined): ExplainedStep['changes'] {
  if (changes === undefined) return []
  return (['request', 'response'] as const)
    .filter((on) => changes[on].set.size + changes[on].removed.size > 0)
    .map((on) => ({ on, set: namesOf(changes[on].set), removed: namesOf(changes[on].removed) }))
}

const namesOf = (names: ReadonlySet<string>): string[] =>
  [...names].slice(0, MOST).map((name) => bounded(name, LONGEST))

function rejectedBy(reached: readonly ReachedFilter[], x: Exchange): ExplainedExchange['rejected'] {
  for (const { filter, entered } of reached) {
    if (!entered) continue
    try {
      const found = (filter as Filter | undefined)?.rejected?.(x)
      if (found !== undefined)
        return found.slice(0, MOST).map(({ endpoint, why }) => ({ endpoint, why: bounded(why, LONGEST * 2) }))
    } catch {
      // What it can't explain is left out; the exchange is over all the same.
    }
  }
  return []
}

const rounded = (ms: number): number => Math.round(ms * 1000) / 1000
