// Runs one case: starts its programs, warms them up, measures them in turns.
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import type { Ratio, RatioCase } from './cases.ts'
import { LAUNCHERS } from './launchers.ts'
import { fieldsOf, measure } from './load.ts'
import { freePort, ticks } from './machine.ts'
import { judge, type Line, type ProgramResult } from './report.ts'
import { partsOf, rounds } from './rounds.ts'
import { type Launcher, type Program, type Ready, Sandbox } from './sandbox.ts'
import type { Settings } from './settings.ts'
import { absolute, difference, itself, type Measure, type Pair, ratio, type Sample } from './statistics.ts'

export interface Outcome {
  readonly lines: readonly Line[]
  readonly programs: readonly ProgramResult[]
  /** Rounds that were left out. */
  readonly leftOut: number
  /** What could not be measured, and why. */
  readonly missing: readonly string[]
}

/** A program to be compared. */
export interface Entry {
  readonly name: string
  readonly launcher: Launcher
  /** Number of endpoints that its load is spread over. */
  readonly endpoints?: number | undefined
}

/** What was measured of the programs that could be started: the two runs of each round, by program. */
export interface Measured {
  readonly names: readonly string[]
  readonly pairs: readonly (readonly Pair[])[]
  readonly leftOut: number
  readonly missing: readonly string[]
}

const GATEWAY_CORE = 0
const OTHER_CORE = 1
const MEASURES: readonly Measure[] = ['cpu', 'rate', 'p50', 'p99']

/** Starts the upstream; gives its port. */
export async function startUpstream(sandbox: Sandbox, core: number | undefined): Promise<number> {
  const port = await freePort()
  const file = join(import.meta.dirname, 'upstream.ts')
  await sandbox.start('upstream', port, { path: '/1k' }, core, { command: [process.execPath, file, String(port)] })
  return port
}

/** What starts a gateway before the upstream at a port. */
export interface Start {
  readonly name: string
  readonly launcher: Launcher
  readonly upstream: number
  readonly ready: Ready
  readonly core: number | undefined
}

export async function startGateway(sandbox: Sandbox, start: Start): Promise<Program> {
  const port = await freePort()
  const folder = join(sandbox.folder, String(port))
  mkdirSync(folder)
  const command = await start.launcher({ folder, port, upstream: start.upstream })
  return sandbox.start(start.name, port, start.ready, start.core, command)
}

/** A program with its load. */
interface Contestant {
  readonly name: string
  readonly run: (seconds: number, rate?: number) => Promise<Sample>
}

/** Starts those that can be started, and adds the others to `missing`. Throws when the first one does not start. */
async function contestants(
  sandbox: Sandbox,
  { name: caseName, load, pinned = true }: RatioCase,
  entries: readonly Entry[],
  missing: string[],
): Promise<Contestant[]> {
  const [core, otherCore] = pinned ? [GATEWAY_CORE, OTHER_CORE] : []
  const upstream = await startUpstream(sandbox, otherCore)
  const ready = { path: load.path.replace('%d', '0'), headers: fieldsOf(load) }
  const started: Contestant[] = []
  for (const { name, launcher, endpoints } of entries) {
    try {
      const program = await startGateway(sandbox, { name, launcher, upstream, ready, core })
      started.push({
        name,
        run: (seconds, rate) => measure(sandbox, program, load, { seconds, rate, core: otherCore, endpoints }),
      })
    } catch (error) {
      if (started.length === 0) throw error
      const { message } = error as Error
      console.error(`\n!!! WITHOUT ${name}: ${message}\n`)
      missing.push(`${caseName}: ${name}: ${message.split('\n', 1)[0]}`)
    }
  }
  return started
}

/** Requests per second: half of what the slowest program can do. */
async function halfRate(programs: readonly Contestant[], { seconds }: Settings): Promise<number> {
  const most: number[] = []
  for (const { run } of programs) most.push((await run(seconds)).rate)
  return Math.min(...most) / 2
}

/** Measures programs by the load of a case, from each of its starts on. */
export async function compare(item: RatioCase, entries: readonly Entry[], settings: Settings): Promise<Measured> {
  const parts: Measured[] = []
  for (const rounds of partsOf(settings.rounds, item.starts ?? 1))
    parts.push(await compareOnce(item, entries, { ...settings, rounds }))
  return joined(parts)
}

async function compareOnce(item: RatioCase, entries: readonly Entry[], settings: Settings): Promise<Measured> {
  const sandbox = new Sandbox()
  const missing: string[] = []
  try {
    const programs = await contestants(sandbox, item, entries, missing)
    for (const { run } of programs) await run(settings.warmUp)
    // V8 forgets what it compiled while a program waits for its turn for long (docs/decisions/0033): once more, in short turns.
    for (const { run } of [...programs, ...programs]) await run(1)
    const rate = item.load.kind === 'fixed' ? await halfRate(programs, settings) : undefined
    const runs = programs.map((program) => () => program.run(settings.seconds, rate))
    const { pairs, leftOut } = await rounds(runs, settings.rounds, ticks)
    return { names: programs.map(({ name }) => name), pairs, leftOut, missing }
  } finally {
    sandbox.close()
  }
}

/** All rounds together. Throws when a program did not run at every start. */
export function joined(parts: readonly Measured[]): Measured {
  const [{ names }] = parts as [Measured]
  for (const part of parts)
    if (part.names.join() !== names.join())
      throw new Error(`not every start had all programs: ${part.missing.join(', ')}`)
  return {
    names,
    pairs: names.map((_, i) => parts.flatMap((part) => part.pairs[i]!)),
    leftOut: parts.reduce((sum, part) => sum + part.leftOut, 0),
    missing: [...new Set(parts.flatMap((part) => part.missing))],
  }
}

/** The ratio of two programs; undefined where the second one is missing. */
export function ratioLine(
  caseName: string,
  { names, pairs }: Measured,
  program: string,
  { to, of, bound }: Omit<Ratio, 'to'> & { readonly to: string },
): Line | undefined {
  const [first, second] = [pairs[names.indexOf(program)], pairs[names.indexOf(to)]]
  if (first === undefined || second === undefined) return undefined
  const value = ratio(first, second, of)
  return {
    case: caseName,
    what: `${program} ÷ ${to}`,
    of,
    unit: '',
    value,
    ...(of === 'cpu' && { difference: difference(first, second, of) }),
    itself: [itself(first, of), itself(second, of)],
    ...(bound && { bound }),
    verdict: judge(value.median, bound),
  }
}

/** What each program did, in absolute numbers. */
export const programsOf = (caseName: string, { names, pairs }: Measured): ProgramResult[] =>
  names.map((name, i) => {
    const measures = Object.fromEntries(MEASURES.map((of) => [of, absolute(pairs[i]!, of)]))
    return { case: caseName, name, measures: measures as ProgramResult['measures'] }
  })

export async function runRatioCase(item: RatioCase, settings: Settings): Promise<Outcome> {
  const names = [...new Set([item.program, ...item.ratios.map(({ to }) => to)])]
  const entries = names.map((name): Entry => ({ name, launcher: LAUNCHERS[name], endpoints: item.spread?.[name] }))
  const measured = await compare(item, entries, settings)
  const lines = item.ratios.map((each) => ratioLine(item.name, measured, item.program, each))
  return {
    lines: lines.filter((line) => line !== undefined),
    programs: programsOf(item.name, measured),
    leftOut: measured.leftOut,
    missing: measured.missing,
  }
}
