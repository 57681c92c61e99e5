import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import t, { type Test } from 'tap'
import { Body } from '../../../core/api/body.ts'
import { HeaderList } from '../../../core/api/header-list.ts'
import { directHead } from '../../../core/http/direct-head.ts'
import { DirectOutput } from '../../../core/http/direct-output.ts'
import { writeHead } from '../../../core/http/head-writer.ts'
import { NodeOutput } from '../../../core/http/node-output.ts'
import type { ResponseOutput } from '../../../core/http/response-output.ts'
import { connectTo, sendRaw } from '../../support/client.ts'

const IDLE_MS = 65_000
const DATE = ['Date', 'Thu, 26 Nov 2026 21:08:05 GMT']

async function serving(t: Test, serve: (req: IncomingMessage, res: ServerResponse) => void): Promise<number> {
  const server = createServer(serve)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => server.close())
  return (server.address() as AddressInfo).port
}

interface Message {
  readonly raw: string[]
  readonly chunks: Buffer[]
  readonly status?: number
  readonly reason?: string
  readonly length?: number
  readonly trailers?: HeaderList
}

const responseOf = ({ raw, status = 200, reason, length }: Message) => ({
  status,
  statusText: reason,
  headers: HeaderList.fromWire([...DATE, ...raw]),
  body: new Body({ start() {}, pause() {}, resume() {}, cancel() {} }, length),
})

function direct(message: Message, method: string, res: ServerResponse, close: boolean, over = () => {}): DirectOutput {
  return new DirectOutput(res, directHead(responseOf(message), method, close, IDLE_MS)!, close, over)
}

function byNode(message: Message, method: string, res: ServerResponse, close: boolean): NodeOutput {
  writeHead(res, responseOf(message), method, close, IDLE_MS)
  return new NodeOutput(res, () => {})
}

function send(output: ResponseOutput, { chunks, trailers }: Message): void {
  for (const chunk of chunks.slice(0, -1)) output.write(chunk)
  output.end(chunks.at(-1), trailers)
}

/** Lines of the head in any order, the body and what follows it: how a body is cut into chunks is free. */
function parts(bytes: string): unknown {
  const end = bytes.indexOf('\r\n\r\n')
  const lines = bytes.slice(0, end).split('\r\n').toSorted()
  let rest = bytes.slice(end + 4)
  if (rest === '' || !lines.includes('Transfer-Encoding: chunked')) return [lines, rest]
  let body = ''
  for (;;) {
    const line = rest.indexOf('\r\n')
    const size = Number.parseInt(rest.slice(0, line), 16)
    if (!(size > 0)) return [lines, body, rest]
    body += rest.slice(line + 2, line + 2 + size)
    if (rest.slice(line + 2 + size, line + 4 + size) !== '\r\n') return 'no chunk'
    rest = rest.slice(line + 4 + size)
  }
}

t.test('the bytes are those that Node would send', async (t) => {
  const hello = Buffer.from('hello')
  const large = Buffer.alloc(100_000, 'x')
  const messages: Message[] = [
    { raw: ['Content-Type', 'text/plain', 'Content-Length', '5'], chunks: [hello], length: 5 },
    { raw: ['Set-Cookie', 'a=1', 'Set-Cookie', 'b=2'], chunks: [hello, hello], length: 10 },
    { raw: ['X', 'caf\xe9'], chunks: [Buffer.from([0xff, 0])], length: 2, status: 404, reason: 'Gone fishing' },
    { raw: [], chunks: [large], length: 100_000 },
    { raw: [], chunks: [large, hello, large], length: 200_005 },
    { raw: [], chunks: [], length: 0, status: 500 },
    { raw: ['ETag', '"a"', 'Content-Length', '7'], chunks: [], length: 0, status: 304 },
    { raw: ['A', ''], chunks: [], length: 0, status: 204 },
    { raw: [], chunks: [hello] },
    { raw: [], chunks: [hello, large, Buffer.alloc(0), hello] },
    { raw: [], chunks: [] },
    { raw: ['Trailer', 'X'], chunks: [hello], trailers: HeaderList.of({ X: 'y' }) },
    { raw: ['Trailer', 'X'], chunks: [large], trailers: HeaderList.fromWire(['X', 'y', 'Z', 'a\nb']) },
    { raw: [], chunks: [hello], length: 5, trailers: HeaderList.of({ X: 'y' }) },
  ]
  for (const message of messages)
    for (const method of message.trailers === undefined ? ['GET', 'HEAD'] : ['GET'])
      for (const close of [true, false]) {
        const taken: boolean[] = []
        const bytesOf = async (make: typeof direct | typeof byNode): Promise<string> => {
          const port = await serving(t, (req, res) => {
            if (req.url === '/last') return void res.end()
            taken.push(DirectOutput.takes(req, res))
            send(make(message, method, res, close), message)
          })
          const next = close ? '' : 'GET /last HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n'
          const bytes = await sendRaw(port, `${method} / HTTP/1.1\r\nHost: a\r\n\r\n${next}`)
          return close ? bytes : bytes.slice(0, bytes.lastIndexOf('HTTP/1.1 200 OK'))
        }
        const what = `${method} ${message.status} ${message.raw} ${message.chunks.map(({ length }) => length)} ${close}`
        const [ours, nodes] = [await bytesOf(direct), await bytesOf(byNode)]
        t.same(parts(ours), parts(nodes), what)
        t.same(taken, [true, true])
      }
})

t.test('what can not be on the wire is refused, and what Node obeys is left to it', async (t) => {
  const head = (raw: string[], status = 200) =>
    directHead(responseOf({ raw, chunks: [], status, length: 0 }), 'GET', false, 1)
  for (const raw of [
    ['A b', 'c'],
    ['', 'c'],
    ['A', 'b\r\nC: d'],
    ['A', 'b\n'],
    ['A', '\0'],
    ['A', '\u{100}'],
  ])
    t.throws(() => head(raw), TypeError, JSON.stringify(raw))
  for (const status of [100, 199, 1000]) t.throws(() => head([], status), TypeError)
  t.equal(head(['Connection', 'close']), undefined)
  t.equal(head(['keep-alive', 'timeout=1']), undefined)
  t.match(head(['Connected', 'x', 'Keep-Aliv3', 'x']), { chunked: false })
})

t.test('a date is added where there is none', async (t) => {
  const response = { ...responseOf({ raw: [], chunks: [], length: 0 }), headers: new HeaderList() }
  t.match(directHead(response, 'GET', false, 1)!.text, /\r\nDate: \w{3}, \d\d .* GMT\r\n/)
})

t.test('only HTTP/1.1 whose turn it is, and of which nothing is sent', async (t) => {
  const taken: [string | undefined, boolean][] = []
  let over = 0
  const message: Message = { raw: [], chunks: [Buffer.from('x')], length: 1 }
  const port = await serving(t, (req, res) => {
    const takes = DirectOutput.takes(req, res)
    taken.push([req.url, takes])
    if (takes)
      return send(
        direct(message, 'GET', res, !res.shouldKeepAlive, () => over++),
        message,
      )
    res.end()
  })
  const get = (path: string, version = '1.1'): string => `GET ${path} HTTP/${version}\r\nHost: a\r\n\r\n`
  await sendRaw(port, get('/1') + get('/2') + get('/3', '1.0'))
  t.same(taken, [
    ['/1', true],
    ['/2', false],
    ['/3', false],
  ])
  t.equal(over, 1)
})

t.test('a client that does not read holds it up, and it goes on afterwards', async (t) => {
  const chunk = Buffer.alloc(1024 * 1024, 'x')
  const count = 64
  const message: Message = { raw: [], chunks: [], length: count * chunk.length }
  let drains = 0
  const port = await serving(t, (_req, res) => {
    const output = direct(message, 'GET', res, true)
    let left = count
    const go = (): void => {
      while (left-- > 1) if (!output.write(chunk)) return output.onDrain(drained)
      output.end(chunk, undefined)
    }
    const drained = (): void => {
      drains++
      go()
    }
    go()
  })
  const client = await connectTo(port)
  client.pause()
  client.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n')
  await new Promise((resolve) => setImmediate(resolve))
  let read = 0
  client.on('data', ({ length }) => (read += length)).resume()
  await new Promise((resolve) => client.once('end', resolve))
  t.ok(drains > 0)
  t.ok(read > count * chunk.length)
})

t.test('after the client has ended its side, the source waits, and the response is not finished', async (t) => {
  const message: Message = { raw: [], chunks: [] }
  const { promise: response, resolve } = Promise.withResolvers<ServerResponse>()
  const port = await serving(t, (_req, res) => resolve(res))
  const client = await connectTo(port)
  client.on('error', () => {})
  client.pause()
  client.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n')
  const res = await response
  const socket = res.socket!
  let over = 0
  const output = direct(message, 'GET', res, false, () => over++)
  t.notOk(output.write(Buffer.alloc(64 * 1024 * 1024)))
  client.end()
  while (socket.writable) await new Promise(setImmediate)
  t.ok(socket.writableLength > 0, 'the client reads nothing')
  t.notOk(output.write(Buffer.from('x')))
  output.end(undefined, undefined)
  socket.destroy()
  await new Promise((resolve) => res.once('close', resolve))
  t.notOk(res.writableFinished)
  t.equal(over, 0)
})
