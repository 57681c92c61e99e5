import { once } from 'node:events'
import t from 'tap'
import { connectTo, sendRaw } from '../../support/client.ts'
import { onHead, proxiedRaw, signal } from './support.ts'

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
  for (const protocol of ['h2c', 'tls/1.2', 'websocket, tls/1.3', 'websocket/13']) {
    const { head, answer } = await offered(t, ['websocket', 'tls/1.3'], ask(protocol))
    t.notMatch(head, /upgrade/i)
    t.match(answer, /^HTTP\/1\.1 200 OK\r\n.*Connection: keep-alive\r\n.*ok$/s)
  }
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
