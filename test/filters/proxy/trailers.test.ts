import { createGzip } from 'node:zlib'
import t from 'tap'
import { defineFilter } from '../../../core/index.ts'
import { sendRaw } from '../../support/client.ts'
import { onHead, proxied, proxiedRaw } from './support.ts'

const ask = (te: string, method = 'GET', version = '1.1'): string =>
  `${method} /api HTTP/${version}\r\nHost: a\r\n${te}Connection: close, te\r\n\r\n`
const TE = 'TE: trailers\r\n'
const SUMS = 'X-Sum: 1\r\nX-Sum: 2\r\nServer-Timing: total;dur=5\r\n'
const chunked = (trailers = SUMS): string =>
  `HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X-Sum, Server-Timing\r\n\r\n2\r\nok\r\n0\r\n${trailers}\r\n`

/** What a client gets of bytes that an upstream answers with. */
async function through(t: Parameters<typeof proxiedRaw>[0], bytes: string, request: string): Promise<string> {
  const { port } = await proxiedRaw(t, (socket) => onHead(socket, () => socket.write(bytes)))
  return sendRaw(port, request)
}

t.test('they reach a client that takes them, announced, with duplicates and case', async (t) => {
  const answer = await through(t, chunked(), ask(TE))
  t.match(answer, /\r\nTrailer: X-Sum, Server-Timing\r\n/)
  t.ok(answer.endsWith(`\r\n\r\n2\r\nok\r\n0\r\n${SUMS}\r\n`), answer)
})

t.test('TE is a list', async (t) => {
  t.match(await through(t, chunked(), ask('TE: gzip;q=0.5, Trailers\r\n')), /0\r\nX-Sum: 1/)
})

t.test('nobody else gets them', async (t) => {
  for (const request of [ask(''), ask('TE: gzip\r\n'), ask(TE, 'GET', '1.0'), ask(TE, 'HEAD')]) {
    const answer = await through(t, chunked(), request)
    t.match(answer, /^HTTP\/1\.1 200 /)
    t.notMatch(answer, /x-sum|trailer:/i, request)
  }
})

t.test('an answer that says its length has no room for them', async (t) => {
  const answer = await through(t, 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTrailer: X-Sum\r\n\r\nok', ask(TE))
  t.match(answer, /^HTTP\/1\.1 200 .*\r\n\r\nok$/s)
  t.notMatch(answer, /trailer:/i)
})

t.test('fields that have no business there are dropped', async (t) => {
  const bad = ['Transfer-Encoding: chunked', 'Set-Cookie: a=b', 'Content-Type: text/html', 'Keep-Alive: 1', 'Host: b']
  const answer = await through(t, chunked(`${bad.join('\r\n')}\r\nX-Sum: 1\r\n`), ask(TE))
  t.ok(answer.endsWith('\r\n0\r\nX-Sum: 1\r\n\r\n'), answer)
})

t.test('a body that a filter transforms keeps them', async (t) => {
  const zip = defineFilter({
    name: 'zip',
    apiVersion: 1,
    create: () => ({ response: (x) => x.response.body.through(createGzip()) }),
  })
  const { port } = await proxied(
    t,
    (_req, res) => {
      res.writeHead(200, { Trailer: 'X-Sum' }).write('hello')
      res.addTrailers({ 'X-Sum': '3' })
      res.end()
    },
    { filters: [zip] },
  )
  t.ok((await sendRaw(port, ask(TE))).endsWith('\r\n0\r\nX-Sum: 3\r\n\r\n'))
})

t.test('one that a filter replaces loses them, and the promise of them', async (t) => {
  const other = defineFilter({
    name: 'other',
    apiVersion: 1,
    create: () => ({ response: (x) => x.response.body.replace('other') }),
  })
  const { port } = await proxiedRaw(t, (socket) => onHead(socket, () => socket.write(chunked())), { filters: [other] })
  const answer = await sendRaw(port, ask(TE))
  t.match(answer, /^HTTP\/1\.1 200 .*\r\n\r\nother$/s)
  t.notMatch(answer, /x-sum/i)
})
