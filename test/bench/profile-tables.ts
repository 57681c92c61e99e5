// Profiles of two gateways, side by side, as Markdown tables.
import { type FunctionTime, GROUPS, type Group, groupTimes } from './profile-times.ts'

/** What one gateway takes; microseconds of the processor per request. */
export interface GatewayProfile {
  /** Of the main thread; they add up to what it took without the profiler. */
  readonly times: readonly FunctionTime[]
  /** Of the process's other threads. */
  readonly threads: number
  /** Of the whole process, measured without the profiler. */
  readonly total: number
  /** Of the whole process while the profiler ran. */
  readonly profiled: number
}

export interface FunctionRow {
  readonly name: string
  readonly place: string
  readonly bare: number
  readonly weir: number
}

const us = (value: number): string => value.toFixed(2)
const row = (...cells: readonly string[]): string => `| ${cells.join(' | ')} |`

/** What the two gateways are called in the tables. */
export type Names = readonly [first: string, second: string]
const NAMES: Names = ['bare', 'Weir']

export function groupTable(bare: GatewayProfile, weir: GatewayProfile, names: Names = NAMES): string {
  const line = (what: string, a: number, b: number): string => row(what, us(a), us(b), us(b - a))
  const [bareGroups, weirGroups] = [groupTimes(bare.times), groupTimes(weir.times)]
  return [
    row('µs per request', ...names, 'difference'),
    '|---|---:|---:|---:|',
    ...Object.entries(GROUPS).map(([group, label]) =>
      line(label, bareGroups[group as Group], weirGroups[group as Group]),
    ),
    line("other threads (V8's helpers)", bare.threads, weir.threads),
    line('**processor time of the process**', bare.total, weir.total),
  ].join('\n')
}

/** The functions that take most in either gateway. */
export function functionRows(bare: readonly FunctionTime[], weir: readonly FunctionTime[]): FunctionRow[] {
  const rows = new Map<string, FunctionRow>()
  const add = (times: readonly FunctionTime[], side: 'bare' | 'weir'): void => {
    for (const { name, place, us } of times) {
      const key = `${name} ${place}`
      rows.set(key, { ...(rows.get(key) ?? { name, place, bare: 0, weir: 0 }), [side]: us })
    }
  }
  add(bare, 'bare')
  add(weir, 'weir')
  return [...rows.values()].toSorted((a, b) => Math.max(b.bare, b.weir) - Math.max(a.bare, a.weir))
}

export const functionTable = (rows: readonly FunctionRow[], names: Names = NAMES): string =>
  [
    row('self time, µs per request', 'where', ...names),
    '|---|---|---:|---:|',
    ...rows.map(({ name, place, bare, weir }) =>
      row(name.replaceAll('|', '\\|'), place === '' ? 'native' : place, us(bare), us(weir)),
    ),
  ].join('\n')
