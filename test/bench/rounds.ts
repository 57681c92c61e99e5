import type { Pair, Sample } from './statistics.ts'

/** More than this share of the machine's time, given to other machines, makes a round worthless. */
const STOLEN = 0.01

export interface Ticks {
  readonly all: number
  readonly stolen: number
}

export interface Rounds {
  /** Per program, in the order given: the two runs of every round that counts. */
  readonly pairs: readonly (readonly Pair[])[]
  /** Rounds that were left out, because time was stolen. */
  readonly leftOut: number
}

/**
 * Runs each program twice per round, in the order A B C C B A. A round during which the host took time away is left out and run again,
 * until there are as many as wanted, or twice as many have been run. Without a single good round, the bad ones count.
 */
export async function rounds(
  programs: readonly (() => Promise<Sample>)[],
  wanted: number,
  ticks: () => Ticks,
): Promise<Rounds> {
  const good: Pair[][] = []
  const bad: Pair[][] = []
  while (good.length < wanted && good.length + bad.length < 2 * wanted) {
    const before = ticks()
    const first: Sample[] = []
    const second: Sample[] = []
    for (const run of programs) first.push(await run())
    for (const run of programs.toReversed()) second.unshift(await run())
    const after = ticks()
    const clean = after.stolen - before.stolen <= STOLEN * (after.all - before.all)
    const round = first.map((sample, i): Pair => [sample, second[i]!])
    ;(clean ? good : bad).push(round)
  }
  const counted = good.length > 0 ? good : bad
  return { pairs: programs.map((_, i) => counted.map((round) => round[i]!)), leftOut: bad.length }
}

/** Splits a number of rounds into as equal parts as can be, none of them empty. */
export function partsOf(rounds: number, parts: number): number[] {
  const all = Math.ceil(rounds)
  const count = Math.min(parts, all)
  return Array.from({ length: count }, (_, i) => Math.floor((all * (i + 1)) / count) - Math.floor((all * i) / count))
}
