import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { Agent } from 'node:http'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import type { Test } from 'tap'
import { HEADERS } from '../bench/load.ts'
import { send } from './client.ts'
import type { Counts, ProbeMessage } from './cost-probe.ts'
import { folder, LAUNCH } from './process.ts'

const PROBE = fileURLToPath(new URL('cost-probe.ts', import.meta.url))
const UPSTREAM = fileURLToPath(new URL('../bench/upstream.ts', import.meta.url))
const DEADLINE_MS = 60_000

/**
 * A gateway in a process of its own (default chain, no access log, no admin listener) before an upstream in another process,
 * which responds with 1 KiB. Its requests go one after another over one connection.
 */
export class CostedGateway {
  readonly child: ChildProcess
  readonly upstreamPort: number
  readonly #url: string
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 1 })

  constructor(child: ChildProcess, url: string, upstreamPort: number) {
    this.child = child
    this.#url = `${url}/orchestrator/v1/up/items`
    this.upstreamPort = upstreamPort
  }

  /** @param flags of Node, for the gateway */
  static async start(t: Test, flags: readonly string[] = []): Promise<CostedGateway> {
    const upstream = spawn(process.execPath, [UPSTREAM], { stdio: ['ignore', 'pipe', 'inherit'] })
    t.teardown(() => upstream.kill('SIGKILL'))
    const upstreamPort = Number((await once(upstream.stdout, 'data', soon()))[0])
    const cwd = await folder(t, {
      'weir.yaml': `listen: 127.0.0.1:0
admin: off
access_log: false
endpoints:
  - { name: up, version: v1, url: "http://127.0.0.1:${upstreamPort}" }
`,
    })
    const child = spawn(process.execPath, [...flags, '--import', PROBE, LAUNCH, 'run'], {
      cwd,
      env: { PATH: process.env.PATH ?? '' },
      stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
    })
    t.teardown(() => child.kill('SIGKILL'))
    const url = await addressOf(child)
    const gateway = new CostedGateway(child, url, upstreamPort)
    t.teardown(() => gateway.#agent.destroy())
    return gateway
  }

  /** Sends requests on that many connections at once; on one, by `requests`. @throws Error unless every response is the upstream's */
  async burst(count: number, connections: number): Promise<void> {
    const agent = new Agent({ keepAlive: true, maxSockets: connections })
    const each = Array.from({ length: connections }, () => this.#requests(count / connections, agent))
    await Promise.all(each).finally(() => agent.destroy())
  }

  /** Sends requests one after another. @throws Error unless every response is the upstream's */
  requests(count: number): Promise<void> {
    return this.#requests(count, this.#agent)
  }

  async #requests(count: number, agent: Agent): Promise<void> {
    for (let i = 0; i < count; i++) {
      const { status, body } = await send(this.#url, { headers: HEADERS, agent })
      if (status !== 200 || body.length < 1000) throw new Error(`${status} with ${body.length} bytes`)
    }
  }

  /** What so many requests cost, counted in the gateway; once only. Counting slows it down: measure nothing else afterwards. */
  async count(requests: number): Promise<Counts> {
    const begun = await this.#ask('begin')
    if (begun !== 'begun') throw new Error(String(begun))
    await this.requests(requests)
    return (await this.#ask('end')) as Counts
  }

  /** Bytes that the gateway allocates on its heap while so many requests run. */
  async bytes(requests: number): Promise<number> {
    const before = (await this.#ask('bytes')) as number
    await this.requests(requests)
    return ((await this.#ask('bytes')) as number) - before
  }

  async #ask(message: ProbeMessage): Promise<unknown> {
    const [reply] = await Promise.all([once(this.child, 'message', soon()), this.child.send(message)])
    return reply[0]
  }
}

const soon = (): { signal: AbortSignal } => ({ signal: AbortSignal.timeout(DEADLINE_MS) })

async function addressOf(child: ChildProcess): Promise<string> {
  const lines = createInterface({ input: child.stdout! })
  for await (const line of lines) {
    const { listener, port } = line.startsWith('{') ? JSON.parse(line) : {}
    if (listener !== 'proxy' || port === undefined) continue
    child.stdout!.resume()
    return `http://127.0.0.1:${port}`
  }
  throw new Error('the gateway ended before it was ready')
}
