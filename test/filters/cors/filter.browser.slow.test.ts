// What a real browser makes of the fields: pages of an allowed origin and of another one use the gateway.
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import t from 'tap'
import { WebSocketServer } from 'ws'
import { startGateway } from '../../../core/testing.ts'
import { hasChromium, openPage } from '../../support/chromium.ts'
import { bodyOf, startUpstream } from '../../support/upstream.ts'
import { bearer, SECRET } from './support.ts'

if (!hasChromium && process.env.CI !== undefined) t.fail('chromium is needed here, and must be installed in CI')

/** Runs in the page. The results of both pages come back with their origins. */
async function visit({ api, token, next }: { api: string; token: string; next?: string }): Promise<void> {
  const results: Record<string, unknown> = {}
  const say = async (name: string, work: () => Promise<unknown>): Promise<void> => {
    results[name] = await work().catch((error: Error) => error.name)
  }
  const statusOf = async (path: string, init?: RequestInit) => (await fetch(`${api}${path}`, init)).status
  const json = { 'Content-Type': 'application/json', 'X-Tenant': 'acme' }
  await say('simple', async () => {
    const { status, headers } = await fetch(`${api}/api/simple`)
    return [status, headers.get('x-total'), headers.get('x-hidden')]
  })
  await say('preflighted', () => statusOf('/api/put', { method: 'PUT', headers: json, body: '{}' }))
  await say('method', () => statusOf('/api/brew', { method: 'BREW' }))
  await say('missing', () => statusOf('/nowhere', { method: 'DELETE' }))
  await say('login', () => statusOf('/api/login', { credentials: 'include' }))
  await say('cookie', async () => (await fetch(`${api}/api/who`, { credentials: 'include' })).text())
  await say('anonymous', () => statusOf('/guarded'))
  await say('token', () => statusOf('/guarded', { headers: { Authorization: token } }))
  await say('open', () => statusOf('/open', { method: 'PATCH', headers: json, body: '{}' }))
  await say('open with credentials', () => statusOf('/open', { credentials: 'include' }))
  await say('form', async () => (await fetch(`${api}/strict/form`, { method: 'POST', mode: 'no-cors' })).type)
  await say('socket', async () => {
    const socket = new WebSocket(`${api.replace('http', 'ws')}/strict/socket`)
    return new Promise((resolve) => {
      socket.onopen = () => resolve('open')
      socket.onerror = () => resolve('error')
    })
  })
  await fetch('/results', { method: 'POST', body: JSON.stringify(results) })
  const page = globalThis as unknown as { location: { href: string } }
  if (next !== undefined) page.location.href = next
}

t.test('Chromium', { skip: hasChromium ? false : 'chromium is not installed', timeout: 60_000 }, async (t) => {
  const requests: string[] = []
  const upstream = await startUpstream((request, response) => {
    const { origin = '', cookie = '' } = request.headers
    requests.push(`${request.method} ${request.url} ${new URL(origin === '' ? 'http://none' : origin).hostname}`)
    const login = request.url === '/api/login' ? { 'Set-Cookie': 'session=abc; Path=/' } : {}
    response.writeHead(200, { 'X-Total': '7', 'X-Hidden': '8', ...login }).end(cookie)
  })
  t.teardown(() => upstream.close())
  const sockets = new WebSocketServer({ server: upstream.server })
  sockets.on('connection', (socket, { headers }) => {
    requests.push(`WebSocket ${headers.origin}`)
    socket.close()
  })

  const visits: Record<string, unknown> = {}
  let visited = (): void => {}
  const both = new Promise<void>((resolve) => (visited = resolve))
  const pages = createServer(async (request, response) => {
    const host = request.headers.host!.split(':')[0]!
    if (request.url !== '/results') {
      const next = host === 'app.weir.localhost' ? `http://evil.localhost:${port}/` : undefined
      const input = JSON.stringify({ api, token, next })
      response.setHeader('Content-Type', 'text/html')
      return void response.end(`<!doctype html><script>(${visit})(${input})</script>`)
    }
    visits[host] = JSON.parse((await bodyOf(request)).toString())
    response.end()
    if (Object.keys(visits).length === 2) visited()
  })
  await new Promise<void>((resolve) => pages.listen(0, '127.0.0.1', resolve))
  t.teardown(() => {
    pages.closeAllConnections()
    pages.close()
  })
  const { port } = pages.address() as AddressInfo
  const token = await bearer()
  const gateway = await startGateway(`filters:
  - cors: { origins: ["http://*.weir.localhost:${port}"], credentials: true, max_age: 1h, expose_headers: [X-Total] }
  - auth: { secret: ${SECRET} }
  - route-match
  - method-check
  - proxy
endpoints:
  - { name: api, url: "${upstream.url}", path: /api }
  - { name: guarded, url: "${upstream.url}", path: /guarded, auth_type: bearer, methods: [GET] }
  - { name: open, url: "${upstream.url}", path: /open, filters: { cors: { origins: ["*"], credentials: false } } }
  - { name: strict, url: "${upstream.url}", path: /strict, filters: { cors: { enforce_origin: true } } }
`)
  t.teardown(() => gateway.close())
  const api = `http://api.weir.localhost:${gateway.port}`

  openPage(t, `http://app.weir.localhost:${port}/`)
  await both
  t.strictSame(visits['app.weir.localhost'], {
    simple: [200, '7', null],
    preflighted: 200,
    method: 'TypeError',
    missing: 404,
    login: 200,
    cookie: 'session=abc',
    anonymous: 401,
    token: 200,
    open: 200,
    'open with credentials': 'TypeError',
    form: 'opaque',
    socket: 'open',
  })
  t.strictSame(visits['evil.localhost'], {
    simple: 'TypeError',
    preflighted: 'TypeError',
    method: 'TypeError',
    missing: 'TypeError',
    login: 'TypeError',
    cookie: 'TypeError',
    anonymous: 'TypeError',
    token: 'TypeError',
    open: 200,
    'open with credentials': 'TypeError',
    form: 'opaque',
    socket: 'error',
  })
  const seen = (pattern: RegExp): string[] => requests.filter((line) => pattern.test(line))
  t.strictSame(seen(/^OPTIONS/), [], 'no preflight goes upstream')
  t.strictSame(seen(/put|brew/), ['PUT /api/put app.weir.localhost'])
  t.strictSame(seen(/form/), ['POST /strict/form app.weir.localhost'], 'enforce_origin')
  t.strictSame(seen(/^WebSocket/), [`WebSocket http://app.weir.localhost:${port}`])
})
