import { once } from 'node:events'
import { mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { WebSocketServer } from 'ws'
import type { ReloadOutcome } from '../../core/control/config-control.ts'
import { send } from '../support/client.ts'
import { spawnWeir, type WeirProcess } from '../support/process.ts'
import type { Probe } from './probe.ts'
import { cleaner } from './run.ts'

const PROBE = fileURLToPath(new URL('probe.ts', import.meta.url))
const CHAIN = 'probe, request-id, auth, route-match, method-check, breaker, proxy, metrics'

/** Answers with 1 KiB of JSON, echoes WebSocket messages, and sends a line a second on `/events`. */
export async function startUpstream(): Promise<string> {
  const body = JSON.stringify({ items: 'x'.repeat(1010) })
  const streams = new Set<ServerResponse>()
  const server = createServer((req, res) => {
    if (!req.url!.endsWith('/events')) return void res.setHeader('Content-Type', 'application/json').end(body)
    res.writeHead(200, { 'Content-Type': 'text/event-stream' }).write('data: hello\n\n')
    streams.add(res)
    res.on('close', () => streams.delete(res))
  })
  server.keepAliveTimeout = 60_000
  new WebSocketServer({ server }).on('connection', (socket) => socket.on('message', (data) => socket.send(data)))
  const tick = setInterval(() => {
    for (const stream of streams) stream.write('data: tick\n\n')
  }, 1000)
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  cleaner.teardown(() => {
    clearInterval(tick)
    server.closeAllConnections()
    server.close()
  })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

/** A port of loopback that nobody listens on now. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  await new Promise((done) => server.close(done))
  return port
}

export const listOf = (count: number, url: string, name = (i: number): string => `e${i}`): string =>
  Array.from(
    { length: count },
    (_, i) =>
      `  - name: ${name(i)}\n    version: v1\n    url: ${url}/${name(i)}\n    methods: [GET, POST]\n    timeout: 30s\n`,
  ).join('')

export interface GatewayOptions {
  /** Default: a free one. */
  readonly port?: number
  /** YAML of further top-level keys. */
  readonly rest?: string
  /** The filters, in order. Default: the default chain behind the probe. */
  readonly chain?: string
  readonly env?: Readonly<Record<string, string>>
}

/** A gateway process whose file is rewritten. */
export class Gateway {
  readonly weir: WeirProcess
  proxy = ''
  admin = ''
  readonly #file: string
  readonly #options: GatewayOptions

  constructor(endpoints: string, options: GatewayOptions) {
    const dir = mkdtempSync(join(tmpdir(), 'weir-soak-'))
    cleaner.teardown(() => rmSync(dir, { recursive: true, force: true }))
    this.#options = options
    this.#file = join(dir, 'weir.yaml')
    this.write(endpoints)
    this.weir = spawnWeir(cleaner, { cwd: dir, env: options.env ?? {} })
  }

  static async start(endpoints: string, options: GatewayOptions = {}): Promise<Gateway> {
    const gateway = new Gateway(endpoints, options)
    gateway.proxy = await gateway.weir.url('proxy')
    gateway.admin = await gateway.weir.url('admin')
    return gateway
  }

  /** @param whole false writes in place, as some editors do */
  write(endpoints: string, whole = true): void {
    const { port = 0, rest = 'access_log: false', chain = CHAIN } = this.#options
    const text = `listen: 127.0.0.1:${port}
admin: { listen: 127.0.0.1:0 }
${rest}
plugins: ["${PROBE}"]
filters: [${chain}]
endpoints:
${endpoints}`
    if (!whole) return writeFileSync(this.#file, text)
    writeFileSync(`${this.#file}~`, text)
    renameSync(`${this.#file}~`, this.#file)
  }

  /** Something else than a configuration. */
  break(text: string): void {
    writeFileSync(this.#file, text)
  }

  async reload(): Promise<ReloadOutcome> {
    return (await send(`${this.admin}/config/reload`, { method: 'POST' })).json() as unknown as ReloadOutcome
  }

  /** Loads so far, by outcome. */
  async reloads(): Promise<Readonly<Record<string, number>>> {
    const { body } = await send(`${this.admin}/metrics`)
    return Object.fromEntries(
      [...body.matchAll(/^weir_config_reloads_total\{outcome="(\w+)"\} (\d+)$/gm)].map(([, k, v]) => [k, Number(v)]),
    )
  }

  async probe(gc = false): Promise<Probe> {
    const { body } = await send(`${this.proxy}/probe${gc ? '?gc' : ''}`)
    return JSON.parse(body) as Probe
  }

  get port(): number {
    return Number(new URL(this.proxy).port)
  }

  get pid(): number {
    return this.weir.child.pid!
  }

  /** Seconds of processor time so far. */
  cpu(): number {
    const fields = readFileSync(`/proc/${this.pid}/stat`, 'utf8')
      .replace(/^.*\) /, '')
      .split(' ')
    return (Number(fields[11]) + Number(fields[12])) / 100
  }
}
