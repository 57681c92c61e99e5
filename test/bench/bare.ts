// What Weir is measured against: the least that a proxy of Node's http server and undici's dispatch() does, without filters, routes,
// timeouts or errors of its own. Arguments: URL of the upstream, and a port (default: a free one).
// Prints the port.
import { createServer, type IncomingMessage } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { Readable } from 'node:stream'
import { type Dispatcher, Pool } from 'undici'

/** As `toString('latin1')`, without looking up the encoding; @types/node does not know it. */
const latin1 = (bytes: Buffer): string => (bytes as Buffer & { latin1Slice(): string }).latin1Slice()

const upstream = new URL(process.argv[2]!)
const pool = new Pool(upstream, { allowH2: false, headersTimeout: 0, bodyTimeout: 0 })
const HOP = new Set([
  'host',
  'connection',
  'keep-alive',
  'proxy-connection',
  'transfer-encoding',
  'upgrade',
  'te',
  'trailer',
  'expect',
])
/** Up to this size a whole body is written together with the head, as one text. */
const SMALL = 16 * 1024

/** The body of a request. undici takes longer for an IncomingMessage itself. */
function bodyOf(req: IncomingMessage): Readable {
  const body = new Readable({ read: () => void req.resume() })
  req.on('data', (chunk) => void (body.push(chunk) || req.pause()))
  req.on('end', () => void body.push(null))
  return body
}

const server = createServer((req, res) => {
  const headers: string[] = []
  for (let i = 0; i < req.rawHeaders.length; i += 2) {
    if (!HOP.has(req.rawHeaders[i]!.toLowerCase())) headers.push(req.rawHeaders[i]!, req.rawHeaders[i + 1]!)
  }
  let status = 0
  let statusText = ''
  let fields: string[] = []
  let length = -1
  const writeHead = (): void => {
    res.writeHead(status, statusText, fields)
    status = 0
  }
  const handler: Dispatcher.DispatchHandler = {
    onRequestStart() {},
    onResponseStart(controller, code, _headers, text) {
      if (code < 200) return
      status = code
      statusText = text ?? ''
      fields = []
      const raw = controller.rawHeaders as Buffer[]
      for (let i = 0; i < raw.length; i += 2) {
        const name = latin1(raw[i]!)
        const lower = name.toLowerCase()
        if (HOP.has(lower)) continue
        const value = latin1(raw[i + 1]!)
        if (lower === 'content-length') length = Number(value)
        fields.push(name, value)
      }
    },
    onResponseData(controller, chunk) {
      if (status !== 0) {
        writeHead()
        if (chunk.length === length) {
          if (length <= SMALL) res.end(latin1(chunk), 'latin1')
          else res.end(chunk)
          return
        }
        res.once('close', () => res.writableFinished || controller.abort(new Error('the client has gone')))
      }
      if (!res.write(chunk)) {
        controller.pause()
        res.once('drain', () => controller.resume())
      }
    },
    onResponseEnd() {
      if (status !== 0) writeHead()
      if (!res.writableEnded) res.end()
    },
    onResponseError: () => void res.destroy(),
  }
  const body = req.method === 'GET' ? null : bodyOf(req)
  pool.dispatch({ path: req.url!, method: req.method!, headers, body, reset: false }, handler)
})

// A tunnel: the head as it came, then bytes both ways.
server.on('upgrade', (req, socket, head) => {
  const other = connect(Number(upstream.port), upstream.hostname)
  other.setNoDelay(true)
  const fields = req.rawHeaders.map((text, i) => (i % 2 === 0 ? `${text}: ` : `${text}\r\n`)).join('')
  other.write(`${req.method} ${req.url} HTTP/1.1\r\n${fields}\r\n`)
  if (head.length > 0) other.write(head)
  socket.pipe(other).pipe(socket)
  socket.on('error', () => other.destroy())
  other.on('error', () => socket.destroy())
})

server.listen(Number(process.argv[3] ?? 0), '127.0.0.1', () => console.log((server.address() as AddressInfo).port))
