// Results as Markdown for people and as JSON for programs.
import type { Bound } from './cases.ts'
import type { Measure, Spread } from './statistics.ts'

export type Verdict = 'goal' | 'must' | 'missed' | 'no bound'

/** One line of the table: a ratio, or a figure. */
export interface Line {
  readonly case: string
  /** `Weir ÷ bare`, or what the figure is. */
  readonly what: string
  readonly of: Measure | 'figure'
  readonly unit: string
  readonly value: Spread
  /** Ratios of processor time only: what the first program takes more than the other, in µs per request. */
  readonly difference?: Spread
  /** Ratios only: both programs against themselves. */
  readonly itself?: readonly Spread[]
  readonly bound?: Bound
  readonly verdict: Verdict
}

export interface ProgramResult {
  readonly case: string
  readonly name: string
  readonly measures: Readonly<Record<Measure, Spread>>
}

export interface Report {
  readonly machine: string
  readonly date: string
  readonly rounds: number
  readonly seconds: number
  /** Rounds that were left out because time was stolen, by case. */
  readonly leftOut: Readonly<Record<string, number>>
  /** What could not be measured, and why. */
  readonly missing: readonly string[]
  readonly lines: readonly Line[]
  readonly programs: readonly ProgramResult[]
}

/** Which of the bounds a value reaches. */
export function judge(value: number, bound: Bound | undefined): Verdict {
  if (bound === undefined) return 'no bound'
  const reaches = (wanted: number): boolean => (bound.atLeast === true ? value >= wanted : value <= wanted)
  if (reaches(bound.goal)) return 'goal'
  return reaches(bound.must) ? 'must' : 'missed'
}

function digits(value: number): string {
  const size = Math.abs(value)
  return value.toFixed(size < 10 ? 2 : size < 100 ? 1 : 0).replace('-', '−')
}
const text = ({ median, low, high }: Spread): string =>
  `${digits(median)} (${digits(low)}${low < 0 ? ' to ' : '–'}${digits(high)})`
const MARKS: Readonly<Record<Verdict, string>> = { goal: '✓ goal', must: '✓ must', missed: '✗', 'no bound': '' }
const MEASURES: Readonly<Record<Measure | 'figure', string>> = {
  cpu: 'processor time per request',
  rate: 'requests per second',
  p50: 'p50',
  p99: 'p99',
  figure: '',
}

function row({ what, of, unit, value, difference, itself, bound, verdict, ...line }: Line): string {
  const sign = bound?.atLeast === true ? '≥' : '≤'
  const [must, goal] = bound === undefined ? ['', ''] : [`${sign} ${bound.must}`, `${sign} ${bound.goal}`]
  const measured = of === 'figure' ? what : `${what}, ${MEASURES[of]}`
  const more = difference === undefined ? '' : text(difference)
  const own = itself?.map(text).join(', ') ?? ''
  return `| ${line.case} | ${measured} | ${text(value)}${unit === '' ? '' : ` ${unit}`} | ${more} | ${own} | ${must} | ${goal} | ${MARKS[verdict]} |`
}

const absolute = ({ name, measures, ...result }: ProgramResult): string =>
  `| ${result.case} | ${name} | ${text(measures.rate)} | ${text(measures.p50)} | ${text(measures.p99)} | ${text(measures.cpu)} |`

/** Medians with their quartiles in brackets. */
export function markdown(report: Report): string {
  const left = Object.entries(report.leftOut).filter(([, count]) => count > 0)
  const parts = [
    `${report.machine}; medians (quartiles) of ${report.rounds} interleaved rounds of 2 × ${report.seconds} s per program; ${report.date}`,
    left.length === 0
      ? 'No time was stolen by the host of this machine.'
      : `Rounds left out because the host took time away: ${left.map(([name, count]) => `${name} ${count}`).join(', ')}.`,
    ...report.missing.map((what) => `**Missing:** ${what}`),
    [
      '| case | what | measured | more, µs/request | each against itself | must | goal | reached |',
      '|---|---|---:|---:|---:|---:|---:|---|',
      ...report.lines.map(row),
    ].join('\n'),
  ]
  if (report.programs.length > 0)
    parts.push(
      [
        '| case | program | requests/s | p50 ms | p99 ms | processor µs/request |',
        '|---|---|---:|---:|---:|---:|',
        ...report.programs.map(absolute),
      ].join('\n'),
    )
  return parts.join('\n\n')
}
