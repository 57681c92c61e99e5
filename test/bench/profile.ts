// npm run bench:profile: where the processor's time of a request goes, in Weir (default chain, no access log) and in the bare
// http → dispatch() proxy, side by side. Each gateway is alone on core 0, load and upstream are on core 1. In each turn a gateway
// runs once without the profiler, for its processor time, and once with it, for the proportions: the tables add up to the
// processor time without the profiler.
//   --json FILE  --top N (functions; 30)  --seconds N (of each run; 5)  --turns N (of each gateway; 2)
//   --interval µs (of sampling; 200)  --checkout FOLDER (of the Weir that is profiled, with its node_modules)
//   --with YAML: profiles Weir with these lines in its file beside Weir without them, in place of the bare proxy; UPSTREAM is its URL:
//     npm run bench:profile -- --with 'tracing: { endpoint: "UPSTREAM", sample_ratio: 0.01 }'
import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { cpus, tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { WeirProcess } from '../support/process.ts'
import { functionRows, functionTable, type GatewayProfile, groupTable, type Names } from './profile-tables.ts'
import { type CpuProfile, groupTimes, scaledTo, selfTimes } from './profile-times.ts'

const root = resolve(import.meta.dirname, '../..')
const { values: options } = parseArgs({
  options: {
    json: { type: 'string' },
    top: { type: 'string', default: '30' },
    seconds: { type: 'string', default: '5' },
    turns: { type: 'string', default: '2' },
    interval: { type: 'string', default: '200' },
    checkout: { type: 'string', default: root },
    with: { type: 'string' },
  },
})
const SECONDS = Number(options.seconds)
const WARM_UP_SECONDS = 10
const CONNECTIONS = 64
const HEADERS = [
  'Accept: application/json',
  'Accept-Encoding: gzip, deflate, br',
  'Accept-Language: en-GB,en;q=0.9',
  'User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36',
  'Cookie: session=0123456789abcdef0123456789abcdef; theme=dark',
  'Cache-Control: no-cache',
]
const RECORDER = ['--import', join(import.meta.dirname, 'profile-recorder.ts')]
const folder = mkdtempSync(join(tmpdir(), 'weir-profile-'))
const children: ChildProcess[] = []

interface Subject {
  readonly name: string
  readonly pid: number
  readonly url: string
  /** Folder of its code. */
  readonly checkout: string
  readonly plain: Run[]
  readonly profiled: Run[]
  readonly profiles: CpuProfile[]
}

/** Microseconds of the processor. */
interface Cpu {
  readonly main: number
  readonly threads: number
}

interface Run extends Cpu {
  readonly requests: number
}

const pinned = (core: number): string[] => ['taskset', '-c', String(core)]
const recorded = (name: string): Record<string, string> => ({
  WEIR_PROFILE: join(folder, name),
  WEIR_PROFILE_INTERVAL: options.interval,
})

/** Starts a program that prints its port. */
async function startServer(core: number, args: readonly string[], env: NodeJS.ProcessEnv = {}) {
  const [command = '', ...rest] = [...pinned(core), process.execPath, ...args]
  const child = spawn(command, rest, {
    cwd: folder,
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, ...env },
  })
  children.push(child)
  const [port] = (await once(child.stdout!, 'data', { signal: AbortSignal.timeout(20_000) })) as [Buffer]
  child.stdout!.resume()
  return { pid: child.pid!, url: `http://127.0.0.1:${Number(port)}` }
}

async function startBare(upstream: string) {
  const args = [...RECORDER, join(import.meta.dirname, 'bare.ts'), upstream]
  return { ...(await startServer(0, args, recorded('bare'))), name: 'bare', checkout: root }
}

/** @param more lines of YAML; `access_log` is false unless they set it */
async function startWeir(upstream: string, name: string, more = '') {
  const checkout = resolve(options.checkout)
  const config = join(folder, `${name}.yaml`)
  const settings = more.includes('access_log:') ? more : `access_log: false\n${more}`
  writeFileSync(
    config,
    `listen: 127.0.0.1:0\nadmin: off\n${settings.replaceAll('UPSTREAM', upstream)}\nendpoints:\n  - { name: bench, version: v1, url: "${upstream}" }\n`,
  )
  const [command = '', ...rest] = [...pinned(0), process.execPath, ...RECORDER, join(checkout, 'core/launch.js')]
  const weir = new WeirProcess({
    cwd: folder,
    program: [command, ...rest],
    args: ['run', '--config', config],
    env: recorded(name),
  })
  children.push(weir.child)
  return { name, pid: weir.child.pid!, url: await weir.url(), checkout }
}

/** The processor time of a process so far, without the thread that takes the profiler's samples. */
function cpuOf(pid: number): Cpu {
  const tasks = `/proc/${pid}/task`
  const of = (task: string): number => Number(readFileSync(`${tasks}/${task}/schedstat`, 'utf8').split(' ')[0]) / 1000
  const others = readdirSync(tasks).filter((task) => {
    const sampler = readFileSync(`${tasks}/${task}/comm`, 'utf8').startsWith('v8:Prof')
    return task !== String(pid) && !sampler
  })
  return { main: of(String(pid)), threads: others.map(of).reduce((a, b) => a + b, 0) }
}

function load(url: string, seconds: number): number {
  const fields = HEADERS.flatMap((header) => ['-H', header])
  const [command = '', ...rest] = [
    ...pinned(1),
    'wrk',
    '-t1',
    `-c${CONNECTIONS}`,
    `-d${seconds}s`,
    ...fields,
    `${url}/orchestrator/v1/bench/items`,
  ]
  const out = execFileSync(command, rest).toString()
  if (/Non-2xx|Socket errors/.test(out)) throw new Error(out)
  return Number(/(\d+) requests in/.exec(out)![1])
}

function run({ pid, url }: Subject): Run {
  const before = cpuOf(pid)
  const requests = load(url, SECONDS)
  const after = cpuOf(pid)
  return { requests, main: after.main - before.main, threads: after.threads - before.threads }
}

async function written(file: string): Promise<string> {
  for (let i = 0; i < 600 && !existsSync(file); i++) await sleep(50)
  return readFileSync(file, 'utf8')
}

async function turn(subject: Subject): Promise<void> {
  subject.plain.push(run(subject))
  const file = join(folder, `${subject.name}.${subject.profiles.length + 1}`)
  process.kill(subject.pid, 'SIGUSR2')
  await written(`${file}.on`)
  subject.profiled.push(run(subject))
  process.kill(subject.pid, 'SIGUSR2')
  subject.profiles.push(JSON.parse(await written(`${file}.json`)) as CpuProfile)
}

function resultOf({ plain, profiled, profiles, checkout }: Subject): GatewayProfile {
  const perRequest = (runs: readonly Run[], of: (run: Run) => number): number => sum(runs, of) / sum(runs, requestsOf)
  const times = selfTimes(profiles, sum(profiled, requestsOf), `${checkout}/`)
  return {
    times: scaledTo(
      times,
      perRequest(plain, ({ main }) => main),
    ),
    threads: perRequest(plain, ({ threads }) => threads),
    total: perRequest(plain, ({ main, threads }) => main + threads),
    profiled: perRequest(profiled, ({ main, threads }) => main + threads),
  }
}

const sum = (runs: readonly Run[], of: (run: Run) => number): number => runs.reduce((total, run) => total + of(run), 0)
const requestsOf = ({ requests }: Run): number => requests

try {
  const upstream = (await startServer(1, [join(import.meta.dirname, 'upstream.ts')])).url
  const beside = options.with === undefined ? startBare(upstream) : startWeir(upstream, 'weir')
  const subjects = [await beside, await startWeir(upstream, 'with', options.with)].map(
    (started): Subject => ({ ...started, plain: [], profiled: [], profiles: [] }),
  )
  // Until everything is compiled.
  for (const { url } of subjects) load(url, WARM_UP_SECONDS)
  for (let i = 0; i < Number(options.turns); i++) {
    for (const subject of i % 2 === 0 ? subjects : subjects.toReversed()) await turn(subject)
  }
  const names: Names =
    options.with === undefined ? ['bare', 'Weir'] : ['Weir', `with ${options.with.replaceAll('\n', ' ')}`]
  const [bare, weir] = subjects.map(resultOf) as [GatewayProfile, GatewayProfile]
  const rows = functionRows(bare.times, weir.times)
  console.log(
    `${cpus()[0]?.model ?? 'unknown'}, Node ${process.version}, wrk, ${CONNECTIONS} connections, 1 KiB JSON, ${HEADERS.length} request headers; ` +
      `${options.turns} turns of ${SECONDS} s, a sample every ${options.interval} µs`,
  )
  console.log(
    `With the profiler the processes took ${bare.profiled.toFixed(2)} µs (${names[0]}) and ${weir.profiled.toFixed(2)} µs (${names[1]}); the tables add up to what they take without it.\n`,
  )
  console.log(`${groupTable(bare, weir, names)}\n\n${functionTable(rows.slice(0, Number(options.top)), names)}`)
  if (options.json !== undefined) {
    const side = (one: GatewayProfile) => ({ ...one, times: undefined, groups: groupTimes(one.times) })
    writeFileSync(options.json, JSON.stringify({ bare: side(bare), weir: side(weir), functions: rows }, null, 2))
  }
} finally {
  for (const child of children) child.kill('SIGKILL')
  rmSync(folder, { recursive: true, force: true })
}
