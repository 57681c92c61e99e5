// npm run bench: Weir's default chain against a bare http → dispatch() proxy, in one interleaved run on this machine.
// Processor time is the gateway process's own (user and system), per request. A ratio is the median, over the rounds, of
// a contestant's processor time to the mean of both bare proxies' in the same round, with its quartiles; bare against
// itself is the spread. BENCH_AGAINST=<another checkout, with its node_modules> adds that one's default chain, and the ratio
// to it: the way to see what a change costs.
import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process'
import {
  existsSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { cpus, tmpdir } from 'node:os'
import { join } from 'node:path'

// Many short rounds: what else runs on the machine comes and goes by the second, and hits neighbours alike.
const ROUNDS = Number(process.env.BENCH_ROUNDS ?? 21)
const SECONDS = Number(process.env.BENCH_SECONDS ?? 1)
const CONNECTIONS = 64
const root = new URL('../../', import.meta.url).pathname
// In memory where there is such a folder: the access log is part of what is measured, the disk below it is not.
const folder = mkdtempSync(join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 'weir-bench-'))
const children: ChildProcess[] = []
const logs: string[] = []
const has = (command: string): boolean => spawnSync('which', [command]).status === 0
const pin = (core: number): string[] => (cpus().length > 1 && has('taskset') ? ['taskset', '-c', String(core)] : [])

const OTHER = 'Weir, default chain, the other checkout'

const HEADERS = {
  Accept: 'application/json',
  'Accept-Encoding': 'gzip, deflate, br',
  'Accept-Language': 'en-GB,en;q=0.9',
  'User-Agent': 'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36',
  Cookie: 'session=0123456789abcdef0123456789abcdef; theme=dark',
  'Cache-Control': 'no-cache',
}

interface Contestant {
  readonly name: string
  readonly pid: number
  readonly url: string
  readonly rounds: Round[]
}

interface Round {
  readonly rate: number
  readonly p50: number
  readonly p99: number
  readonly cpu: number
}

async function start(
  core: number,
  args: string[],
  env: NodeJS.ProcessEnv = {},
): Promise<{ pid: number; line: string }> {
  const [command = '', ...rest] = [...pin(core), process.execPath, ...args]
  const errors = openSync(join(folder, 'stderr'), 'a')
  const child = spawn(command, rest, {
    cwd: folder,
    stdio: ['ignore', 'pipe', errors],
    env: { ...process.env, ...env },
  })
  children.push(child)
  const line = await new Promise<string>((resolve, reject) => {
    child.stdout!.once('data', (data: Buffer) => resolve(data.toString().trim()))
    child.once('exit', (code) =>
      reject(new Error(`${args[0]} exited with ${code}\n${readFileSync(join(folder, 'stderr'), 'utf8')}`)),
    )
  })
  child.stdout!.resume()
  return { pid: child.pid!, line }
}

async function startWeir(port: number, upstream: string, env: NodeJS.ProcessEnv, checkout: string): Promise<number> {
  const config = join(folder, `weir-${port}.yaml`)
  writeFileSync(
    config,
    `listen: 127.0.0.1:${port}\nadmin: off\nendpoints:\n  - { name: bench, version: v1, url: "${upstream}" }\n`,
  )
  // Its log goes where an operator's would: to a file. It is emptied for every round, because a virtual machine fetches memory that
  // it has never used from its host, which is no cost of the gateway (17 ns per byte of the log, measured).
  const [command = '', ...rest] = [
    ...pin(0),
    process.execPath,
    join(checkout, 'core/launch.js'),
    'run',
    '--config',
    config,
  ]
  const log = join(folder, `weir-${port}.log`)
  const out = openSync(log, 'a')
  logs.push(log)
  const child = spawn(command, rest, { cwd: folder, stdio: ['ignore', out, out], env: { ...process.env, ...env } })
  children.push(child)
  for (let i = 0; i < 100; i++) {
    const answer = await fetch(`http://127.0.0.1:${port}/orchestrator/v1/bench/`).catch(() => undefined)
    if (answer?.status === 200) return child.pid!
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
  throw new Error(`weir did not start:\n${readFileSync(log, 'utf8')}`)
}

/** Seconds of processor time of a process so far, of all its threads. */
function cpuOf(pid: number): number {
  const tasks = `/proc/${pid}/task`
  const nanoseconds = readdirSync(tasks).map((task) =>
    Number(readFileSync(`${tasks}/${task}/schedstat`, 'utf8').split(' ')[0]),
  )
  return sum(nanoseconds) / 1e9
}

function load(url: string, seconds: number): { requests: number; rate: number; p50: number; p99: number } {
  const headers = Object.entries(HEADERS).map(([name, value]) => `${name}: ${value}`)
  if (has('wrk')) {
    const [command = '', ...rest] = [
      ...pin(1),
      'wrk',
      '-t1',
      `-c${CONNECTIONS}`,
      `-d${seconds}s`,
      '--latency',
      ...headers.flatMap((h) => ['-H', h]),
      url,
    ]
    const out = execFileSync(command, rest).toString()
    const ms = (percent: string): number => {
      const [, value, unit] = new RegExp(`${percent}%\\s+([\\d.]+)(us|ms|s)`).exec(out)!
      return Number(value) * { us: 0.001, ms: 1, s: 1000 }[unit as 'us' | 'ms' | 's']
    }
    if (/Non-2xx/.test(out)) throw new Error(out)
    return {
      requests: Number(/(\d+) requests in/.exec(out)![1]),
      rate: Number(/Requests\/sec:\s+([\d.]+)/.exec(out)![1]),
      p50: ms('50'),
      p99: ms('99'),
    }
  }
  const autocannon = join(root, 'node_modules/.bin/autocannon')
  const [command = '', ...rest] = [
    ...pin(1),
    process.execPath,
    autocannon,
    '-j',
    '-n',
    '-c',
    String(CONNECTIONS),
    '-d',
    String(seconds),
    ...headers.flatMap((h) => ['-H', h.replace(': ', '=')]),
    url,
  ]
  const out = JSON.parse(execFileSync(command, rest, { stdio: ['ignore', 'pipe', 'ignore'] }).toString())
  return { requests: out.requests.total, rate: out.requests.average, p50: out.latency.p50, p99: out.latency.p99 }
}

function round(contestant: Contestant, seconds = SECONDS): void {
  for (const log of logs) truncateSync(log)
  const before = cpuOf(contestant.pid)
  const { requests, rate, p50, p99 } = load(contestant.url, seconds)
  contestant.rounds.push({ rate, p50, p99, cpu: ((cpuOf(contestant.pid) - before) / requests) * 1e6 })
}

const quantile = (values: number[], q: number): number =>
  values.toSorted((a, b) => a - b)[Math.min(values.length - 1, Math.floor(values.length * q))]!
const of = (contestant: Contestant, key: keyof Round): number =>
  quantile(
    contestant.rounds.map((r) => r[key]),
    0.5,
  )

/** `1.25 (1.20–1.31)`: median and quartiles, over the rounds, of the processor time to that of the bare proxies. */
function ratio(contestant: Contestant, bares: readonly Contestant[]): string {
  const ratios = contestant.rounds.map(({ cpu }, i) => cpu / (sum(bares.map((b) => b.rounds[i]!.cpu)) / bares.length))
  const [low, middle, high] = [0.25, 0.5, 0.75].map((q) => quantile(ratios, q).toFixed(2))
  return `${middle} (${low}–${high})`
}

const sum = (values: number[]): number => values.reduce((a, b) => a + b, 0)

try {
  const upstreamPort = Number((await start(1, [join(root, 'test/bench/upstream.ts')])).line)
  const upstream = `http://127.0.0.1:${upstreamPort}`
  const bare = async (name: string): Promise<Contestant> => {
    const { pid, line } = await start(0, [join(root, 'test/bench/bare.ts'), upstream])
    return { name, pid, url: `http://127.0.0.1:${line}/orchestrator/v1/bench/items`, rounds: [] }
  }
  const weir = async (name: string, port: number, env: NodeJS.ProcessEnv, checkout = root): Promise<Contestant> => ({
    name,
    pid: await startWeir(port, upstream, env, checkout),
    url: `http://127.0.0.1:${port}/orchestrator/v1/bench/items`,
    rounds: [],
  })
  const contestants = [
    await bare('bare http → dispatch()'),
    await weir('Weir, default chain', 18_901, {}),
    await weir('Weir, traces at 1 %', 18_902, {
      OTEL_EXPORTER_OTLP_ENDPOINT: upstream,
      OTEL_TRACES_SAMPLER: 'parentbased_traceidratio',
      OTEL_TRACES_SAMPLER_ARG: '0.01',
    }),
    await bare('bare, against itself'),
  ]
  const against = process.env.BENCH_AGAINST
  const other = against === undefined ? undefined : await weir(OTHER, 18_903, {}, against)
  if (other !== undefined) contestants.splice(2, 0, other)
  // Until everything is compiled: the first tens of thousands of requests of any Node server cost twice the rest.
  for (const contestant of contestants) round(contestant, 4)
  for (const contestant of contestants) contestant.rounds.length = 0
  for (let i = 0; i < ROUNDS; i++) {
    // The order turns with every round, so that none always follows the same one.
    for (let j = 0; j < contestants.length; j++) round(contestants[(i + j) % contestants.length]!)
  }
  const bares = [contestants[0]!, contestants.at(-1)!]
  const [, current] = contestants
  const cpu = cpus()
  console.log(
    `${cpu.length} × ${cpu[0]?.model ?? 'unknown'}, Node ${process.version}, ${has('wrk') ? 'wrk' : 'autocannon'}, ${CONNECTIONS} connections, 1 KiB JSON, 6 request headers`,
  )
  console.log(`medians of ${ROUNDS} interleaved rounds of ${SECONDS} s\n`)
  console.log('| what | requests/s | p50 ms | p99 ms | processor µs/request | ratio |')
  console.log('|---|---:|---:|---:|---:|---:|')
  for (const c of contestants) {
    console.log(
      `| ${c.name} | ${of(c, 'rate').toFixed(0)} | ${of(c, 'p50').toFixed(2)} | ${of(c, 'p99').toFixed(2)} | ${of(c, 'cpu').toFixed(1)} | ${ratio(c, c === bares[1] ? [bares[0]!] : bares)} |`,
    )
  }
  if (other !== undefined) console.log(`\nWeir, default chain ÷ ${OTHER}: ${ratio(current!, [other])}`)
} finally {
  for (const child of children) child.removeAllListeners('exit').kill('SIGKILL')
  rmSync(folder, { recursive: true, force: true })
}
