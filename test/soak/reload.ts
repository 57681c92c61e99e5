// Reloads under load, on the real process. It takes about six minutes; the SOAK_ variables below shorten it.
import { execFile, spawnSync } from 'node:child_process'
import { get } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import { Client } from 'undici'
import { WebSocket } from 'ws'
import { must, none, quantile, say, setting, soak } from './run.ts'
import { Gateway, listOf, startUpstream } from './support.ts'

const SECONDS = setting('SECONDS', 60)
const REWRITES = setting('REWRITES', 200)
const SETTLE_SECONDS = setting('SETTLE_SECONDS', 60)
const STREAMS = setting('STREAMS', 500)
const RELOADS = setting('RELOADS', 100)
const ENDPOINTS = setting('ENDPOINTS', 10_000)
const ROUNDS = setting('ROUNDS', 15)
const ROUND_SECONDS = setting('ROUND_SECONDS', 2)
const CONNECTIONS = 64

const median = (values: readonly number[]): number => quantile(values, 0.5)
const spread = (values: readonly number[]): string => {
  const [q1, q2, q3] = [0.25, 0.5, 0.75].map((share) => quantile(values, share).toFixed(2))
  return `${q2} (${q1}–${q3})`
}

/** Keep-alive connections that ask one thing after the other, each counted when it fails or is closed. */
class Load {
  requests = 0
  failed = 0
  closed = 0
  #going = true
  readonly #clients: Client[]
  readonly #done: Promise<unknown>

  constructor(gateway: Gateway, path: string) {
    this.#clients = Array.from({ length: CONNECTIONS }, () => new Client(gateway.proxy, { pipelining: 1 }))
    for (const client of this.#clients)
      client.on('disconnect', () => {
        if (this.#going) this.closed++
      })
    this.#done = Promise.all(this.#clients.map((client) => this.#run(client, path)))
  }

  async #run(client: Client, path: string): Promise<void> {
    while (this.#going) {
      try {
        const { statusCode, body } = await client.request({ path, method: 'GET' })
        await body.dump()
        if (statusCode !== 200) this.failed++
      } catch {
        this.failed++
      }
      this.requests++
    }
  }

  async stop(): Promise<void> {
    this.#going = false
    await this.#done
    for (const client of this.#clients) await client.close()
  }
}

async function rewrites(upstream: string): Promise<void> {
  const base = `${listOf(1, upstream, () => 'kept')}${listOf(20, upstream)}`
  const gateway = await Gateway.start(base)
  let count = 0
  const next = (): void => {
    const i = count++
    const good = `${base}${listOf(1 + (i % 5), upstream, (n) => `new${i}-${n}`)}`
    if (i % 3 !== 2) gateway.write(good, i % 2 === 0)
    else if (i % 9 === 2) gateway.break('')
    else if (i % 9 === 5) gateway.break(good.slice(0, good.length / 2))
    else gateway.write(`${good}    tiemout: 5\n`)
  }
  const load = new Load(gateway, '/orchestrator/v1/kept/')
  for (let i = 0; i < REWRITES / 2; i++) {
    next()
    await sleep((SECONDS * 1000) / REWRITES)
  }
  await sleep(SECONDS * 100)
  const before = await gateway.probe(true)
  const { requests, failed, closed } = load
  const past = await gateway.reloads()
  for (let i = 0; i < REWRITES; i++) {
    next()
    await sleep((SECONDS * 1000) / REWRITES)
  }
  await load.stop()
  const loads = await gateway.reloads()
  const outcomes = Object.entries(loads).map(([outcome, n]) => `${n - (past[outcome] ?? 0)} ${outcome}`)
  say(`${REWRITES} rewrites in ${SECONDS} s, a third of them broken`, outcomes.sort().join(', '))
  say(`requests meanwhile, on ${CONNECTIONS} connections`, `${load.requests - requests}`)
  none('failed requests', load.failed - failed)
  none('connections closed', load.closed - closed)
  await sleep(SETTLE_SECONDS * 1000)
  const after = await gateway.probe(true)
  const change = (from: number, to: number): string =>
    `${from.toFixed(0)} → ${to.toFixed(0)} MiB (${to < from ? '−' : '+'}${Math.abs((to / from - 1) * 100).toFixed(0)} %)`
  say(`resident memory, after a warm-up → ${SETTLE_SECONDS} s after the end`, change(before.rss, after.rss))
  say('heap, in the same way', change(before.heap, after.heap))
  await gateway.weir.stop()
}

async function streams(upstream: string): Promise<void> {
  const base = listOf(1, upstream, () => 'kept')
  const gateway = await Gateway.start(base)
  const url = `${gateway.proxy}/orchestrator/v1/kept`
  let cut = 0
  let events = 0
  const sockets = await Promise.all(
    Array.from({ length: STREAMS }, async () => {
      const socket = new WebSocket(url.replace('http', 'ws'))
      await new Promise((done) => socket.once('open', done))
      socket.on('error', () => {})
      socket.on('close', () => cut++)
      return socket
    }),
  )
  const bodies = await Promise.all(
    Array.from(
      { length: STREAMS },
      () =>
        new Promise<{ destroy(): unknown }>((done) => {
          get(`${url}/events`, { agent: false }, (response) => {
            response.on('data', () => events++)
            response.on('error', () => {})
            response.on('close', () => cut++)
            done(response)
          })
        }),
    ),
  )
  let applied = 0
  for (let i = 0; i < RELOADS; i++) {
    gateway.write(`${base}${listOf(3, upstream, (n) => `other${i}-${n}`)}`)
    if ((await gateway.reload()).outcome === 'applied') applied++
    // Some are followed by a longer pause than others, so that the file watcher loads a few of them.
    await sleep(i % 10 === 0 ? 150 : 20)
  }
  const seen = events
  const echoed = sockets.map(async (socket) => {
    socket.send('still there?')
    await new Promise((done) => socket.once('message', done))
    return 1
  })
  const alive = await Promise.race([Promise.all(echoed).then((all) => all.length), sleep(10_000).then(() => 0)])
  while (events < seen + STREAMS && cut === 0) await sleep(100)
  none(`cut of ${STREAMS} WebSockets and ${STREAMS} event streams, ${RELOADS} reloads (${applied} by request)`, cut)
  must('WebSockets that echo afterwards', alive, alive === STREAMS)
  for (const socket of sockets) socket.removeAllListeners('close').terminate()
  for (const body of bodies) body.destroy()
  await gateway.weir.stop('SIGKILL')
}

const hasWrk = spawnSync('which', ['wrk']).status === 0

async function requests(gateway: Gateway, path: string, seconds: number): Promise<number> {
  if (hasWrk) {
    const args = ['-t1', `-c${CONNECTIONS}`, `-d${seconds}s`, `${gateway.proxy}${path}`]
    const { stdout: out } = await promisify(execFile)('wrk', args)
    if (/Non-2xx|Socket errors/.test(out)) throw new Error(out)
    return Number(/(\d+) requests in/.exec(out)![1])
  }
  const load = new Load(gateway, path)
  await sleep(seconds * 1000)
  await load.stop()
  return load.requests
}

async function many(upstream: string): Promise<void> {
  const list = listOf(ENDPOINTS, upstream)
  const started = performance.now()
  const large = await Gateway.start(list)
  const whole = `${ENDPOINTS} endpoints`
  say(`start with ${whole}, until it listens`, `${((performance.now() - started) / 1000).toFixed(1)} s`)
  const other = await Gateway.start(listOf(10, upstream))
  other.write(list)
  say(`load of ${whole} in a process that runs`, `${(await other.reload()).duration_ms} ms`)
  await other.weir.stop()
  const path = (i: number): string => `/orchestrator/v1/e${i}/`
  const [took, stalls]: [number[], number[]] = [[], []]
  const load = new Load(large, path(5))
  for (let i = 0; i < 11; i++) {
    large.write(list.replace('    timeout: 30s', `    timeout: ${31 + i}s`))
    await large.probe()
    const { outcome, duration_ms } = await large.reload()
    if (outcome === 'failed') throw new Error('the reload failed')
    if (i > 0 && outcome === 'applied') {
      took.push(duration_ms)
      stalls.push((await large.probe()).stall)
    }
    await sleep(1200) // the watcher sees it too, and finds nothing new
  }
  await load.stop()
  say(`reload of one changed endpoint of ${ENDPOINTS}, under load`, `${median(took)} ms, at most ${Math.max(...took)}`)
  say(
    'longest stall of the event loop during it',
    `${median(stalls).toFixed(0)} ms, at most ${Math.max(...stalls).toFixed(0)}`,
  )
  if (load.failed > 0) throw new Error(`${load.failed} requests failed`)
  const small = await Gateway.start(listOf(10, upstream))
  for (const gateway of [small, large]) await requests(gateway, path(5), ROUND_SECONDS * 4)
  const cost = async (gateway: Gateway): Promise<number> => {
    const before = gateway.cpu()
    const count = await requests(gateway, path(5), ROUND_SECONDS)
    return ((gateway.cpu() - before) / count) * 1e6
  }
  const rounds: [small: number, large: number][] = []
  for (let i = 0; i < ROUNDS; i++) {
    const [first, second] = i % 2 === 0 ? [small, large] : [large, small]
    const costs = [await cost(first), await cost(second)] as const
    rounds.push(i % 2 === 0 ? [costs[0], costs[1]] : [costs[1], costs[0]])
  }
  say(
    `processor time per request, 10 → ${ENDPOINTS} endpoints`,
    `${median(rounds.map(([a]) => a)).toFixed(0)} → ${median(rounds.map(([, b]) => b)).toFixed(0)} µs`,
  )
  say(`ratio (quartiles of ${ROUNDS} interleaved rounds of ${ROUND_SECONDS} s)`, spread(rounds.map(([a, b]) => b / a)))
}

await soak(async () => {
  const upstream = await startUpstream()
  await rewrites(upstream)
  await streams(upstream)
  await many(upstream)
})
