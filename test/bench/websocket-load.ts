// WebSockets that each send a small text message and wait for its echo before they send the next.
// Argument: JSON with url, path, headers, connections, seconds. Prints JSON; a message with its echo is a request.
import { connect } from 'node:net'
import { quantile } from './statistics.ts'
import { maskedFrame } from './websocket-frames.ts'

interface Options {
  readonly url: string
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  readonly connections: number
  readonly seconds: number
}

const { url, path, headers, connections, seconds } = JSON.parse(process.argv[2]!) as Options
const port = Number(new URL(url).port)
const fields = Object.entries({
  ...headers,
  Upgrade: 'websocket',
  Connection: 'Upgrade',
  'Sec-WebSocket-Version': '13',
  'Sec-WebSocket-Key': Buffer.alloc(16, 'weir').toString('base64'),
}).map(([name, value]) => `${name}: ${value}\r\n`)
const TEXT = 'a small message of 32 characters'
const frame = maskedFrame(TEXT, Buffer.from([1, 2, 3, 4]))
/** A server masks nothing. */
const ECHO = TEXT.length + 2

const latencies: number[] = []
let failed = 0
let begun = 0
let over = false
const sockets = Array.from({ length: connections }, () => {
  const socket = connect({ port, host: '127.0.0.1', noDelay: true })
  let head = ''
  let arrived = 0
  let sent = 0
  const send = (): void => {
    sent = performance.now()
    socket.write(frame)
  }
  socket.write(`GET ${path} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\n${fields.join('')}\r\n`)
  socket.on('data', function first(chunk) {
    head += chunk.toString('latin1')
    if (!head.includes('\r\n\r\n')) return
    socket.off('data', first)
    if (!head.startsWith('HTTP/1.1 101')) return void socket.destroy()
    socket.on('data', (bytes) => {
      arrived += bytes.length
      if (arrived < ECHO) return
      arrived -= ECHO
      latencies.push(performance.now() - sent)
      if (!over) send()
    })
    begun ||= performance.now()
    send()
  })
  socket.on('error', () => {})
  socket.on('close', () => {
    if (!over) failed++
  })
  return socket
})

setTimeout(() => {
  over = true
  const [p50, p99] = [quantile(latencies, 0.5), quantile(latencies, 0.99)]
  const took = (performance.now() - begun) / 1000
  console.log(JSON.stringify({ requests: latencies.length, seconds: took, p50, p99, failed }))
  for (const socket of sockets) socket.destroy()
}, seconds * 1000)
