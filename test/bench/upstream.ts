// The benchmark's upstream, on a raw socket so that it is not what limits: it parses no more of HTTP/1.1 than it needs. The end of
// the path is the size of the response: `/1k` (the default), `/64k`, `/1m`, `/1g`. Bodies are read and thrown away, OTLP exports
// too. WebSocket messages are echoed. Argument: a port (default: a free one). Prints the port.
import { createHash } from 'node:crypto'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { EchoParser } from './websocket-frames.ts'

const SIZES: Readonly<Record<string, number>> = { '1k': 1024, '64k': 64 * 1024, '1m': 1024 ** 2, '1g': 1024 ** 3 }
const CHUNK = Buffer.alloc(1024 ** 2, 'x')
const BODY_START = '{"items":"'

let responses: Readonly<Record<string, { readonly small?: Buffer; readonly head: Buffer; readonly size: number }>> = {}

/** With today's time, as Node's server would send it. */
function prepare(): void {
  responses = Object.fromEntries(
    Object.entries(SIZES).map(([name, size]) => {
      const head = Buffer.from(
        `HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: ${size}\r\nCache-Control: no-cache\r\n` +
          `Date: ${new Date().toUTCString()}\r\nConnection: keep-alive\r\nKeep-Alive: timeout=600\r\n\r\n`,
      )
      const body = `${BODY_START}${'x'.repeat(1024 - BODY_START.length - 2)}"}`
      return [name, { head, size, ...(size === 1024 && { small: Buffer.concat([head, Buffer.from(body)]) }) }]
    }),
  )
}
prepare()
setInterval(prepare, 1000).unref()

async function respond(socket: Socket, name: string): Promise<void> {
  const { small, head, size } = responses[name] ?? responses['1k']!
  if (small !== undefined) return void socket.write(small)
  socket.cork()
  socket.write(head)
  for (let left = size; left > 0 && !socket.destroyed; left -= CHUNK.length) {
    const flows = socket.write(CHUNK.subarray(0, left))
    socket.uncork()
    if (!flows && left > CHUNK.length)
      await new Promise<void>((resolve) => {
        const go = (): void => {
          socket.off('drain', go).off('close', go)
          resolve()
        }
        socket.on('drain', go).on('close', go)
      })
  }
}

function upgrade(socket: Socket, head: string): void {
  const key = /^sec-websocket-key: *(\S+)/im.exec(head)?.[1] ?? ''
  const accept = createHash('sha1').update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64')
  socket.write(
    `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`,
  )
  const parser = new EchoParser()
  socket.removeAllListeners('data').on('data', (chunk: Buffer) => {
    const echoes = parser.take(chunk)
    if (echoes.length > 0) socket.write(echoes)
  })
}

const server = createServer({ noDelay: true }, (socket) => {
  /** What has arrived of the head, and what is missing of the body; `chunked` until its last chunk. */
  let head = ''
  let missing: number | 'chunked' = 0
  let path = ''
  const finish = (): void => {
    missing = 0
    void respond(socket, path)
  }
  const takeBody = (chunk: Buffer): void => {
    if (missing === 'chunked') {
      head = (head + chunk.toString('latin1', Math.max(0, chunk.length - 5))).slice(-5)
      if (head !== '0\r\n\r\n') return
      head = ''
      return finish()
    }
    missing -= chunk.length
    if (missing <= 0) finish()
  }
  socket.on('error', () => {})
  socket.on('data', (chunk: Buffer) => {
    if (missing !== 0) return takeBody(chunk)
    head += chunk.toString('latin1')
    const end = head.indexOf('\r\n\r\n')
    if (end === -1) return
    const [text, rest] = [head.slice(0, end + 2), head.slice(end + 4)]
    head = ''
    const target = text.slice(0, text.indexOf(' HTTP/'))
    path = target.slice(target.lastIndexOf('/') + 1)
    if (target.startsWith('GET')) return /^upgrade: *websocket/im.test(text) ? upgrade(socket, text) : finish()
    const length = /^content-length: *(\d+)/im.exec(text)
    missing = length === null ? (/^transfer-encoding:/im.test(text) ? 'chunked' : 0) : Number(length[1])
    if (missing === 0) return finish()
    if (rest !== '') takeBody(Buffer.from(rest, 'latin1'))
  })
})
server.listen(Number(process.argv[2] ?? 0), '127.0.0.1', () => console.log((server.address() as AddressInfo).port))
