// What a filter does to the body of a request, or to that of a response, on its way through the proxy.
import type { RequestListener } from 'node:http'
import { PassThrough, Transform } from 'node:stream'
import { createGunzip, gzipSync } from 'node:zlib'
import t from 'tap'
import { Body, type Exchange, type Filter, type FilterFactory, WeirError } from '../../../core/index.ts'
import { connectTo, send, sendRaw } from '../../support/client.ts'
import { bodyOf } from '../../support/upstream.ts'
import { onHead, proxied, proxiedRaw, signal } from './support.ts'

/** A filter named `changing`, which is also what a plugin in JavaScript can be. */
// biome-ignore lint/suspicious/noExplicitAny: hooks that do what the types forbid
const changing = (filter: Record<string, (x: any, ...more: any[]) => unknown>): FilterFactory => ({
  name: 'changing',
  apiVersion: 1,
  create: () => filter as Filter,
})

/** Says which framing and which body came. */
const echo: RequestListener = async (req, res) => {
  const body = await bodyOf(req).then(String, () => undefined)
  if (body === undefined) return // the gateway broke it off
  const { 'content-length': length, 'transfer-encoding': coding } = req.headers
  res.end(JSON.stringify({ method: req.method, length, coding, digest: req.headers['content-digest'], body }))
}

const post = {
  method: 'POST',
  headers: { 'Content-Length': '10', 'Content-Digest': 'sha-256=:x:' },
  body: '0123456789',
}
const chunked = { method: 'POST', headers: { 'Transfer-Encoding': 'chunked' }, body: '0123456789' }

t.test('a request body that a filter changed goes upstream with its own length', async (t) => {
  for (const [what, request, wanted] of [
    ['replace', ({ request: { body } }) => body.replace('abc'), { length: '3', body: 'abc' }],
    [
      'buffer, then replace',
      async ({ request: { body } }) => body.replace(`${await body.buffer(100)}!`),
      { length: '11', body: '0123456789!' },
    ],
    [
      'through',
      ({ request: { body } }) => body.through(new PassThrough()),
      { length: undefined, coding: 'chunked', body: '0123456789' },
    ],
    ['replace by nothing', ({ request: { body } }) => body.replace(''), { length: '0', body: '' }],
    ['discard', ({ request: { body } }) => body.discard(), { length: '0', body: '' }],
  ] as const satisfies [string, (x: Exchange) => unknown, object][]) {
    const { api } = await proxied(t, echo, { filters: [changing({ request })] })
    for (const sent of [post, chunked]) {
      const { status, json } = await send(api, sent)
      t.match([status, json()], [200, { coding: undefined, digest: undefined, ...wanted }], what)
    }
  }
})

t.test('one that it only read goes as it came', async (t) => {
  const request = async (x: Exchange): Promise<void> => {
    await x.request.body.buffer(100)
  }
  const { api } = await proxied(t, echo, { filters: [changing({ request })] })
  t.match((await send(api, post)).json(), { length: '10', digest: 'sha-256=:x:', body: post.body })
})

t.test('a request without a body stays without', async (t) => {
  const request = (x: Exchange): void => x.request.body.discard()
  const { api } = await proxied(t, echo, { filters: [changing({ request })] })
  t.match((await send(api)).json(), { method: 'GET', length: undefined, coding: undefined })
  t.match((await send(api, { method: 'DELETE', body: 'all' })).json(), {
    length: undefined,
    coding: undefined,
    body: '',
  })
})

t.test('framing that a filter sets can not part the upstream from the gateway', async (t) => {
  for (const set of [
    { 'content-length': '3' },
    { 'content-length': '70' },
    { 'content-length': 'many' },
    { 'transfer-encoding': 'chunked' },
    { 'transfer-encoding': 'gzip' },
    { 'content-length': '3', 'transfer-encoding': 'chunked' },
    { connection: 'content-length' },
  ]) {
    const request = ({ request: { headers } }: Exchange): void => {
      for (const [name, value] of Object.entries(set)) headers.set(name, value)
      if ('content-length' in set) headers.add('Content-Length', '4')
    }
    const { api } = await proxied(t, echo, { filters: [changing({ request })] })
    t.match((await send(api, post)).json(), { length: '10', coding: undefined, body: post.body }, JSON.stringify(set))
    t.match((await send(api, chunked)).json(), { length: undefined, coding: 'chunked', body: chunked.body })
    t.match((await send(api)).json(), { length: undefined, coding: undefined, body: '' })
  }
})

t.test('a request body that a filter spoiled is the error of that filter, not of the upstream', async (t) => {
  const objects = (): Transform =>
    new Transform({ readableObjectMode: true, transform: (_chunk, _encoding, done) => done(null, { an: 'object' }) })
  for (const [what, request, filter] of [
    ['read over its cap, and caught', ({ request: { body } }) => body.buffer(7).catch(() => {}), 'changing'],
    ['read by a sink', ({ request: { body } }) => void body.pipe(dropping), 'changing'],
    ['objects', ({ request: { body } }) => body.through(objects()), 'changing'],
    ['no gzip', ({ request: { body } }) => body.through(createGunzip()), 'changing'],
    ['a length that is wrong', ({ request: { body } }) => void Object.assign(body, { length: 12 }), 'unknown'],
  ] as const satisfies [string, (x: Exchange) => unknown, string][]) {
    const { api, settled, outcomes, metric } = await proxied(t, echo, {
      filters: [changing({ request })],
      breaker: { failure_threshold: 1 },
    })
    for (let i = 0; i < 2; i++) {
      const { status, json } = await send(api, chunked)
      t.match([status, json()], [500, { code: 'filter_error' }], what)
    }
    await settled(2)
    t.match(outcomes, [{ result: 'ignored' }, { result: 'ignored' }], what)
    t.equal(await metric('weir_filter_errors_total'), 2, what)
    t.equal(await metric('weir_filter_errors_total', { filter }), 2, what)
  }
})

const dropping = { write: () => true, end() {}, fail() {} }

t.test('the parts of a request can not be replaced by others: that is an error of the hook', async (t) => {
  for (const part of [{ body: 'text' }, { body: Body.of('abc') }, { headers: {} }]) {
    const request = (x: Exchange): void => void Object.assign(x.request, part)
    const { api, outcomes, metric } = await proxied(t, echo, { filters: [changing({ request })] })
    const { status, json } = await send(api, chunked)
    t.match([status, json()], [500, { code: 'filter_error', filter: 'changing' }])
    t.equal(await metric('weir_filter_errors_total', { filter: 'changing' }), 1)
    t.strictSame(outcomes, [], 'nothing goes upstream')
  }
})

t.test('a body that an upstream hook sends a second time, although it was not kept', async (t) => {
  const upstream = async (_x: Exchange, call: unknown, next: (call: unknown) => Promise<unknown>): Promise<unknown> => {
    await next(call).catch(() => {})
    return next(call)
  }
  const { api, settled, outcomes } = await proxied(t, (req) => req.on('data', () => req.destroy()), {
    filters: [changing({ upstream })],
  })
  const { status, json } = await send(api, chunked)
  t.match([status, json()], [500, { code: 'filter_error', filter: 'unknown' }])
  await settled(2)
  t.match(outcomes, [{ result: 'failure' }, { result: 'ignored' }])
})

t.test('a transform that never calls back ends by the hook_timeout of its filter', async (t) => {
  // The limit itself: test/core/api/body-transform.test.ts.
  const stuck = (): Transform => new Transform({ transform() {} })
  for (const [hook, wanted] of [
    ['request', /^HTTP\/1.1 500 [\s\S]*"code":"filter_timeout"/],
    ['response', /^HTTP\/1.1 200 [\s\S]*\r\n\r\n$/],
  ] as const) {
    const filter = changing({
      [hook]: (x: Exchange) => (hook === 'request' ? x.request : x.response!).body.through(stuck()),
    })
    const { port, metric, logged } = await proxied(t, echo, { filters: [filter], hookTimeoutMs: 50 })
    const head = 'POST /api HTTP/1.1\r\nHost: weir\r\nConnection: close\r\nContent-Length: 3\r\n\r\nabc'
    t.match(await sendRaw(port, head), wanted)
    await logged(1)
    t.equal(await metric('weir_filter_errors_total', { filter: 'changing', hook }), 1)
  }
})

t.test('the response to HEAD, a 204 and a 304 have no bytes, whatever their length says', async (t) => {
  const bytes: number[] = []
  const response = async ({ response }: Exchange): Promise<void> => {
    bytes.push((await response!.body.buffer(10)).length)
  }
  const { port } = await proxiedRaw(
    t,
    (socket) =>
      onHead(socket, (head) => {
        const status = /\/(\d+) /.exec(head)?.[1] ?? '200'
        socket.write(`HTTP/1.1 ${status} OK\r\nContent-Length: 12345\r\n\r\n`)
      }),
    { filters: [changing({ response })] },
  )
  const get = (target: string, method = 'GET', more = ''): string =>
    `${method} /api${target} HTTP/1.1\r\nHost: weir\r\n${more}\r\n`
  const text = await sendRaw(port, get('', 'HEAD') + get('/304') + get('/204', 'GET', 'Connection: close\r\n'))
  t.same(text.match(/HTTP\/1.1 \d+|content-length: \d+/gi), [
    'HTTP/1.1 200',
    'Content-Length: 12345',
    'HTTP/1.1 304',
    'Content-Length: 12345',
    'HTTP/1.1 204',
  ])
  t.same(bytes, [0, 0, 0])
})

t.test('a response body that a hook has read is the error of that hook', async (t) => {
  for (const response of [
    (x: Exchange) => x.response!.body.buffer(5).catch(() => {}),
    (x: Exchange) => void x.response!.body.buffer(100).catch(() => {}),
    (x: Exchange) => void x.response!.body.pipe(dropping),
  ]) {
    const { api, metric, settled, outcomes } = await proxied(
      t,
      (_req, res) => {
        res.write('part one,')
        setImmediate(() => res.end('part two'))
      },
      { filters: [changing({ response })] },
    )
    const { status, json } = await send(api)
    t.match([status, json()], [500, { code: 'filter_error', filter: 'changing' }])
    await settled(1)
    t.not(outcomes[0]!.result, 'failure')
    t.equal(await metric('weir_filter_errors_total', { filter: 'changing', hook: 'response' }), 1)
  }
})

t.test('a hook that reads the response when the client leaves hears of it', async (t) => {
  const heard = signal<unknown>()
  const reading = signal()
  const response = async (x: Exchange): Promise<void> => {
    const bytes = x.response!.body.buffer(1e6)
    reading.fire()
    await bytes.catch((error) => {
      heard.fire(error)
      throw error
    })
  }
  const { port, metric, logged } = await proxied(t, (_req, res) => void res.write('the first of many'), {
    filters: [changing({ response })],
  })
  const socket = await connectTo(port)
  socket.write('GET /api HTTP/1.1\r\nHost: weir\r\n\r\n')
  await reading.promise
  socket.destroy()
  t.match(await heard.promise, new WeirError('client_gone'))
  await logged(1)
  t.equal((await metric('weir_filter_errors_total')) ?? 0, 0)
})

t.test('a body that a filter drops while it is sent cuts the connection', async (t) => {
  const response = ({ response }: Exchange): void => {
    let chunks = 0
    response!.body.tap(() => {
      if (++chunks === 2) response!.body.discard()
    })
  }
  const { port, outcomes, settled } = await proxied(
    t,
    (_req, res) => {
      res.write('one')
      setTimeout(() => res.write('two'), 20)
    },
    { filters: [changing({ response })] },
  )
  const text = await sendRaw(port, 'GET /api HTTP/1.1\r\nHost: weir\r\n\r\n')
  t.match(text, /one/)
  t.notMatch(text, /0\r\n\r\n$/)
  await settled(1)
  t.not(outcomes[0]!.result, 'failure')
})

t.test('gunzip on the way up, and a message that goes on', async (t) => {
  const request = ({ request: { body } }: Exchange): void => body.through(createGunzip())
  const { api } = await proxied(t, echo, { filters: [changing({ request })] })
  const sent = { method: 'PUT', body: gzipSync('x'.repeat(200_000)) }
  t.match((await send(api, sent)).json(), { coding: 'chunked', body: 'x'.repeat(200_000) })
})
