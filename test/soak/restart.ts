// SIGTERM and a new start on the same port, again and again, under load: no request that a gateway has taken is lost.
// Between two processes connections are refused, and clients try again. Linux also resets connections that were still in
// the listening socket's queue when it closed, and no process ever had those: they are counted apart, and checked against
// what the gateway accepted and logged and the upstream saw.

import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { Agent, type ClientRequest, type IncomingMessage, request } from 'node:http'
import { connect, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { startUpstream } from '../support/upstream.ts'
import { endpoint } from './quiet.ts'
import { cleaner, latencies, must, none, say, setting, soak } from './run.ts'
import { freePort, Gateway } from './support.ts'

const SECONDS = setting('SECONDS', 30)
const EVERY_MS = setting('EVERY_MS', 2_000)
const CLIENTS = setting('CLIENTS', 64)
const SLOW_CLIENTS = setting('SLOW_CLIENTS', 16)
const SILENT = setting('SILENT', 4)
/** A slow answer: so many pieces, one every so many milliseconds. */
const PIECES = 10
const PIECE_MS = 100

const SHUTDOWN = 'shutdown: { grace_period: 1s, timeout: 30s }'
const WHOLE: Readonly<Record<string, string>> = {
  quick: 'x'.repeat(1024),
  slow: 'x'.repeat(PIECES * 1000),
  events: 'data: hello\n\n'.repeat(PIECES),
}
const PIECE: Readonly<Record<string, string>> = { slow: 'x'.repeat(1000), events: 'data: hello\n\n' }

/** Requests that the upstream has seen. */
const seen = new Set<string>()

async function startSlow(): Promise<string> {
  const { url, close } = await startUpstream((req, res) => {
    const [, what, id] = /\/(\w+)\/(\w+)$/.exec(req.url!) as unknown as [string, string, string]
    seen.add(id)
    req.resume()
    const piece = PIECE[what]
    if (piece === undefined) return void res.end(WHOLE.quick)
    if (what === 'slow') res.setHeader('Content-Length', WHOLE.slow!.length)
    else res.setHeader('Content-Type', 'text/event-stream')
    let left = PIECES
    const tick = setInterval(() => {
      if (--left > 0) return void res.write(piece)
      clearInterval(tick)
      res.end(piece)
    }, PIECE_MS)
    res.on('close', () => clearInterval(tick))
  })
  cleaner.teardown(close)
  return url
}

/** A request that got no answer. */
interface Failure {
  readonly id: string
  readonly why: string
  /** When it was asked and when it failed; and the client's port if it had a connection. */
  readonly from: number
  readonly to: number
  readonly port: number | undefined
  /** On a connection that had given an answer before. */
  readonly reused: boolean
  /** A part of its answer came. */
  readonly answered: boolean
}

const counts = { answered: 0, refused: 0, closing: 0, slow: 0 }
const failures: Failure[] = []
const wrong: string[] = []
let going = true

function ask(agent: Agent, port: number, path: string, body: string | undefined): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>()
  let req: ClientRequest
  const answer = (message: IncomingMessage): void => {
    if (message.headers.connection === 'close') counts.closing++
    let text = `${message.statusCode} `
    message.setEncoding('latin1').on('data', (piece: string) => {
      text += piece
    })
    message.on('end', () => resolve(text))
    message.on('error', (error) => reject(Object.assign(error, { answered: true })))
  }
  req = request({ agent, port, host: '127.0.0.1', path, method: body === undefined ? 'GET' : 'POST' }, answer)
  let own: number | undefined
  req.on('socket', (its) => {
    if (its.connecting) its.once('connect', () => (own = its.localPort))
    else own = its.localPort
  })
  req.on('error', (error) => reject(Object.assign(error, { reused: req.reusedSocket, port: own })))
  req.end(body)
  return promise
}

let ids = 0
async function client(port: number, kinds: readonly string[]): Promise<void> {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  for (let i = 0; going; ) {
    const kind = kinds[i % kinds.length]!
    const id = `i${ids++}`
    const from = Date.now()
    try {
      const text = await ask(
        agent,
        port,
        `/orchestrator/v1/up/${kind}/${id}`,
        i % 5 === 4 ? 'x'.repeat(5000) : undefined,
      )
      if (text !== `200 ${WHOLE[kind]}`) wrong.push(`${id} ${kind} ${text.slice(0, 60)}`)
      counts.answered++
      if (kind !== 'quick') counts.slow++
      i++
    } catch (error) {
      const { code, message, port, reused = false, answered = false } = error as Failure & NodeJS.ErrnoException
      if (code === 'ECONNREFUSED') counts.refused++
      else failures.push({ id, from, to: Date.now(), port, reused, answered, why: `${kind}: ${message}` })
      await sleep(5)
    }
  }
  agent.destroy()
}

/** Connections that never say anything, as browsers and load balancers open in advance. */
const silent = (port: number): Socket[] =>
  Array.from({ length: SILENT }, () => connect(port, '127.0.0.1').on('error', () => {}))

await soak(async () => {
  const list = endpoint('up', await startSlow())
  const port = await freePort()
  const dir = mkdtempSync(join(tmpdir(), 'weir-soak-'))
  cleaner.teardown(() => rmSync(dir, { recursive: true }))
  const file = join(dir, 'accepted.json')
  const start = (): Promise<Gateway> => Gateway.start(list, { port, rest: SHUTDOWN, env: { PROBE_ACCEPTED: file } })
  let gateway = await start()
  const clients = [
    ...Array.from({ length: CLIENTS }, () => client(port, ['quick'])),
    ...Array.from({ length: SLOW_CLIENTS }, (_, i) => client(port, i % 2 === 0 ? ['slow'] : ['events'])),
  ]
  const until = performance.now() + SECONDS * 1000
  const logged = new Set<string>()
  const accepted: Record<string, number[]>[] = []
  const stopping: number[] = []
  const down: number[] = []
  let restarts = 0
  let badExits = 0
  let cut = 0
  const stop = async (): Promise<void> => {
    const { code, stderr } = await gateway.weir.stop()
    if (code !== 0 || stderr !== '') badExits++
    if (gateway.weir.lines.some(({ msg }) => /were cut/.test(String(msg)))) cut++
    accepted.push(JSON.parse(readFileSync(file, 'utf8')))
    for (const { path } of gateway.weir.access) logged.add(String(path).split('/').at(-1)!)
  }
  while (performance.now() < until) {
    const idle = silent(port)
    await sleep(EVERY_MS)
    const begun = performance.now()
    await stop()
    stopping.push(performance.now() - begun)
    for (const socket of idle) socket.destroy()
    gateway = await start()
    down.push(performance.now() - begun - stopping.at(-1)!)
    restarts++
  }
  going = false
  await Promise.all(clients)
  await stop()
  const isKnown = ({ id, from, to, port, answered }: Failure): boolean =>
    answered ||
    seen.has(id) ||
    logged.has(id) ||
    accepted.some((ports) => ports[`${port}`]?.some((at) => at >= from && at <= to))
  const idle = failures.filter(({ reused, answered, id }) => reused && !answered && !seen.has(id) && !logged.has(id))
  const fresh = failures.filter((failure) => !idle.includes(failure))
  const lost = fresh.filter(isKnown)
  say(`restarts in ${SECONDS} s, grace period 1 s, responses of up to ${(PIECES * PIECE_MS) / 1000} s`, restarts)
  none('exits with another code than 0, or with something on stderr', badExits)
  none('exits that cut something at the deadline', cut)
  say('from SIGTERM to the exit', latencies(stopping))
  say('from the exit until the next process listens', latencies(down))
  say(`responses, to ${CLIENTS + SLOW_CLIENTS} clients`, counts.answered)
  say('of them slow downloads and event streams', counts.slow)
  say('with `Connection: close`', counts.closing)
  must('responses that were not as they should', wrong.length, wrong.length === 0)
  none('requests lost, of those on a connection that a gateway had accepted', lost.length)
  none('closed while idle, before any byte of an answer', idle.length)
  say('reset in the queue of the listening socket, and tried again', fresh.length - lost.length)
  say('connections refused, and tried again', counts.refused)
  for (const text of [...wrong, ...[...lost, ...idle].map((failure) => JSON.stringify(failure))].slice(0, 20))
    console.error(text)
})
