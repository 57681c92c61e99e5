// biome-ignore-all lint/suspicious/noExplicitAny: a plugin in JavaScript has no types, and these are wrong on purpose
// biome-ignore-all lint/complexity/noCommaOperator: one line for each row of a table
// biome-ignore-all lint/suspicious/noAssignInExpressions: the same
// What a wrong filter could do to the message that follows on a connection. Real sockets.
import type { RequestListener as Listener } from 'node:http'
import t from 'tap'
import { Body, HeaderList, LocalReply } from '../../core/index.ts'
import { GET, GET_LAST, gatewayWith, TEXT } from '../support/bad-filter.ts'
import { sendRaw } from '../support/client.ts'

const SWITCH = 'GET /api HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n'

/** Reads one response by its own framing, as the next proxy would; what is left would be taken for the next response. */
function framed(text: string): { head: string; body: string; rest: string } | undefined {
  const at = text.indexOf('\r\n\r\n')
  const [head, rest] = [text.slice(0, at), text.slice(at + 4)]
  const lengths = [...head.matchAll(/^content-length: *(\d+)$/gim)].map(([, n]) => Number(n))
  if (/^transfer-encoding: chunked$/im.test(head)) {
    const end = rest.indexOf('0\r\n\r\n')
    return lengths.length > 0 || end < 0 ? undefined : { head, body: rest.slice(0, end), rest: rest.slice(end + 5) }
  }
  const [length] = lengths
  if (lengths.length !== 1 || /^transfer-encoding/im.test(head) || rest.length < length!) return undefined
  return { head, body: rest.slice(0, length), rest: rest.slice(length) }
}

const REFRAMED: [name: string, edit: (response: any) => unknown, body: string | RegExp][] = [
  ['the body is replaced', (r) => (r.body = Body.of('new')), 'new'],
  ['the body is replaced by a longer one', (r) => (r.body = Body.of(`${TEXT} and more`)), `${TEXT} and more`],
  ['the body is emptied', (r) => (r.body = Body.empty()), ''],
  ['the length is set lower', (r) => r.headers.set('Content-Length', '4'), TEXT],
  ['the length is set higher', (r) => r.headers.set('Content-Length', '40'), TEXT],
  ['a second length is added', (r) => r.headers.add('Content-Length', '4'), TEXT],
  ['the length is made nonsense', (r) => r.headers.set('Content-Length', 'many'), TEXT],
  ['Transfer-Encoding: gzip', (r) => r.headers.set('Transfer-Encoding', 'gzip'), TEXT],
  ['Transfer-Encoding: chunked', (r) => r.headers.set('Transfer-Encoding', 'chunked'), TEXT],
  ['Trailer on a response that has none', (r) => r.headers.set('Trailer', 'X-Sum'), TEXT],
]

// RFC 9112 §6.3, and request smuggling's twin: the head must not say another length than the body has.
t.test('the gateway alone decides where a response ends', async (t) => {
  for (const [name, edit, body] of REFRAMED)
    await t.test(name, async (t) => {
      const { port } = await gatewayWith(t, { response: (x: any) => void edit(x.response) })
      const text = await sendRaw(port, GET + GET_LAST)
      const first = framed(text)
      t.match(first, { head: /^HTTP\/1\.1 200/, body }, text)
      t.match(
        framed(first?.rest ?? ''),
        { head: /^HTTP\/1\.1 200/, body, rest: '' },
        'the second response is a message of its own',
      )
    })
})

// RFC 9110 §15.4.5: a 304 has no body, and its validator is that of another response.
t.test('a filter that gives a 304 a body', async (t) => {
  const upstream: Listener = (request, response) =>
    void request.resume().on('end', () => response.writeHead(304, { ETag: '"a"' }).end())
  const { port } = await gatewayWith(
    t,
    { response: (x: any) => void (x.response.body = Body.of('text')) },
    { upstream },
  )
  const text = await sendRaw(port, GET_LAST)
  t.match(text, /^HTTP\/1\.1 304 /)
  t.match(text, /^ETag: "a"\r$/m)
  t.ok(text.endsWith('\r\n\r\n'), 'no body')
  t.notMatch(text, /content-length/i)
})

t.test('a body that a filter has read, or reads, is not sent as an empty one', async (t) => {
  const chunked: Listener = (request, response) => {
    request.resume()
    response.write('part one,')
    setTimeout(() => response.end('part two'), 20)
  }
  let kept: unknown
  const filters = {
    'too large, and the error is swallowed': {
      response: async (x: any) => void (await x.response.body.buffer(5).catch(() => {})),
    },
    'not awaited': { response: (x: any) => void x.response.body.buffer(1e6).catch(() => {}) },
    'of an earlier exchange': { upstream: async (_x: any, call: any, next: any) => (kept ??= await next(call)) },
  }
  for (const [name, filter] of Object.entries(filters))
    await t.test(name, async (t) => {
      const { port, errors } = await gatewayWith(t, filter, { upstream: chunked })
      if (name.includes('earlier')) await sendRaw(port, GET_LAST)
      t.match(await sendRaw(port, GET_LAST), /^HTTP\/1\.1 500/)
      t.equal(await errors(), 1)
    })
})

// RFC 9110 §15.2: an interim response can't be a final one.
t.test('inform takes no final status', async (t) => {
  for (const status of [200, 101, 0, 103.5, '103', '103 X\r\nA: b\r\n\r\nHTTP/1.1 200 OK'] as number[]) {
    const { port, errors } = await gatewayWith(t, { request: (x: any) => x.inform(status, new HeaderList()) })
    t.match(await sendRaw(port, GET_LAST), /^HTTP\/1\.1 500/, String(status))
    t.equal(await errors(), 1)
  }
})

// RFC 9110 §15.2.2: 101 is sent only if the protocol is switched.
t.test('a filter and the switch of protocols', async (t) => {
  const kinds: [name: string, filter: object, status: RegExp, hookTimeoutMs?: number][] = [
    ['it refuses by the status', { response: (x: any) => void (x.response.status = 403) }, /^HTTP\/1\.1 403/],
    [
      'it loses the tunnel',
      { response: (x: any) => void (x.response = { ...x.response, upgrade: undefined }) },
      /^HTTP\/1\.1 500/,
    ],
    ['it makes a false tunnel', { response: (x: any) => void (x.response.upgrade = {}) }, /^HTTP\/1\.1 500/],
    [
      'its field breaks the head',
      { response: (x: any) => void x.response.headers.raw.push('A', 'b\r\n\r\nHTTP/1.1 200 OK') },
      /^HTTP\/1\.1 50[02]/,
    ],
    [
      'it throws behind next',
      { upstream: async (_x: any, call: any, next: any) => Promise.reject((await next(call), new Error('x'))) },
      /^HTTP\/1\.1 500/,
    ],
    [
      'it runs out of time',
      { upstream: async (_x: any, call: any, next: any) => (await next(call), new Promise(() => {})) },
      /^HTTP\/1\.1 500/,
      100,
    ],
  ]
  for (const [name, filter, status, hookTimeoutMs] of kinds)
    await t.test(name, async (t) => {
      const setup = { proxy: { upgrade: {} }, ...(hookTimeoutMs !== undefined && { hookTimeoutMs }) }
      const { port, upstream, logged, finished } = await gatewayWith(t, filter, setup)
      const closed = new Promise<void>((resolve) =>
        upstream.on('upgrade', (_request, socket) => {
          socket
            .on('error', () => {})
            .on('close', resolve)
            .on('end', () => socket.end())
            .resume()
          socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n')
        }),
      )
      t.match(await sendRaw(port, SWITCH, (text) => text.includes('\r\n\r\n')), status)
      await closed
      await logged(1)
      t.equal(finished.length, 1)
    })
  for (const status of [100, 101]) {
    const { port } = await gatewayWith(t, { request: () => new LocalReply(status, 'odd') })
    t.match(await sendRaw(port, GET_LAST), /^HTTP\/1\.1 500/, `a reply of ${status}`)
    const { port: other } = await gatewayWith(t, { response: (x: any) => void (x.response.status = status) })
    t.match(await sendRaw(other, GET_LAST), /^HTTP\/1\.1 500/, `a response of ${status} without a tunnel`)
  }
})

// RFC 9110 §8.6, RFC 9112 §6.1: an interim response has no body, so nothing may frame one.
t.test('a 101 and a 103 carry no framing, whatever a filter sets', async (t) => {
  const framing = ['Content-Length', '5', 'Transfer-Encoding', 'chunked', 'X-Kept', 'yes']
  const { port, upstream } = await gatewayWith(t, {
    request: (x: any) => x.inform(103, new HeaderList(framing)),
    response: (x: any) => void (x.response.headers as any).raw.push(...framing),
  })
  upstream.on('upgrade', (_request, socket) => {
    socket
      .on('error', () => {})
      .on('end', () => socket.end())
      .resume()
    socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n')
  })
  const text = await sendRaw(port, SWITCH, (all) => all.split('\r\n\r\n').length === 3)
  t.match(text, /^HTTP\/1\.1 103 .*X-Kept: yes.*HTTP\/1\.1 101 .*X-Kept: yes/s)
  t.notMatch(text, /content-length|transfer-encoding/i)
})

t.test('a 101 whose head can not be written is refused, and nothing of it is sent', async (t) => {
  for (const field of [
    ['X-Split', 'a\r\nSet-Cookie: b=c'],
    ['X-Split: a\r\nSet-Cookie', 'b=c'],
    ['X-Wide', 'a\u010d\u010aSet-Cookie: b=c'], // its low bytes are a line break
  ]) {
    const { port, upstream } = await gatewayWith(t, {
      response: (x: any) => void x.response.headers.raw.push(...field),
    })
    upstream.on('upgrade', (_request, socket) => {
      socket
        .on('error', () => {})
        .on('end', () => socket.end())
        .resume()
      socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n')
    })
    const text = await sendRaw(port, SWITCH)
    t.match(text, /^HTTP\/1\.1 50[02] /)
    t.notMatch(text, /Set-Cookie|HTTP\/1\.1 101/i)
  }
})
