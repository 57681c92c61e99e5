// Clients that attack: pipelined floods, more connections than there are descriptors for, and clients that stop reading. The
// gateway runs under `ulimit -n`, in a heap that the floods alone would exhaust. Others' requests must not fail.
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { Agent } from 'node:http'
import { connect, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { send } from '../support/client.ts'
import { startUpstream } from '../support/upstream.ts'
import { endpoint, mustBeBack, settled } from './quiet.ts'
import { cleaner, latencies, must, none, say, setting, soak } from './run.ts'
import { Gateway } from './support.ts'

const SECONDS = setting('SECONDS', 15)
const FILES = setting('FILES', 1024)
const FLOODS = setting('FLOODS', 160)
const SILENT = setting('SILENT', 100)
const HEAP_MIB = setting('HEAP_MIB', 8)
const RSS_MIB = setting('RSS_MIB', 400)
const PER_ADDRESS = 200
const FLOOD = Buffer.from('GET /orchestrator/v1/up/late HTTP/1.1\r\nHost: a\r\n\r\n'.repeat(10_000))
const DOWNLOAD = 'GET /orchestrator/v1/up/big HTTP/1.1\r\nHost: a\r\n\r\n'

/** Connections of an attacker at its own address, opened again whenever they are closed. */
class Attack {
  readonly #sockets = new Set<Socket>()
  #on = true
  opened = 0

  constructor(count: number, port: number, address: string, bytes: Buffer | string) {
    for (let i = 0; i < count; i++) this.#open(port, address, bytes)
  }

  stop(): void {
    this.#on = false
    for (const socket of this.#sockets) socket.destroy()
  }

  #open(port: number, localAddress: string, bytes: Buffer | string): void {
    if (!this.#on) return
    const socket = connect({ port, host: '127.0.0.1', localAddress })
    this.#sockets.add(socket)
    socket.on('connect', () => {
      this.opened++
      if (bytes.length > 0) socket.write(bytes)
    })
    socket.on('error', () => {})
    socket.on('close', () => {
      this.#sockets.delete(socket)
      setTimeout(() => this.#open(port, localAddress, bytes), 200 + Math.random() * 200)
    })
  }
}

/** Bytes that the kernel holds for connections of this port. */
function queued(port: number): number {
  const hex = port.toString(16).toUpperCase().padStart(4, '0')
  const rows = [...readFileSync('/proc/net/tcp', 'latin1').matchAll(/^ *\d+: \w+:(\w+) \w+:\w+ \w+ (\w+):/gm)]
  return rows.reduce((sum, [, own, bytes]) => sum + (own === hex ? Number.parseInt(bytes!, 16) : 0), 0)
}

await soak(async () => {
  const big = Buffer.alloc(64 * 2 ** 20)
  const upstream = await startUpstream((req, res) => {
    if (req.url!.endsWith('/ok')) res.end('ok')
    else if (req.url!.endsWith('/big')) res.end(big)
    else setTimeout(() => res.end('late'), 3000)
  })
  cleaner.teardown(upstream.close)
  const gateway = await Gateway.start(endpoint('up', upstream.url, '', ', timeout: 1h'), {
    rest: `access_log: false
downstream: { send_timeout: 2s, max_connections_per_address: ${PER_ADDRESS} }`,
    env: { NODE_OPTIONS: '--max-old-space-size=256' },
  })
  execFileSync('prlimit', ['--pid', String(gateway.pid), `--nofile=${FILES}:${FILES}`])
  const { port } = gateway
  const agent = new Agent({ keepAlive: true, maxSockets: 8 })
  cleaner.teardown(() => agent.destroy())
  let failed = 0
  /** Requests of others for a while: half on kept connections, half on new ones. */
  const others = async (seconds: number): Promise<number[]> => {
    const times: number[] = []
    const end = performance.now() + seconds * 1000
    const one = async (kept: boolean): Promise<void> => {
      while (performance.now() < end) {
        const begun = performance.now()
        const url = `${gateway.proxy}/orchestrator/v1/up/ok`
        const answer = await send(url, kept ? { agent } : {}).catch(() => undefined)
        if (answer?.status !== 200 || answer.body !== 'ok') failed++
        times.push(performance.now() - begun)
        await sleep(10)
      }
    }
    await Promise.all(Array.from({ length: 8 }, (_, i) => one(i % 2 === 0)))
    return times
  }
  await others(3)
  const start = await settled(gateway)
  say('open files that the gateway may have', FILES)
  say('requests of others, before', latencies(await others(3)))

  const attacks: [what: string, attack: () => Attack][] = [
    [`${FLOODS} floods of 10,000 pipelined requests`, () => new Attack(FLOODS, port, '127.0.0.2', FLOOD)],
    [`${2 * FILES} silent connections at once`, () => new Attack(2 * FILES, port, '127.0.0.3', '')],
    [`${SILENT} clients that do not read 64 MiB`, () => new Attack(SILENT, port, '127.0.0.4', DOWNLOAD)],
  ]
  for (const [what, begin] of attacks) {
    failed = 0
    const attack = begin()
    await sleep(1000)
    let rss = 0
    let files = 0
    let held = 0
    const watch = setInterval(() => {
      void gateway.probe().then((probe) => {
        rss = Math.max(rss, probe.rss)
        files = Math.max(files, probe.files)
      })
      held = Math.max(held, queued(port))
    }, 500)
    const times = await others(SECONDS)
    clearInterval(watch)
    const left = queued(port)
    attack.stop()
    say(`**${what}**, opened`, attack.opened)
    say('requests of others', `${times.length}: ${latencies(times)}`)
    none('of them failed', failed)
    must('peak of resident memory', `${rss.toFixed(0)} MiB`, rss > 0 && rss < RSS_MIB)
    must('peak of open files', files, files > 0 && files < FILES)
    say('most that the kernel held to be sent', `${(held / 2 ** 20).toFixed(0)} MiB`)
    must('and at the end, all still connected', `${(left / 2 ** 20).toFixed(1)} MiB`, left < 2 ** 20)
  }
  const { body } = await send(`${gateway.admin}/metrics`)
  say('connections refused', /^weir_connections_refused_total\{reason="address"\} (\d+)$/m.exec(body)?.[1] ?? 0)
  none('shortages of descriptors', Number(/^weir_shortages_total\{.*\} (\d+)$/m.exec(body)?.[1] ?? 0))
  mustBeBack(start, await settled(gateway), HEAP_MIB)
})
