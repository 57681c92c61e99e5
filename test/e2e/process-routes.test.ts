// Which endpoint a request reaches, over real sockets: bytes as they are written.
import t from 'tap'
import { connectTo } from '../support/client.ts'
import { folder, startWeir } from '../support/process.ts'
import { startUpstream } from '../support/upstream.ts'

// Answers `name path`: each endpoint has its name as base path.
const upstream = await startUpstream((req, res) => res.end(req.url!.replace(/^\/([^/]*)/, '$1 ')))
t.teardown(() => upstream.close())

const ENDPOINTS: Readonly<Record<string, string>> = {
  all: 'path: /',
  admin: 'path: /admin',
  status: 'match: [{ path: { exact: /status } }]',
  me: 'path: /users/me',
  uo: 'match: [{ path: "/users/{id}/orders", methods: [GET] }]',
  legacy: 'match: [{ path: { regex: "/v[0-9]+/legacy(?P<tail>/.*)?" } }, { path: { exact: /legacy } }]',
  at: 'path: /@x',
  beta: 'match: [{ path: /app, headers: { x-beta: ["1", "yes"] } }]',
  app: 'path: /app',
  apex: 'match: [{ host: a.test, path: / }]',
  wild: 'host: "*.a.test"',
  git: 'path: /git, allow_ambiguous: [encoded_slash]',
  gitx: 'path: /git/x',
  h: 'version: v1, match: [{ path: /h, methods: [POST] }]',
  p: 'match: [{ path: /p, methods: [GET], headers: { x-t: a } }]',
}

async function start(t: Parameters<typeof folder>[0], without: readonly string[] = []) {
  const lines = Object.entries(ENDPOINTS)
    .filter(([name]) => !without.includes(name))
    .map(([name, rest]) => `  - { name: ${name}, url: "${upstream.url}/${name}", ${rest} }`)
  const cwd = await folder(t, {
    'weir.yaml': `listen: 127.0.0.1:0\nadmin: { listen: 127.0.0.1:0 }\naccess_log: false\nendpoints:\n${lines.join('\n')}\n`,
  })
  const { proxy } = await startWeir(t, { cwd })
  /** The endpoint and the path that it got, or the status. */
  return async (target: string, { method = 'GET', host = 'x.test', fields = '' } = {}): Promise<string> => {
    const socket = await connectTo(Number(new URL(proxy).port))
    socket.write(`${method} ${target} HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n${fields}\r\n`)
    let text = ''
    for await (const bytes of socket) text += String(bytes)
    const status = /^HTTP\/1.1 (\d+)/.exec(text)?.[1]
    if (status !== '200') return `${status}`
    return method === 'HEAD'
      ? 'head'
      : text.slice(text.indexOf('\r\n\r\n') + 4).replace(/^[0-9a-f]+\r\n|\r\n0\r\n\r\n$/g, '')
  }
}

t.test('the table', async (t) => {
  const call = await start(t)
  const table: readonly (readonly [string, string, Parameters<typeof call>[1]?])[] = [
    ['/%61dmin/', 'admin /%61dmin/'],
    ['/Admin', 'all /Admin'],
    ['/administrator', 'all /administrator'],
    ['//admin', '400'],
    ['/admin%2Fx', '400'],
    ['/admin;a=1/x', '400'],
    ['/x/%2e%2E;/admin', '400'],
    ['/admin%00', '400'],
    ['/admin%C0%AF', '400'],
    ['/%zz', '400'],
    ['/a//b', 'all /a//b'],
    ['/a%2Fb', 'all /a%2Fb'],
    ['/a;x=1/b', 'all /a;x=1/b'],
    ['/%40x/1', 'at /%40x/1'],
    ['/status?x', 'status /status?x'],
    ['/status/', 'all /status/'],
    ['/users/me/orders', 'me /users/me/orders'],
    ['/users/7/orders/1', 'head', { method: 'HEAD' }],
    ['/users/7/orders/1', 'uo /users/7/orders/1'],
    ['/users/7/orders', 'all /users/7/orders', { method: 'POST' }],
    ['/v2/legacyx', 'all /v2/legacyx'],
    ['/v2/legacy/x', 'legacy /v2/legacy/x'],
    ['/legacy', 'legacy /legacy'],
    ['/app', 'app /app', { fields: 'x-beta: 1\r\nx-beta: no\r\n' }],
    ['/app', 'beta /app', { fields: 'X-Beta: yes\r\n' }],
    ['/status', 'apex /status', { host: 'A.test.:80' }],
    ['/admin', 'wild /admin', { host: 'b.c.a.test' }],
    ['/git/a%2fb', 'git /git/a%2fb'],
    ['/git/x%2fb', 'git /git/x%2fb'],
    ['/git/x/b', 'gitx /git/x/b'],
    ['/git//x', '400'],
  ]
  for (const [target, expected, how] of table)
    t.equal(await call(target, how), expected, `${target} ${JSON.stringify(how ?? '')}`)
})

t.test('without an endpoint for every path', async (t) => {
  const call = await start(t, ['all'])
  const preflight = 'Origin: http://o.test\r\nAccess-Control-Request-Method: GET\r\n'
  t.equal(await call('/orchestrator/v1/h'), '404', 'a match replaces the name')
  t.equal(await call('/h'), '405')
  t.equal(await call('/h', { method: 'OPTIONS' }), '204', 'which methods there are')
  t.equal(await call('/p', { method: 'OPTIONS', fields: preflight }), 'p /p')
  t.equal(await call('/p'), '404')
  t.equal(await call('/p', { fields: 'x-t: a\r\n' }), 'p /p')
  t.equal(await call(`/v1/legacy/${'x'.repeat(600)}`), '414')
})
