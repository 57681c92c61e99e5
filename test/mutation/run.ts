// npm run mutation [room…] [--sample=LINES] [--seed=NUMBER] [--near]: puts single faults into the code and counts how many the tests see.
// Every fault of a room is tried by the tests that stand beside it; those that survive are tried by all tests, unless `--near` is
// given. The report is .stryker/<room>.html, the faults that survive are printed. A whole room takes hours: `--sample` takes that
// many lines of it at random.
import { spawnSync } from 'node:child_process'
import { globSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'

interface Room {
  readonly code: string
  /** The tests that most likely see a fault of it. */
  readonly near: string
}

const ROOMS: Readonly<Record<string, Room>> = {
  chain: { code: 'core/chain/**/*.ts', near: 'test/core/{chain,testing}/**' },
  http: { code: 'core/http/**/*.ts', near: 'test/core/http/**' },
  auth: { code: 'filters/auth/*.ts', near: 'test/filters/auth/**' },
  breaker: { code: 'filters/breaker/*.ts', near: 'test/filters/breaker/**' },
  retry: { code: 'filters/retry/*.ts', near: 'test/filters/retry/**' },
  'route-match': { code: 'filters/route-match/*.ts', near: 'test/filters/route-match/**' },
  proxy: { code: 'filters/proxy/**/*.ts', near: 'test/filters/proxy/**' },
  live: { code: 'config/live/*.ts', near: 'test/config/{live,document,edit}/**' },
}
const ALL_TESTS = 'test/{core,filters,config,plugins,e2e,conformance}/**'
const FOLDER = '.stryker'
/** Share of the faults that the tests must see. */
const GOAL = 0.85

interface Mutant {
  readonly status: string
  readonly mutatorName: string
  readonly replacement?: string
  readonly location: { readonly start: Position; readonly end: Position }
}
interface Position {
  readonly line: number
  readonly column: number
}
interface Placed extends Mutant {
  readonly file: string
}

const flag = (name: string): number | undefined => {
  const given = process.argv.find((argument) => argument.startsWith(`--${name}=`))
  return given === undefined ? undefined : Number(given.slice(name.length + 3))
}
const sample = flag('sample')
const chosen = process.argv.slice(2).filter((argument) => !argument.startsWith('--'))
const unknown = chosen.filter((room) => ROOMS[room] === undefined)
if (unknown.length > 0) fail(`no room "${unknown[0]}": expected some of ${Object.keys(ROOMS).join(', ')}`, 2)

let seen = 0
let total = 0
for (const name of chosen.length > 0 ? chosen : Object.keys(ROOMS)) {
  const { code, near } = ROOMS[name]!
  const first = run(`${name}-near`, linesOf(code), [fastOf(near)])
  const left = first.filter(survived).map(rangeOf)
  const nearOnly = process.argv.includes('--near')
  const second = nearOnly
    ? first
    : left.length === 0
      ? []
      : run(name, left, [fastOf(ALL_TESTS), `${near}/*.slow.test.ts`])
  // A range may hold a smaller fault, which the first run has seen.
  const survivors = second.filter((mutant) => survived(mutant) && left.includes(rangeOf(mutant)))
  for (const mutant of survivors)
    console.log(
      `${mutant.file}:${mutant.location.start.line} ${mutant.mutatorName} → ${mutant.replacement?.slice(0, 120)}`,
    )
  const counted = first.filter(({ status }) => status !== 'Ignored' && !status.endsWith('Error')).length
  console.log(`${name}: ${counted - survivors.length} of ${counted} faults seen`)
  seen += counted - survivors.length
  total += counted
}
console.log(`all: ${seen} of ${total} faults seen, ${((100 * seen) / total).toFixed(1)} % (goal: ${GOAL * 100} %)`)
process.exitCode = seen >= total * GOAL ? 0 : 1

/** Files to change; with `--sample`, single lines of them. */
function linesOf(glob: string): string[] {
  const files = globSync(glob).toSorted()
  if (sample === undefined) return files
  const lines = files.flatMap((file) =>
    readFileSync(file, 'utf8')
      .split('\n')
      .flatMap((line, i) =>
        /^\s*(?:import|export type|\/\/|\*|\/\*)|^[\s{}()]*$/.test(line) ? [] : `${file}:${i + 1}-${i + 1}`,
      ),
  )
  const next = random(flag('seed') ?? 1)
  const taken: string[] = []
  while (taken.length < sample && lines.length > 0) taken.push(...lines.splice(Math.floor(next() * lines.length), 1))
  return taken
}

function fastOf(tests: string): string {
  return `${tests}/!(*.slow).test.ts`
}

/** Stryker's mutants of these files or ranges, as these tests judge them. */
function run(name: string, mutate: string[], testFiles: string[]): Placed[] {
  mkdirSync(FOLDER, { recursive: true })
  const report = `${FOLDER}/${name}.json`
  const config = `${FOLDER}/${name}.config.json`
  const settings = {
    testRunner: 'tap',
    plugins: ['@stryker-mutator/tap-runner'],
    coverageAnalysis: 'perTest',
    tap: {
      testFiles,
      nodeArgs: ['--no-warnings', '-r', '{{hookFile}}', '{{testFile}}'],
      forceBail: true,
    },
    mutate,
    // Other texts and empty literals are mostly faults of messages.
    mutator: { excludedMutations: ['StringLiteral', 'ObjectLiteral', 'ArrayDeclaration'] },
    ignoreStatic: true,
    // `.tap` changes while other tests run.
    ignorePatterns: ['dist', 'coverage', '.tap'],
    concurrency: 2,
    tempDirName: FOLDER,
    // Stryker would read it by TypeScript's JavaScript interface, which TypeScript 7 does not have.
    tsconfigFile: 'none.json',
    dryRunTimeoutMinutes: 20,
    reporters: ['progress-append-only', 'json', 'html'],
    jsonReporter: { fileName: report },
    htmlReporter: { fileName: `${FOLDER}/${name}.html` },
    thresholds: { high: 90, low: 85, break: null },
    allowConsoleColors: false,
  }
  writeFileSync(config, JSON.stringify(settings))
  const { status } = spawnSync('stryker', ['run', config], { stdio: ['ignore', 'inherit', 'inherit'] })
  if (status !== 0) fail(`stryker ended with ${status}`, 1)
  const { files } = JSON.parse(readFileSync(report, 'utf8')) as { files: Record<string, { mutants: Mutant[] }> }
  return Object.entries(files).flatMap(([file, { mutants }]) => mutants.map((mutant) => ({ ...mutant, file })))
}

function survived({ status }: Mutant): boolean {
  return status === 'Survived' || status === 'NoCoverage'
}

/** A range in Stryker's form. Its columns begin with 0, those of its report with 1. */
function rangeOf({ file, location: { start, end } }: Placed): string {
  return `${file}:${start.line}:${start.column - 1}-${end.line}:${end.column - 1}`
}

/** Mulberry32: the same numbers for the same seed. */
function random(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

function fail(message: string, code: number): never {
  console.error(message)
  process.exit(code)
}
