import type { FilterFactory } from '../api/filter-factory.ts'
import type { AdvisedFilters, OrderAdvice } from '../api/order-advice.ts'
import type { Problem } from '../control/config-error.ts'
import type { ListenerSpec } from '../control/gateway-spec.ts'
import type { Factories } from './lane.ts'

/** One advice, with the positions of the filters that it speaks of, in rising order. */
interface Pair {
  /** These belong before those of `behind`. */
  readonly ahead: readonly number[]
  readonly behind: readonly number[]
  readonly why: string
  /** Which of the two `{other}` of `why` names. */
  readonly other: 'ahead' | 'behind'
}

/** The check of what factories advise about the order of a chain, lane by lane. */
export class AdviceCheck {
  readonly #chain: ListenerSpec['chain']
  /** Those that some lane can go against. */
  readonly #pairs: readonly Pair[]
  /** By pair, then by the position of the filter that comes too late: the first one that it belongs before. */
  readonly #found = new Map<Pair, Map<number, number>>()

  constructor({ chain }: ListenerSpec, factories: Factories) {
    this.#chain = chain
    this.#pairs = [...new Set(factories)].flatMap((factory) =>
      (factory?.advises ?? []).map((advice) => pairOf(advice, factory!, factories)).filter(canBeWrong),
    )
  }

  /** @param isOn whether the filter at a position is on in the lane */
  check(isOn: (position: number) => boolean): void {
    for (const pair of this.#pairs) {
      const late = pair.ahead.find(isOn)
      const early = pair.behind.find(isOn)
      if (late === undefined || early === undefined || late < early) continue
      const found = this.#found.get(pair) ?? new Map<number, number>()
      this.#found.set(pair, found.set(late, Math.min(early, found.get(late) ?? early)))
    }
  }

  /** Each once, at the filter that comes too late. */
  get warnings(): Problem[] {
    const warnings = new Map<string, Problem>()
    for (const [{ why, other }, found] of this.#found)
      for (const [late, early] of found) {
        const { name, at: path } = this.#chain[late]!
        const before = this.#chain[early]!.name
        const reason = why.replaceAll('{other}', () => (other === 'ahead' ? name : before))
        const message = `"${name}" stands after "${before}": ${reason}; move "${name}" before "${before}"`
        warnings.set(message, { path, message })
      }
    return [...warnings.values()]
  }
}

function pairOf(advice: OrderAdvice, factory: FilterFactory, factories: Factories): Pair {
  const positions = (fits: (candidate: FilterFactory) => boolean): number[] =>
    factories.flatMap((candidate, i) => (candidate !== undefined && fits(candidate) ? [i] : []))
  const own = positions((candidate) => candidate === factory)
  const others = (which: AdvisedFilters): number[] =>
    positions((candidate) => candidate !== factory && isOneOf(candidate, which))
  const { before, after, why } = advice
  if (before !== undefined) return { ahead: own, behind: others(before), why, other: 'behind' }
  return { ahead: others(after), behind: own, why, other: 'ahead' }
}

function isOneOf(factory: FilterFactory, which: AdvisedFilters): boolean {
  const { filter, enforces, writes } = which
  if (filter !== undefined) return factory.name === filter
  if (enforces !== undefined) return factory.enforces?.includes(enforces) === true
  return factory.writes?.some(({ name }) => name === writes.name) === true
}

const canBeWrong = ({ ahead, behind }: Pair): boolean =>
  ahead.length > 0 && behind.length > 0 && ahead.at(-1)! > behind[0]!
