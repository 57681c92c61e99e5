// Runs one case: starts its programs, warms them up, measures them in turns.
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import type { RatioCase } from './cases.ts'
import { ENDPOINTS, LAUNCHERS } from './launchers.ts'
import { fieldsOf, measure } from './load.ts'
import { freePort, ticks } from './machine.ts'
import { judge, type Line, type ProgramResult } from './report.ts'
import { rounds } from './rounds.ts'
import { type Launcher, type Program, type Ready, Sandbox } from './sandbox.ts'
import { absolute, itself, type Measure, type Pair, ratio, type Sample } from './statistics.ts'

export interface Settings {
  readonly rounds: number
  readonly seconds: number
  /** Seconds of load per program that do not count: a Node server is slow until its code is compiled. */
  readonly warmUp: number
}

export interface Outcome {
  readonly lines: readonly Line[]
  readonly programs: readonly ProgramResult[]
  readonly leftOut: number
  readonly missing: readonly string[]
}

const GATEWAY_CORE = 0
const OTHER_CORE = 1

/** Starts the upstream; gives its port. */
export async function startUpstream(sandbox: Sandbox, core: number | undefined): Promise<number> {
  const port = await freePort()
  const file = join(import.meta.dirname, 'upstream.ts')
  await sandbox.start('upstream', port, { path: '/1k' }, core, { command: [process.execPath, file, String(port)] })
  return port
}

/** Starts a gateway before the upstream. */
export async function startGateway(
  sandbox: Sandbox,
  {
    name,
    launcher,
    upstream,
    ready,
    core,
  }: { name: string; launcher: Launcher; upstream: number; ready: Ready; core: number | undefined },
): Promise<Program> {
  const port = await freePort()
  const folder = join(sandbox.folder, String(port))
  mkdirSync(folder)
  return sandbox.start(name, port, ready, core, await launcher({ folder, port, upstream }))
}

/** A program with its load. */
interface Contestant {
  readonly name: string
  readonly run: (seconds: number, rate?: number) => Promise<Sample>
}

/** Starts those that can be started; what is missing is told. The first one must start. */
async function contestants(
  sandbox: Sandbox,
  item: RatioCase,
  launchers: readonly (readonly [string, Launcher])[],
  missing: string[],
): Promise<Contestant[]> {
  const pinned = item.pinned ?? true
  const [core, otherCore] = pinned ? [GATEWAY_CORE, OTHER_CORE] : []
  const upstream = await startUpstream(sandbox, otherCore)
  const started: Contestant[] = []
  for (const [name, launcher] of launchers) {
    try {
      const ready = { path: item.load.path.replace('%d', '0'), headers: fieldsOf(item.load) }
      const program = await startGateway(sandbox, { name, launcher, upstream, ready, core })
      started.push({
        name,
        run: (seconds, rate) =>
          measure(sandbox, program, item.load, { seconds, rate, core: otherCore, endpoints: ENDPOINTS[name] }),
      })
    } catch (error) {
      if (started.length === 0) throw error
      const what = `${item.name}: ${name}: ${(error as Error).message.split('\n', 3).join(' ')}`
      console.error(`\n!!! WITHOUT ${name}: ${(error as Error).message}\n`)
      missing.push(what)
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

const MEASURES: readonly Measure[] = ['cpu', 'rate', 'p50', 'p99']

/** Measures a list of programs by the load of a case, the first against the others. */
export async function comparePrograms(
  item: RatioCase,
  launchers: readonly (readonly [string, Launcher])[],
  settings: Settings,
): Promise<{ names: string[]; pairs: readonly (readonly Pair[])[]; leftOut: number; missing: string[] }> {
  const sandbox = new Sandbox()
  const missing: string[] = []
  try {
    const programs = await contestants(sandbox, item, launchers, missing)
    for (const { run } of programs) await run(settings.warmUp)
    const rate = item.load.kind === 'fixed' ? await halfRate(programs, settings) : undefined
    const runs = programs.map((program) => () => program.run(settings.seconds, rate))
    const { pairs, leftOut } = await rounds(runs, settings.rounds, ticks)
    return { names: programs.map(({ name }) => name), pairs, leftOut, missing }
  } finally {
    sandbox.close()
  }
}

export async function runRatioCase(item: RatioCase, settings: Settings): Promise<Outcome> {
  const wanted = [...new Set([item.program, ...item.ratios.map(({ to }) => to)])]
  const launchers = wanted.map((name) => [name, LAUNCHERS[name] as Launcher] as const)
  const { names, pairs, leftOut, missing } = await comparePrograms(item, launchers, settings)
  const lines = item.ratios.flatMap(({ to, of, bound }): Line[] => {
    const at = names.indexOf(to)
    if (at === -1) return []
    const value = ratio(pairs[0]!, pairs[at]!, of)
    return [
      {
        case: item.name,
        what: `${item.program} ÷ ${to}`,
        of,
        unit: '',
        value,
        itself: [itself(pairs[0]!, of), itself(pairs[at]!, of)],
        ...(bound && { bound }),
        verdict: judge(value.median, bound),
      },
    ]
  })
  const programs = names.map((name, i): ProgramResult => {
    const measures = Object.fromEntries(MEASURES.map((of) => [of, absolute(pairs[i]!, of)]))
    return { case: item.name, name, measures: measures as ProgramResult['measures'] }
  })
  return { lines, programs, leftOut, missing }
}
