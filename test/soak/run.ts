// What all soaks share: their settings, figures and end.
import { cpus } from 'node:os'
import { basename } from 'node:path'

const endings: (() => unknown)[] = []
let failed = false

/** Things that are ended with the soak, the last one first. */
export const cleaner = { teardown: (fn: () => unknown) => void endings.push(fn) }

/** A number that an environment variable may replace. */
export const setting = (name: string, otherwise: number): number => Number(process.env[`SOAK_${name}`] ?? otherwise)

export const MIB = 2 ** 20

/** Prints a figure, as a row of a table. */
export function say(what: string, value: string | number): void {
  console.log(`| ${what} | ${value} |`)
}

/** Prints a figure that the soak fails on unless it is as it must be. */
export function must(what: string, value: string | number, holds: boolean): void {
  if (!holds) failed = true
  say(what, holds ? value : `${value} **(violated)**`)
}

/** Prints a count that must be 0. */
export const none = (what: string, count: number): void => must(what, count, count === 0)

/** Says on stderr how far it is. */
export const progress = (text: string): void => void (process.stderr.isTTY && console.error(text))

/** Runs a soak, ends all that it started, and exits: with 0 if nothing was violated. */
export async function soak(run: () => Promise<void>): Promise<never> {
  const started = performance.now()
  const cpu = cpus()
  const name = basename(process.argv[1]!, '.ts')
  console.log(`${name}: ${cpu.length} × ${cpu[0]?.model ?? 'unknown'}, Node ${process.version}\n`)
  console.log('| what | measured |\n|---|---:|')
  try {
    await run()
  } catch (error) {
    failed = true
    console.error(error)
  }
  for (const fn of endings.reverse()) await fn()
  console.log(`\n${name}: ${failed ? 'FAILED' : 'passed'} in ${((performance.now() - started) / 1000).toFixed(0)} s`)
  process.exit(failed ? 1 : 0)
}

export function quantile(values: readonly number[], share: number): number {
  return values.toSorted((a, b) => a - b)[Math.floor((values.length - 1) * share)]!
}

/** p50 and p99 of some milliseconds. */
export const latencies = (values: readonly number[]): string =>
  `p50 ${quantile(values, 0.5).toFixed(1)}, p99 ${quantile(values, 0.99).toFixed(1)}, at most ${Math.max(...values).toFixed(1)} ms`
