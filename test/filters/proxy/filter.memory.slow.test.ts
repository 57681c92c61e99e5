// The size is WEIR_TEST_MIB: 256 by default, 1024 for a whole GiB.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { type IncomingMessage, request } from 'node:http'
import { type AddressInfo, createServer as createTcpServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as rest } from 'node:timers/promises'
import t from 'tap'
import { send } from '../../support/client.ts'
import { startUpstream } from '../../support/upstream.ts'

const MIB = 1024 * 1024
const SIZE = Number(process.env.WEIR_TEST_MIB ?? 256) * MIB
const LIMIT = 150 * MIB
const root = new URL('../../../', import.meta.url).pathname

async function freePort(): Promise<number> {
  const server = createTcpServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}

/** Bytes of a line of /proc/<pid>/status. */
function memory(pid: number, line: 'VmRSS' | 'VmHWM'): number {
  const kib = new RegExp(`^${line}:\\s+(\\d+) kB$`, 'm').exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]
  return Number(kib) * 1024
}

t.test(
  'a large download to a slow reader',
  {
    skip: existsSync('/proc/self/clear_refs') ? false : 'NOT TESTED: needs /proc',
    timeout: 300_000,
  },
  async (t) => {
    const chunk = Buffer.alloc(256 * 1024, 'x')
    const upstream = await startUpstream((req, res) => {
      if (req.url === '/small') return void res.end('small')
      res.writeHead(200, { 'Content-Length': SIZE })
      let sent = 0
      const more = (): void => {
        while (sent < SIZE) {
          const piece = chunk.subarray(0, Math.min(chunk.length, SIZE - sent))
          sent += piece.length
          if (!res.write(piece)) return
        }
        res.end()
      }
      res.on('drain', more)
      more()
    })
    t.teardown(() => upstream.close())

    const folder = mkdtempSync(join(tmpdir(), 'weir-memory-'))
    t.teardown(() => rmSync(folder, { recursive: true }))
    const port = await freePort()
    const config = join(folder, 'weir.yaml')
    writeFileSync(
      config,
      `listen: 127.0.0.1:${port}\nadmin: off\naccess_log: false\nendpoints:\n  - { name: big, url: "${upstream.url}" }\n`,
    )
    const child = spawn(process.execPath, [join(root, 'core/launch.js'), 'run', '--config', config], {
      cwd: folder,
      stdio: ['ignore', 'pipe', 'inherit'],
      // Whatever the test runner preloads is no part of the gateway.
      env: { ...process.env, NODE_OPTIONS: '' },
    })
    t.teardown(async () => {
      if (child.exitCode !== null) return
      child.kill('SIGKILL')
      await once(child, 'exit')
    })
    await once(child.stdout, 'data')
    child.stdout.resume()
    const pid = child.pid!
    const url = `http://127.0.0.1:${port}/orchestrator/big`

    for (let i = 0; i < 50; i++) t.equal((await send(`${url}/small`)).body, 'small')
    writeFileSync(`/proc/${pid}/clear_refs`, '5')
    const idle = memory(pid, 'VmRSS')

    const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>()
    request(`${url}/large`, { agent: false }, resolve).on('error', reject).end()
    const message = await promise
    let received = 0
    let pauseAt = SIZE / 16
    for await (const piece of message) {
      received += (piece as Buffer).length
      if (received < pauseAt) continue
      pauseAt += SIZE / 16
      // Long enough for every buffer on the way to fill.
      await rest(100)
    }
    const peak = memory(pid, 'VmHWM')
    t.equal(received, SIZE)
    t.comment(`idle ${Math.round(idle / MIB)} MiB, peak ${Math.round(peak / MIB)} MiB`)
    t.ok(peak - idle <= LIMIT, `${Math.round((peak - idle) / MIB)} MiB over idle for ${SIZE / MIB} MiB`)
  },
)
