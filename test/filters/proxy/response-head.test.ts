import t from 'tap'
import { sendRaw } from '../../support/client.ts'
import { onHead, type Proxied, proxiedRaw } from './support.ts'

const GET = 'GET /api/x HTTP/1.1\r\nHost: weir\r\nConnection: close\r\n\r\n'
const FINE = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok'

/** A gateway before an upstream that gives these bytes first and is fine afterwards; counts the upstream's connections. */
async function answering(
  t: Parameters<typeof proxiedRaw>[0],
  bytes: string,
): Promise<Proxied & { links: () => number }> {
  let links = 0
  let count = 0
  const gw = await proxiedRaw(t, (socket) => {
    links++
    onHead(socket, () => socket.write(count++ === 0 ? bytes : FINE, 'latin1'))
  })
  return { ...gw, links: () => links }
}

t.test('an answer whose head can’t be believed is a failure, and its connection is not used again', async (t) => {
  for (const bytes of [
    'HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n',
    'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n',
    'HTTP/1.1 200 a\x01b\r\nContent-Length: 2\r\n\r\nok',
  ]) {
    const { port, outcomes, links } = await answering(t, bytes)
    t.match(await sendRaw(port, GET), /^HTTP\/1\.1 502 .*"code":"upstream_protocol_error"/s)
    t.match(await sendRaw(port, GET), /^HTTP\/1\.1 200 OK/)
    t.match(outcomes, [{ result: 'failure', error: { code: 'upstream_protocol_error' } }, { result: 'success' }])
    t.equal(links(), 2)
  }
})

t.test('a reason phrase that can’t be written is the usual one, any other stays', async (t) => {
  for (const [reason, written] of [
    ['Gr\xfc\xdf Gott', 'OK'],
    ['Grüße €', 'OK'],
    ['Fine With Me', 'Fine With Me'],
    ['', ''],
  ] as const) {
    const { port } = await answering(t, FINE.replace('OK', reason))
    t.equal((await sendRaw(port, GET)).split('\r\n')[0], `HTTP/1.1 200 ${written}`)
  }
})

t.test('a switch to what was not offered is a failure', async (t) => {
  const { port, outcomes } = await answering(t, 'HTTP/1.1 101 X\r\nUpgrade: foo\r\nConnection: Upgrade\r\n\r\n')
  const bytes = 'GET /api HTTP/1.1\r\nHost: weir\r\nConnection: Upgrade\r\nUpgrade: WebSocket\r\n\r\n'
  t.match(await sendRaw(port, bytes), /^HTTP\/1\.1 502 .*"code":"upstream_protocol_error"/s)
  t.match(outcomes, [{ result: 'failure', error: { code: 'upstream_protocol_error' } }])
})

t.test('a switch has no body: its framing is dropped, and a coding that is not chunked is a failure', async (t) => {
  const bytes = 'GET /api HTTP/1.1\r\nHost: weir\r\nConnection: Upgrade, close\r\nUpgrade: websocket\r\n\r\n'
  const switched = async (field: string): Promise<string> => {
    const head = `HTTP/1.1 101 X\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n${field}\r\n\r\n`
    const { port } = await proxiedRaw(t, (socket) => onHead(socket, () => void socket.end(head)))
    return sendRaw(port, bytes)
  }
  for (const field of ['Content-Length: 5', 'Transfer-Encoding: chunked']) {
    const text = await switched(field)
    t.match(text, /^HTTP\/1\.1 101 /)
    t.notMatch(text, /content-length|transfer-encoding/i)
  }
  t.match(await switched('Transfer-Encoding: gzip'), /^HTTP\/1\.1 502 .*"code":"upstream_protocol_error"/s)
})

t.test('a reset is no end of a body', async (t) => {
  const { port, settled, outcomes } = await proxiedRaw(t, (socket) =>
    onHead(socket, () =>
      socket.write('HTTP/1.1 200 OK\r\n\r\nhel', () => setTimeout(() => socket.resetAndDestroy(), 50)),
    ),
  )
  t.notMatch(await sendRaw(port, GET).catch(String), /\r\n0\r\n\r\n$/)
  await settled(1)
  t.match(outcomes, [{ result: 'failure', error: { code: 'upstream_reset' } }])
})

t.test('Connection in a trailer section costs the connection, not the next request', async (t) => {
  const { port, outcomes, links } = await answering(
    t,
    'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\nConnection: close\r\n\r\n',
  )
  const keep = GET.replace('Connection: close\r\n', '')
  const answers = await sendRaw(port, keep + GET)
  t.equal(answers.split('HTTP/1.1 200 OK').length, 3)
  t.match(outcomes, [{ result: 'success' }, { result: 'success' }])
  t.equal(links(), 2)
})

t.test('Max-Forwards: 0 is no attempt', async (t) => {
  const { port, outcomes, links } = await answering(t, FINE)
  const options = GET.replace('GET', 'OPTIONS').replace('Host', 'Max-Forwards: 0\r\nHost')
  t.match(await sendRaw(port, options), /^HTTP\/1\.1 204 /)
  t.strictSame([outcomes.length, links()], [0, 0])
})

t.test('a client that frames its upload badly is no failure of the upstream', async (t) => {
  const { port, outcomes, settled } = await answering(t, FINE)
  const bytes = 'POST /api/x HTTP/1.1\r\nHost: weir\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\nzz\r\n'
  t.match(await sendRaw(port, bytes), /^HTTP\/1\.1 400 .*"code":"framing_invalid"/s)
  await settled(1)
  t.match(outcomes, [{ result: 'ignored', error: { code: 'framing_invalid' } }])
})
