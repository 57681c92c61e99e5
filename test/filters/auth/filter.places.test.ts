// Tokens in other places than the header, through a whole gateway: what the upstream gets, and what clients get back.
import { hash } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { SignJWT } from 'jose'
import t from 'tap'
import { WebSocket, WebSocketServer } from 'ws'
import { startGateway } from '../../../core/testing.ts'
import { startUpstream } from '../../support/upstream.ts'
import { SECRET } from './support.ts'

const token = (sub = 'ann'): Promise<string> =>
  new SignJWT({ sub }).setProtectedHeader({ alg: 'HS256' }).setExpirationTime('1h').sign(Buffer.from(SECRET))

async function setUp(t: { teardown(fn: () => unknown): void }, auth: string) {
  const got: IncomingMessage[] = []
  const upstream = await startUpstream((req, res) => {
    got.push(req)
    res.end('ok')
  })
  t.teardown(() => upstream.close())
  const gateway = await startGateway(`
listen: 127.0.0.1:0
admin: off
filters:
  - auth: { secret: ${SECRET}, ${auth} }
  - route-match
  - proxy
endpoints:
  - { name: orders, url: "${upstream.url}", auth_type: bearer }
`)
  t.teardown(() => gateway.close())
  const ask = async (path: string, headers: Record<string, string> = {}, method = 'GET'): Promise<number> => {
    const response = await fetch(`${gateway.url}/orchestrator/orders${path}`, { method, headers })
    await response.text()
    return response.status
  }
  return { gateway, upstream, got, ask }
}

t.test('a token in the query never reaches the upstream', async (t) => {
  const { ask, got } = await setUp(
    t,
    'token_from: [header, { query: access_token }], identity_headers: { X-User: sub }',
  )
  t.equal(await ask(`/list?page=2&access_token=${await token()}&sort=%2fa`, { 'x-user': 'root' }), 200)
  t.equal(got[0]!.url, '/list?page=2&sort=%2fa')
  t.equal(got[0]!.headers['x-user'], 'ann', 'and nobody can pretend to be somebody')
  t.equal(await ask(`/list?access_token=${await token()}`), 200)
  t.equal(got[1]!.url, '/list')
  t.equal(await ask(`/list?Access_Token=${await token()}`), 400)
  t.equal(got.length, 2)
})

t.test('a cookie: taken out, and of no use to another site', async (t) => {
  const { ask, got } = await setUp(t, 'token_from: [{ cookie: session }]')
  const cookie = `theme=dark; session=${await token()}; lang=en`
  t.equal(await ask('/', { cookie }), 200)
  t.equal(got[0]!.headers.cookie, 'theme=dark; lang=en')
  t.equal(await ask('/', { cookie, 'sec-fetch-site': 'cross-site' }, 'POST'), 403)
  t.equal(await ask('/', { cookie, 'sec-fetch-site': 'same-origin' }, 'POST'), 200)
  t.equal(await ask('/', { authorization: `Bearer ${await token()}` }), 401, 'the header is no place here')
})

t.test('caches learn that a response is for one caller, unless the upstream says what it is for', async (t) => {
  const { gateway, upstream } = await setUp(t, 'token_from: [header, { query: access_token }]')
  const field = async (path: string, headers: Record<string, string> = {}): Promise<string | null> => {
    const response = await fetch(`${gateway.url}/orchestrator/orders${path}`, { headers })
    await response.text()
    return response.headers.get('cache-control')
  }
  t.equal(await field(`/?access_token=${await token()}`), 'private')
  t.equal(await field('/', { authorization: `Bearer ${await token()}` }), null, 'Authorization says it')
  upstream.server.removeAllListeners('request')
  upstream.server.on(
    'request',
    (_req, res: ServerResponse) => void res.setHeader('cache-control', 'max-age=60').end('ok'),
  )
  t.equal(await field(`/?access_token=${await token()}`), 'max-age=60')
})

t.test('a WebSocket with its token as a subprotocol', async (t) => {
  const { gateway, upstream, got } = await setUp(t, 'token_from: [header, subprotocol]')
  got.length = 0
  const offered: (string | undefined)[] = []
  const server = new WebSocketServer({ noServer: true, handleProtocols: (all) => (all.has('chat') ? 'chat' : false) })
  upstream.server.on('upgrade', (req, socket, head) => {
    offered.push(req.headers['sec-websocket-protocol'])
    server.handleUpgrade(req, socket, head, (ws) => ws.on('message', (text) => ws.send(`got ${String(text)}`)))
  })
  const url = `${gateway.url.replace('http', 'ws')}/orchestrator/orders/socket`
  const talk = (protocols: string[]): Promise<string> =>
    new Promise((resolve, reject) => {
      const ws = new WebSocket(url, protocols)
      ws.on('open', () => ws.send('hi'))
      ws.on('message', (text) => {
        resolve(`${ws.protocol}: ${String(text)}`)
        ws.close()
      })
      ws.on('error', reject)
    })
  t.equal(await talk(['chat', 'bearer', await token()]), 'chat: got hi')
  t.equal(await talk(['bearer', await token()]), 'bearer: got hi', 'browsers insist on one of theirs')
  t.strictSame(offered, ['chat', undefined])
  await t.rejects(talk(['bearer', 'no.token.atall']), /401/)
  await t.rejects(talk(['chat']), /401/)
  t.equal(offered.length, 2)
})

t.test('beside the credentials that count, no others go upstream', async (t) => {
  const key = 'weir_0123456789abcdefghijklmnopqrstuvwxyz'
  const keys = `[{ id: shop, hash: "sha256:${hash('sha256', key, 'hex')}" }]`
  const from = '[{ header: x-api-key }, { query: key }, { cookie: key }]'
  const { ask, got } = await setUp(
    t,
    `token_from: [{ cookie: session }, header], api_keys: { keys: ${keys}, from: ${from} }, accept: [bearer, api_key]`,
  )
  const bearer = `Bearer ${await token()}`
  const unread = { cookie: `key=${key}; a=1`, 'x-api-key': key }
  t.equal(await ask(`/?key=${key}&b=2`, { ...unread, authorization: bearer }), 200)
  t.equal(got[0]!.url, '/?b=2', 'the key in the query, which nobody had to read')
  t.match(got[0]!.headers, { authorization: bearer, cookie: 'a=1', 'x-api-key': undefined })

  t.equal(await ask('/', { cookie: `session=${await token()}`, authorization: bearer }), 200)
  t.notOk(got[1]!.headers.authorization, 'a token in the second place, where nobody verified it')
})
