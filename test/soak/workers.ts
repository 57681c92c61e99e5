// Workers under load: kills, reloads, many endpoints, and what a second one brings. About four minutes on two cores; the SOAK_
// variables shorten it, and SOAK_ONLY=large runs one part.
import { execFile, spawn } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { Agent, createServer, request } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import { send } from '../support/client.ts'
import { cleaner, latencies, must, none, quantile, say, setting, soak } from './run.ts'
import { freePort, Gateway, listOf, startUpstream } from './support.ts'

const KILLS = setting('KILLS', 20)
const SECONDS = setting('SECONDS', 60)
const REWRITES = setting('REWRITES', 200)
const ENDPOINTS = setting('ENDPOINTS', 10_000)
const ROUNDS = setting('ROUNDS', 9)
const SELDOM = setting('SELDOM', 10_000)
const CLIENTS = 16
const PATH = '/orchestrator/v1/e0/items'

const optionsOf = (workers: number) => ({
  rest: `access_log: false\nworkers: ${workers}`,
  chain: 'request-id, auth, route-match, method-check, breaker, proxy, metrics',
})

interface Call {
  readonly from: number
  readonly to: number
  readonly status: number | string
}

/** Clients that call again and again, some on a new connection each time. */
class Calls {
  readonly all: Call[] = []
  #going = true
  readonly #done: Promise<unknown>

  constructor(url: string) {
    this.#done = Promise.all(Array.from({ length: CLIENTS }, (_, i) => this.#client(url, i % 2 === 0)))
  }

  async stop(): Promise<void> {
    this.#going = false
    await this.#done
  }

  get failed(): Call[] {
    return this.all.filter(({ status }) => status !== 200)
  }

  async #client(url: string, keepAlive: boolean): Promise<void> {
    const agent = new Agent({ keepAlive, maxSockets: 1 })
    while (this.#going) {
      const from = performance.now()
      const status = await new Promise<number | string>((resolve) => {
        request(`${url}${PATH}`, { agent }, (res) => {
          res.resume()
          res.on('end', () => resolve(res.statusCode!))
          res.on('error', () => resolve('cut'))
        })
          .on('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message))
          .end()
      })
      this.all.push({ from, to: performance.now(), status })
    }
    agent.destroy()
  }
}

/** Pids of the workers that are ready, by number; the latest counts. */
function pidsOf({ weir }: Gateway): Map<number, number> {
  const ready = weir.lines.filter(({ msg }) => / is ready$/.test(String(msg)))
  return new Map(ready.map(({ worker, pid }) => [worker as number, pid as number]))
}

const readyCount = ({ weir }: Gateway): number => weir.lines.filter(({ msg }) => / is ready$/.test(String(msg))).length

async function counted(gateway: Gateway): Promise<number> {
  const { body } = await send(`${gateway.admin}/metrics`)
  const lines = body.matchAll(/^http_server_request_duration_seconds_count\{.*\} (\d+)$/gm)
  return [...lines].reduce((sum, [, count]) => sum + Number(count), 0)
}

async function kills(upstream: string): Promise<void> {
  const gateway = await Gateway.start(listOf(10, upstream), optionsOf(2))
  const calls = new Calls(gateway.proxy)
  const back: number[] = []
  const at: number[] = []
  let falls = 0
  let before = 0
  for (let i = 0; i < KILLS; i++) {
    await sleep((SECONDS * 1000) / KILLS - 1000)
    const now = await counted(gateway)
    if (now < before) falls++
    before = now
    const ready = readyCount(gateway)
    at.push(performance.now())
    process.kill(pidsOf(gateway).get(1 + (i % 2))!, 'SIGKILL')
    const begun = performance.now()
    while (readyCount(gateway) === ready && performance.now() - begun < 10_000) await sleep(5)
    back.push(performance.now() - begun)
    await sleep(Math.max(0, 1000 - back.at(-1)!))
  }
  await calls.stop()
  if ((await counted(gateway)) < before) falls++
  const others = calls.failed.filter(({ from, to }) => !at.some((kill) => from <= kill + 50 && to >= kill))
  say(`kills of one of two workers in ${SECONDS} s, ${CLIENTS} clients; requests`, `${KILLS}; ${calls.all.length}`)
  say('requests that failed: those in flight on the worker, or in its hands', calls.failed.length)
  none('requests that failed at another time', others.length)
  none('connections refused', calls.failed.filter(({ status }) => status === 'ECONNREFUSED').length)
  must(`from the kill to two ready workers; bound 1 s in the median`, latencies(back), quantile(back, 0.5) <= 1000)
  none('scrapes whose counters had fallen', falls)
  const exit = await gateway.weir.stop()
  must('exit code', String(exit.code), exit.code === 0)
}

async function reloads(upstream: string): Promise<void> {
  const gateway = await Gateway.start(listOf(10, upstream), optionsOf(4))
  const calls = new Calls(gateway.proxy)
  const times: number[] = []
  const fresh = new Agent({ keepAlive: false })
  let wrong = 0
  let live = 10
  const begun = performance.now()
  for (let i = 0; i < REWRITES; i++) {
    const invalid = i % 3 === 2
    if (invalid) gateway.break('listen: [')
    else gateway.write(listOf(10 + (i % 5), upstream))
    const from = performance.now()
    const { outcome } = await gateway.reload()
    times.push(performance.now() - from)
    if (!invalid) live = 10 + (i % 5)
    if (invalid !== (outcome === 'failed')) wrong++
    // Each on a connection of its own: whichever worker gets it, the endpoint is there or not.
    for (let k = 0; k < 4; k++) {
      const { status } = await send(`${gateway.proxy}/orchestrator/v1/e${live}/`, { agent: fresh })
      const { status: known } = await send(`${gateway.proxy}/orchestrator/v1/e${live - 1}/`, { agent: fresh })
      if (status !== 404 || known !== 200) wrong++
    }
  }
  const seconds = Math.round((performance.now() - begun) / 1000)
  await calls.stop()
  say(
    `rewrites in ${seconds} s with four workers, a third of them invalid; requests`,
    `${REWRITES}; ${calls.all.length}`,
  )
  none('requests that failed', calls.failed.length)
  none('reloads with the wrong outcome, or workers on another configuration after one', wrong)
  say('time of a reload', latencies(times))
  await gateway.weir.stop()
}

async function large(upstream: string): Promise<void> {
  const gateway = await Gateway.start(listOf(ENDPOINTS, upstream), optionsOf(4))
  for (let i = 0; i < 3; i++) await send(`${gateway.proxy}${PATH}`)
  gateway.write(listOf(ENDPOINTS, upstream, (i) => (i === 7 ? 'changed' : `e${i}`)))
  const from = performance.now()
  const { outcome } = await gateway.reload()
  const reload = performance.now() - from
  must('outcome', outcome, outcome === 'applied')
  must(`${ENDPOINTS} endpoints, four workers: reload of one, ms; bound 1000`, reload.toFixed(0), reload <= 1000)
  const scrapes: number[] = []
  const stalls: number[] = []
  for (let i = 0; i < 12; i++) {
    const begun = performance.now()
    const { body } = await send(`${gateway.admin}/metrics`)
    scrapes.push(performance.now() - begun)
    // The largest of all processes since the scrape before.
    stalls.push(1000 * Number(/^nodejs_eventloop_lag_max_seconds (\S+)$/m.exec(body)![1]))
  }
  must('a scrape; bound 300 ms in the median', latencies(scrapes), quantile(scrapes, 0.5) <= 300)
  const longest = stalls.slice(2)
  must(
    'longest pause of an event loop per scrape; bound 30 ms in the median',
    latencies(longest),
    quantile(longest, 0.5) <= 30,
  )
  await gateway.weir.stop()
}

/** Seconds of processor time of a gateway and its workers. */
function cpu(gateway: Gateway): number {
  const pids = [gateway.pid, ...pidsOf(gateway).values()]
  return (
    pids.reduce((sum, pid) => {
      const tasks = readdirSync(`/proc/${pid}/task`)
      return (
        sum +
        tasks.reduce(
          (all, task) => all + Number(readFileSync(`/proc/${pid}/task/${task}/schedstat`, 'utf8').split(' ')[0]),
          0,
        )
      )
    }, 0) / 1e9
  )
}

/** An upstream that costs little: what it takes of the two cores the gateway has not. */
async function startNginx(): Promise<string> {
  const dir = mkdtempSync(join(tmpdir(), 'weir-soak-nginx-'))
  const port = await freePort()
  writeFileSync(
    join(dir, 'nginx.conf'),
    `daemon off; master_process off; pid ${dir}/pid; error_log /dev/null;
events { worker_connections 1024; }
http { access_log off; keepalive_requests 100000000; client_body_temp_path ${dir}; proxy_temp_path ${dir};
fastcgi_temp_path ${dir}; uwsgi_temp_path ${dir}; scgi_temp_path ${dir};
server { listen 127.0.0.1:${port}; location / { return 200 "${'x'.repeat(1010)}"; } } }`,
  )
  const child = spawn('nginx', ['-c', join(dir, 'nginx.conf'), '-p', dir, '-e', '/dev/null'], { stdio: 'inherit' })
  cleaner.teardown(() => {
    child.kill('SIGKILL')
    rmSync(dir, { recursive: true })
  })
  await sleep(500)
  return `http://127.0.0.1:${port}`
}

async function speed(upstream: string): Promise<void> {
  const gateways = [
    await Gateway.start(listOf(10, upstream), optionsOf(1)),
    await Gateway.start(listOf(10, upstream), optionsOf(2)),
  ]
  const round = async (gateway: Gateway, seconds = 2): Promise<{ rate: number; cpu: number }> => {
    const before = cpu(gateway)
    const { stdout } = await promisify(execFile)('wrk', ['-t1', '-c64', `-d${seconds}s`, `${gateway.proxy}${PATH}`])
    const requests = Number(/(\d+) requests in/.exec(stdout)![1])
    return {
      rate: Number(/Requests\/sec:\s+([\d.]+)/.exec(stdout)![1]),
      cpu: ((cpu(gateway) - before) / requests) * 1e6,
    }
  }
  for (const gateway of gateways) await round(gateway, 4)
  const rates: number[] = []
  const costs: number[] = []
  for (let i = 0; i < ROUNDS; i++) {
    const one = await round(gateways[0]!)
    const two = await round(gateways[1]!)
    rates.push(two.rate / one.rate)
    costs.push(two.cpu / one.cpu)
  }
  const spread = (values: number[]): string => [0.5, 0.25, 0.75].map((q) => quantile(values, q).toFixed(2)).join(', ')
  say(
    'two workers to one process, load and upstream on the same two cores: requests/s (median, quartiles)',
    spread(rates),
  )
  say('and processor time per request (median, quartiles)', spread(costs))
  for (const gateway of gateways) await gateway.weir.stop()
}

/** A breaker of an endpoint that is seldom called: each worker sees few of the calls. */
async function seldom(): Promise<void> {
  const PROBES = 3
  let broken = true
  const upstream = createServer((_, res) => {
    res.statusCode = broken ? 503 : 200
    res.end()
  })
  await new Promise<void>((resolve) => upstream.listen(0, '127.0.0.1', resolve))
  cleaner.teardown(() => upstream.close())
  const { port } = upstream.address() as AddressInfo
  const breaker = `{ breaker: { failure_threshold: 3, reset_timeout: 1s, half_open_max_calls: ${PROBES} } }`
  const chain = `route-match, ${breaker}, proxy, metrics`
  const gateway = await Gateway.start(listOf(1, `http://127.0.0.1:${port}`), { ...optionsOf(4), chain })
  const agent = new Agent({ keepAlive: false })
  const state = (to: string): boolean => gateway.weir.lines.some((line) => line.to === to)
  const call = () => send(`${gateway.proxy}${PATH}`, { agent })
  while (!state('open')) await call()
  broken = false
  let calls = 0
  while (!state('closed') && calls < 10 * PROBES) {
    await sleep(SELDOM)
    await call()
    calls++
    await sleep(100)
  }
  must(
    `calls until a breaker closes that needs ${PROBES} probes, one call in ${SELDOM / 1000} s over four workers; bound ${3 * PROBES}`,
    calls,
    calls <= 3 * PROBES,
  )
  await gateway.weir.stop()
}

const PARTS = { kills, reloads, large, seldom, speed: async () => speed(await startNginx()) }

await soak(async () => {
  const upstream = await startUpstream()
  const only = process.env.SOAK_ONLY
  for (const [name, part] of Object.entries(PARTS)) if (only === undefined || only === name) await part(upstream)
})
