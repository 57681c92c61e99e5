import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import t from 'tap'
import { Body } from '../../../core/api/body.ts'
import { HeaderList } from '../../../core/api/header-list.ts'
import { writeHead } from '../../../core/http/head-writer.ts'
import { takesWhole, wholeResponse, writeWhole } from '../../../core/http/whole-response.ts'
import { connectTo, sendRaw } from '../../support/client.ts'

const HELLO = Buffer.from('hello')
const DATE = 'Thu, 26 Nov 2026 21:08:05 GMT'

const responseOf = (raw: readonly string[], body: Buffer | undefined, status = 200, statusText?: string) => ({
  status,
  statusText,
  headers: HeaderList.fromWire(raw.slice()),
  body: body === undefined ? Body.empty() : Body.of(body),
})
const whole = (raw: readonly string[], body: Buffer | undefined, status = 200, method = 'GET'): string | undefined =>
  wholeResponse(responseOf(raw, body, status), method, method === 'HEAD' ? undefined : body, 65_000)

t.test('it is what Node would send', async (t) => {
  const cases: [raw: string[], body: Buffer | undefined, status?: number, reason?: string][] = [
    [['Content-Type', 'text/plain', 'Content-Length', '5'], HELLO],
    [['Set-Cookie', 'a=1', 'Set-Cookie', 'b=2', 'content-length', '5'], HELLO],
    [['Date', DATE, 'Content-Length', '5'], HELLO, 404, 'Gone fishing'],
    [['X', 'caf\xe9', 'Content-Length', '2'], Buffer.from([0xff, 0x00])],
    [['Content-Length', '0'], undefined, 500],
    [['ETag', '"a"', 'Content-Length', '7'], undefined, 304],
    [['A', ''], undefined, 204],
  ]
  for (const [raw, body, status = 200, reason] of cases) {
    const response = responseOf(raw, body, status, reason)
    const server = createServer((_req, res) => {
      writeHead(res, response, 'GET', false, 65_000)
      res.end(body)
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const socket = await connectTo((server.address() as AddressInfo).port)
    socket.setEncoding('latin1').write('GET / HTTP/1.1\r\nHost: a\r\n\r\n')
    const text = await new Promise<string>((resolve) => socket.once('data', (data) => resolve(String(data))))
    socket.destroy()
    await new Promise((resolve) => server.close(resolve))
    const lines = (head: string): string[] => head.split('\r\n').toSorted()
    const undated = (head: string): string => (raw.includes(DATE) ? head : head.replace(/Date: .*GMT/, 'Date: now'))
    const ours = wholeResponse(response, 'GET', body, 65_000)!
    t.same(lines(undated(ours)), lines(undated(text)), raw.join())
  }
})

t.test('the length is that of the body, and is added where it is missing', async (t) => {
  t.match(whole([], HELLO), /\r\nContent-Length: 5\r\n.*\r\n\r\nhello$/s)
  t.match(whole(['Content-Length', '99'], HELLO, 200, 'HEAD'), /\r\nContent-Length: 99\r\n.*\r\n\r\n$/s)
})

t.test('what can not be sent as it is goes to Node', async (t) => {
  for (const raw of [
    ['Content-Length', '6'],
    ['Content-Length', '5', 'Content-Length', '5'],
    ['Transfer-Encoding', 'chunked'],
    ['Connection', 'close'],
    ['Keep-Alive', 'timeout=1'],
    ['Trailer', 'X'],
    ['Expect', 'x'],
    ['A b', 'c'],
    ['', 'c'],
    ['A', 'b\r\nC: d'],
    ['A', 'b\n'],
    ['A', '\0'],
    ['A', '\u{100}'],
  ])
    t.equal(whole(raw, HELLO), undefined, JSON.stringify(raw))
  t.equal(whole(['Content-Length', '0'], undefined, 204), undefined, 'a length in a 204')
  t.equal(whole([], HELLO, 103), undefined, 'no final status')
  const chunked = { status: 200, statusText: undefined, headers: new HeaderList() }
  const body = new Body({ start() {}, pause() {}, resume() {}, cancel() {} }, undefined)
  t.equal(wholeResponse({ ...chunked, body }, 'GET', HELLO, 1), undefined, 'a length that is not known')
})

t.test('a connection takes it when nothing is on its way, and Node then serves the next request', async (t) => {
  const taken: boolean[] = []
  let over = 0
  const server = createServer((req: IncomingMessage, res: ServerResponse): void => {
    const takes = takesWhole(req, res, HELLO)
    taken.push(takes)
    t.equal(takesWhole(req, res, Buffer.alloc(16 * 1024 + 1)), false, 'too long')
    if (!takes) return void res.writeHead(200, ['A', req.url!]).end()
    const text = whole(['A', req.url!], HELLO)!
    t.equal(
      writeWhole(res, text, () => over++),
      true,
    )
    t.equal(res.writableEnded, true)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => server.close())
  const { port } = server.address() as AddressInfo
  const get = (path: string, last = ''): string => `GET ${path} HTTP/1.1\r\nHost: a\r\n${last}\r\n`
  const text = await sendRaw(port, get('/1') + get('/2') + get('/3', 'Connection: close\r\n'))
  t.same(text.match(/A: .*/g), ['A: /1', 'A: /2', 'A: /3'])
  t.equal(over, 1)
  t.same(taken, [true, false, false], 'the second waits for the first, the third ends its connection')
})
