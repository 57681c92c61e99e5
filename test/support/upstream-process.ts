import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import type { Test } from 'tap'

/**
 * Answers with its address, and at `/seen` with what it has been asked. `/told/{mood}` makes it `well`, `slow` (answers after 5 s),
 * `half` (reads the request, ends its side of the connection and says nothing), or answer with a status (`500`).
 */
const SCRIPT = `
const [, port, host] = process.argv
let mood = 'well'
const seen = []
const server = require('node:http').createServer((request, response) => {
  const told = /^\\/told\\/(\\w+)/.exec(request.url)
  if (told !== null) return response.end(mood = told[1])
  if (request.url === '/seen') return response.end(seen.join(' '))
  seen.push(request.method + request.url)
  if (mood === 'half') return request.socket.end()
  setTimeout(() => response.writeHead(Number(mood) || 200).end(host), mood === 'slow' ? 5000 : 0)
}).listen(Number(port), host, () => require('node:fs').writeSync(1, String(server.address().port)))`

/** An upstream in a process of its own, which may be killed, stopped and started again at the same port. */
export class UpstreamProcess {
  port: number
  readonly host: string
  #child: ChildProcess | undefined

  constructor(host = '127.0.0.1', port = 0) {
    this.host = host
    this.port = port
  }

  static async start(t: Test, host?: string, port?: number): Promise<UpstreamProcess> {
    const upstream = new UpstreamProcess(host, port)
    await upstream.start()
    t.teardown(() => upstream.signal('SIGKILL'))
    return upstream
  }

  async start(): Promise<void> {
    const child = spawn(process.execPath, ['-e', SCRIPT, String(this.port), this.host], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    this.#child = child
    const [port] = (await once(child.stdout!, 'data')) as [Buffer]
    this.port = Number(port)
  }

  async kill(): Promise<void> {
    const gone = once(this.#child!, 'exit')
    this.#child!.kill('SIGKILL')
    await gone
  }

  signal(signal: NodeJS.Signals): void {
    this.#child!.kill(signal)
  }

  get url(): string {
    return `http://${this.host}:${this.port}`
  }
}
