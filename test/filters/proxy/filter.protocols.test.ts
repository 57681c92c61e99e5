import { once } from 'node:events'
import t from 'tap'
import { connectTo, sendRaw } from '../../support/client.ts'
import { onHead, proxied, proxiedRaw, signal } from './support.ts'

const ask = (protocol: string, version = '1.1', more = ''): string =>
  `GET /api HTTP/${version}\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: ${protocol}\r\n${more}\r\n`

/** What the upstream is asked, where it switches if it is asked to. */
async function offered(t: Parameters<typeof proxiedRaw>[0], allowed: readonly string[], request: string) {
  const asked = signal<string>()
  const gateway = await proxiedRaw(
    t,
    (socket) => {
      onHead(socket, (head) => {
        const protocol = /^upgrade: (.*)$/im.exec(head)?.[1]
        asked.fire(head)
        if (protocol === undefined) socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok')
        else
          socket.write(`HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: ${protocol}\r\n\r\nhello`)
      })
    },
    { limits: { upgradeProtocols: allowed } },
  )
  const client = await connectTo(gateway.port)
  client.write(request)
  let answer = ''
  while (!/(?:ok|hello)$/.test(answer)) answer += String((await once(client, 'data'))[0])
  client.destroy()
  return { head: await asked.promise, answer }
}

t.test('a protocol that is allowed, in any case, and no other', async (t) => {
  for (const protocol of ['websocket', 'WebSocket', 'tls/1.3']) {
    const { head, answer } = await offered(t, ['websocket', 'tls/1.3'], ask(protocol))
    t.match(head, new RegExp(`^upgrade: ${protocol}\\r?$`, 'im'))
    t.match(answer, /^HTTP\/1\.1 101 .*hello$/s)
  }
  for (const protocol of ['h2c', 'tls/1.2', 'h2c, tls/1.2', 'websocket/13', 'websocket tls/1.3', ', ,']) {
    const { head, answer } = await offered(t, ['websocket', 'tls/1.3'], ask(protocol))
    t.notMatch(head, /upgrade/i)
    t.match(answer, /^HTTP\/1\.1 200 OK\r\n.*Connection: keep-alive\r\n.*ok$/s)
  }
})

// nxtedition/node-http2-proxy#56; RFC 6455 §4.2.1: a list that includes `websocket`.
t.test('of a list, those that are allowed, in its order', async (t) => {
  for (const [list, passed] of [
    ['websocket, h2c', 'websocket'],
    ['h2c ,WebSocket', 'WebSocket'],
    ['h2c, websocket\r\nUpgrade: other', 'websocket'],
  ] as const) {
    const { head, answer } = await offered(t, ['websocket', 'tls/1.3'], ask(list))
    t.match(head, new RegExp(`^upgrade: ${passed}\\r?$`, 'im'), list)
    t.match(answer, new RegExp(`^HTTP/1\\.1 101 .*Upgrade: ${passed}\r\n.*hello$`, 's'), list)
  }
})

t.test('the upstream chooses one of several', async (t) => {
  const { port } = await proxiedRaw(
    t,
    (socket) =>
      onHead(socket, (head) => {
        t.match(head, /^upgrade: tls\/1\.3, websocket\r?$/im)
        socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n')
      }),
    { limits: { upgradeProtocols: ['websocket', 'tls/1.3'] } },
  )
  const answer = await sendRaw(port, ask('tls/1.3, foo, websocket'), (all) => all.includes('\r\n\r\n'))
  t.match(answer, /^HTTP\/1\.1 101 .*\r\nUpgrade: websocket\r\n/s)
})

t.test('none where none is allowed, nor in HTTP/1.0', async (t) => {
  for (const [allowed, request] of [
    [[], ask('websocket')],
    [['websocket'], ask('websocket', '1.0', 'Connection: keep-alive\r\n')],
  ] as const) {
    const { head, answer } = await offered(t, allowed, request)
    t.notMatch(head, /upgrade/i)
    t.match(answer, /^HTTP\/1\.1 200 /)
  }
})

t.test('h2c in full is an ordinary request, and its settings go nowhere', async (t) => {
  const { port } = await proxiedRaw(t, (socket) =>
    onHead(socket, (head) => {
      t.notMatch(head, /h2c|http2-settings/i)
      socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok')
    }),
  )
  const request = `GET /api HTTP/1.1\r\nHost: a\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n\r\n`
  t.match(await sendRaw(port, request, (received) => received.endsWith('ok')), /^HTTP\/1\.1 200 /)
})

t.test('what comes behind an ignored offer is served, in one packet or in pieces', async (t) => {
  const seen: string[] = []
  const { port } = await proxied(t, (req, res) => {
    seen.push(`${req.method} ${req.url}`)
    req.resume().on('end', () => res.end('ok'))
  })
  const offer = ask('h2c').replace('/api', '/api/1')
  // A parser that lost its place would take the body for a request.
  const body = 'GET /api/smuggled HTTP/1.1\r\nHost: a\r\n\r\n'
  const next = `POST /api/2 HTTP/1.1\r\nHost: a\r\nContent-Length: ${body.length}\r\n\r\n${body}`
  const last = 'GET /api/3 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n'
  const bytes = offer + next + offer + last
  for (const at of [bytes.length, offer.length, offer.length + 20, offer.length + next.indexOf('\r\n\r\n') + 4]) {
    const client = await connectTo(port)
    let answer = ''
    client.on('data', (chunk) => (answer += chunk.toString('latin1')))
    client.write(bytes.slice(0, at))
    setTimeout(() => client.write(bytes.slice(at)), 30)
    await once(client, 'close')
    t.equal(answer.match(/HTTP\/1\.1 200/g)?.length, 4, `split at ${at}`)
  }
  t.same(seen, Array.from({ length: 4 }, () => ['GET /1', 'POST /2', 'GET /1', 'GET /3']).flat())
})

t.test('a hundred ignored offers leave nothing on their connection', async (t) => {
  const warnings: string[] = []
  const warned = ({ message }: Error): void => void warnings.push(message)
  process.on('warning', warned)
  t.teardown(() => process.off('warning', warned))
  const { port, runtime } = await proxied(t, (_req, res) => res.end('ok'))
  const client = await connectTo(port)
  let answers = 0
  client.on('data', (chunk) => (answers += chunk.toString('latin1').split('HTTP/1.1 200').length - 1))
  for (let n = 1; n <= 100; n++) {
    client.write(ask('h2c'))
    while (answers < n) await once(client, 'data')
  }
  client.destroy()
  await new Promise((resolve) => setImmediate(resolve))
  t.same(warnings, [])
  while (runtime.timers.size > 0) await new Promise((resolve) => setImmediate(resolve))
})

t.test('an ignored offer with a body is the last of its connection', async (t) => {
  let requests = 0
  const { port } = await proxiedRaw(t, (socket) =>
    socket.on('data', () => {
      requests++
      socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok')
    }),
  )
  const offer = ask('h2c', '1.1', 'Content-Length: 2\r\n').replace('GET', 'POST')
  const answer = await sendRaw(port, `${offer}hiGET /api/more HTTP/1.1\r\nHost: a\r\n\r\n`)
  t.match(answer, /^HTTP\/1\.1 200 OK\r\n.*Connection: close\r\n.*ok$/s)
  t.equal(requests, 1)
})

t.test('an ignored offer whose client leaves', async (t) => {
  const gone = signal()
  const asked = signal()
  const { port, logged, finished } = await proxiedRaw(t, (socket) =>
    onHead(
      socket.on('close', () => gone.fire()),
      () => asked.fire(),
    ),
  )
  const client = await connectTo(port)
  client.write(ask('h2c'))
  await asked.promise
  client.end()
  await gone.promise
  await logged(1)
  t.match(finished, [{ outcome: 'aborted' }])
})
