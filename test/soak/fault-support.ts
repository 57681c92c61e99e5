// Upstreams that can be killed and paused, and clients that keep asking.
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { Agent, type IncomingMessage, request } from 'node:http'
import { type AddressInfo, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { cleaner } from './run.ts'

const SCRIPT = fileURLToPath(new URL('fault-upstream.ts', import.meta.url))

/** One request as an upstream saw it. */
export interface Seen {
  /** Milliseconds since the Unix epoch. */
  readonly at: number
  readonly method: string
  readonly url: string
}

/** An upstream process on a port of its own. */
export class Upstream {
  readonly port: number
  readonly #file: string
  #child: ChildProcess | undefined

  private constructor(port: number, dir: string) {
    this.port = port
    this.#file = join(dir, String(port))
    cleaner.teardown(() => this.#child?.kill('SIGKILL'))
  }

  static async several(count: number): Promise<Upstream[]> {
    const dir = mkdtempSync(join(tmpdir(), 'weir-faults-'))
    cleaner.teardown(() => rmSync(dir, { recursive: true, force: true }))
    const ports = await freePorts(count)
    const all = ports.map((port) => new Upstream(port, dir))
    await Promise.all(all.map((one) => one.start()))
    return all
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`
  }

  async start(): Promise<void> {
    this.#child = fork(SCRIPT, [String(this.port), this.#file], { stdio: 'inherit' })
    await once(this.#child, 'message')
  }

  /** As a machine that loses power: what was under way is reset. */
  async kill(): Promise<void> {
    const child = this.#child!
    child.kill('SIGKILL')
    await once(child, 'exit')
  }

  /** As a process that hangs: connections are taken by the kernel, and nothing answers. */
  pause(): void {
    this.#child!.kill('SIGSTOP')
  }

  resume(): void {
    this.#child!.kill('SIGCONT')
  }

  /** All that it has seen, in all its lives. */
  seen(): Seen[] {
    if (!existsSync(this.#file)) return []
    return readFileSync(this.#file, 'utf8')
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => {
        const [at, method, url] = line.split(' ') as [string, string, string]
        return { at: Number(at), method, url }
      })
  }
}

async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer().listen(0, '127.0.0.1'))
  await Promise.all(servers.map((server) => once(server, 'listening')))
  const ports = servers.map((server) => (server.address() as AddressInfo).port)
  await Promise.all(servers.map((server) => new Promise((done) => server.close(done))))
  return ports
}

/** How one request went. */
export interface Asked {
  readonly method: string
  readonly id: string
  /** 0: no answer. */
  readonly status: number
  readonly took: number
}

/** Clients that ask on kept connections, one request behind the other, until they are stopped. */
export class Load {
  readonly asked: Asked[] = []
  readonly #agent: Agent
  readonly #all: Promise<void>[]
  #stopped = false

  /** @param posts of a hundred requests, how many are POST */
  constructor(url: string, clients: number, posts = 0, pauseMs = 0) {
    this.#agent = new Agent({ keepAlive: true, maxSockets: clients })
    this.#all = Array.from({ length: clients }, (_, client) => this.#run(url, client, posts, pauseMs))
  }

  async stop(): Promise<readonly Asked[]> {
    this.#stopped = true
    await Promise.all(this.#all)
    this.#agent.destroy()
    return this.asked
  }

  /** Requests so far; a mark to look at those behind it. */
  get count(): number {
    return this.asked.length
  }

  async #run(url: string, client: number, posts: number, pauseMs: number): Promise<void> {
    for (let n = 0; !this.#stopped; n++) {
      const method = n % 100 < posts ? 'POST' : 'GET'
      const id = `${client}-${n}`
      const began = performance.now()
      const status = await ask(`${url}/${id}`, method, this.#agent)
      this.asked.push({ method, id, status, took: performance.now() - began })
      if (pauseMs > 0) await new Promise((resolve) => setTimeout(resolve, pauseMs))
    }
  }
}

function ask(url: string, method: string, agent: Agent): Promise<number> {
  return new Promise((resolve) => {
    const req = request(url, { method, agent, headers: method === 'POST' ? { 'Content-Length': 2 } : {} })
    req.on('error', () => resolve(0))
    req.on('response', (message: IncomingMessage) => {
      message.on('error', () => resolve(0))
      message.on('close', () => resolve(message.complete ? (message.statusCode ?? 0) : 0))
      message.resume()
    })
    req.end(method === 'POST' ? 'hi' : undefined)
  })
}
