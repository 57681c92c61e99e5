import { once } from 'node:events'
import type { Socket } from 'node:net'
import t, { type Test } from 'tap'
import { ColonSpace } from '../../../filters/proxy/colon-space.ts'
import { connectTo, send } from '../../support/client.ts'
import { startRawUpstream } from '../../support/upstream.ts'
import { onHead, proxiedRaw, signal } from './support.ts'

/** Reads responses that come in pieces, each of which is read before the next one comes. */
async function reader(t: Test): Promise<(pieces: readonly string[]) => Promise<string>> {
  const peer = signal<Socket>()
  const upstream = await startRawUpstream((socket) => peer.fire(socket.setNoDelay()))
  t.teardown(() => upstream.close())
  const socket = await connectTo(upstream.port)
  t.teardown(() => socket.destroy())
  const colonSpace = new ColonSpace(socket)
  const other = await peer.promise
  return async (pieces) => {
    let got = ''
    colonSpace.expectHead()
    for (const piece of pieces) {
      const came = socket.bytesRead + piece.length
      other.write(piece, 'latin1')
      while (socket.bytesRead < came || socket.readableLength > 0) {
        await once(socket, 'readable')
        got += socket.read()?.toString('latin1') ?? ''
      }
    }
    return got
  }
}

const OK = 'HTTP/1.1 200 OK\r\n'
const BODY = 'B : c\r\nD\t: e\r\n\r\nF : g'

const changed: [string, string][] = [
  [`${OK}A : b\r\n\r\n${BODY}`, `${OK}A: b\r\n\r\n${BODY}`],
  [`${OK}A\t:b\r\nC: d : e\r\nFg \t \t: h\r\n\r\n${BODY}`, `${OK}A:b\r\nC: d : e\r\nFg: h\r\n\r\n${BODY}`],
  [`${OK}A: \t\r\nB:\t\r\nC: d\t\r\nE : f\r\n\r\n${BODY}`, `${OK}A: \t\r\nB:\t\r\nC: d\t\r\nE: f\r\n\r\n${BODY}`],
  [`${OK}A :\r\nB :\t \r\n\r\n${BODY}`, `${OK}A:\r\nB:\t \r\n\r\n${BODY}`],
  [`HTTP/1.1 200 O :k\r\nA : b\r\n\r\n${BODY}`, `HTTP/1.1 200 O :k\r\nA: b\r\n\r\n${BODY}`],
  [`HTTP/1.1 200\r\nA : b\r\n\r\n${BODY}`, `HTTP/1.1 200\r\nA: b\r\n\r\n${BODY}`],
  // Interim heads, and blank lines before a head, which the parser skips.
  [
    `HTTP/1.1 103 X\r\nA : b\r\n\r\n\r\n${OK}A : b\r\n\r\n${BODY}`,
    `HTTP/1.1 103 X\r\nA: b\r\n\r\n\r\n${OK}A: b\r\n\r\n${BODY}`,
  ],
  [`HTTP/1.1 103 X\r\n\r\n${OK}A : b\r\n\r\n${BODY}`, `HTTP/1.1 103 X\r\n\r\n${OK}A: b\r\n\r\n${BODY}`],
  [`HTTP/1.1 101 X\r\nA : b\r\n\r\n${OK}${BODY}`, `HTTP/1.1 101 X\r\nA: b\r\n\r\n${OK}${BODY}`],
]

const kept = [
  `${OK}A: b\r\n\r\n${BODY}`,
  `${OK}\r\n${BODY}`,
  `${OK}\r\nA: b\r\nC : d\r\n\r\n`,
  // No colon, no name, a folded line, white space before a name or in it.
  `${OK}A\r\nB: c : d\r\n\r\n${BODY}`,
  `${OK} : b\r\n: c : d\r\nA: b\r\n c : d\r\n\te\t: f\r\n\r\n${BODY}`,
  `${OK}A b : c\r\nD : e\r\n\r\n${BODY}`,
  // A line that ends otherwise than with CRLF.
  `${OK}A: b\nC : d\r\n\r\n${BODY}`,
  `${OK}A: b\r\n\nC : d\r\n\r\n${BODY}`,
  `HTTP/1.1 200 OK\nC : d\r\n\r\n${BODY}`,
  `${OK}A: b\rC : d\r\n\r\n${BODY}`,
  `${OK}\rC : d\r\n\r\n${BODY}`,
]

for (const [from, to] of [...changed, ...kept.map((text): [string, string] => [text, text])])
  t.test(JSON.stringify(from), async (t) => {
    const read = await reader(t)
    t.equal(await read([from]), to)
    t.equal(await read([...from]), to, 'byte by byte')
    for (let at = 1; from !== to && at < from.length; at++) {
      const got = await read([from.slice(0, at), from.slice(at)])
      if (got !== to) t.equal(got, to, `cut at ${at}`)
    }
  })

t.test('no end of white space is waited for, nor kept', async (t) => {
  const read = await reader(t)
  const space = '\t'.repeat(40_000)
  t.equal(await read([`${OK}A`, space, ' : b\r\n\r\n']), `${OK}A: b\r\n\r\n`)
  const got = await read([`${OK}A`, space, space, ' : b\r\n\r\n'])
  t.equal(got.replaceAll('\t', ''), `${OK}A  : b\r\n\r\n`, 'the parser refuses it')
})

const answers: [string, { status: number; body?: string; field?: string }][] = [
  [`${OK}X-A \t: b : c\r\nContent-Length : 5\r\n\r\nA : b`, { status: 200, body: 'A : b', field: 'b : c' }],
  [`${OK}Transfer-Encoding : chunked\r\n\r\n5\r\nA : b\r\n0\r\n\r\n`, { status: 200, body: 'A : b' }],
  [`HTTP/1.1 103 X\r\nLink : </a>\r\n\r\n${OK}X-A : b\r\nContent-Length: 0\r\n\r\n`, { status: 200, field: 'b' }],
  [`${OK}X-A : b\r\nContent-Length : 5\r\nTransfer-Encoding : gzip\r\n\r\nhello`, { status: 502 }],
  [`${OK}X A : b\r\nContent-Length: 0\r\n\r\n`, { status: 502 }],
  [`${OK}X-A : b\x00\r\nContent-Length: 0\r\n\r\n`, { status: 502 }],
  [`${OK} X-A : b\r\nContent-Length: 0\r\n\r\n`, { status: 502 }],
  [`${OK} : b\r\nContent-Length: 0\r\n\r\n`, { status: 502 }],
]
for (const [bytes, { status, body, field }] of answers)
  t.test(`${status} for ${JSON.stringify(bytes)}`, async (t) => {
    let opened = 0
    const { api } = await proxiedRaw(t, (socket) => {
      opened++
      onHead(socket, () => socket.write(bytes, 'latin1'))
    })
    for (let round = 0; round < 2; round++) {
      const got = await send(api)
      t.equal(got.status, status)
      if (body !== undefined) t.equal(got.body, body)
      t.equal(got.headers['x-a'], status === 200 ? field : undefined)
    }
    t.equal(opened, status === 200 ? 1 : 2)
  })
