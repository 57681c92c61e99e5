import t from 'tap'
import { inFolder, weir } from './support.ts'

const CONFIG = `endpoints:
  - { name: users, url: "http://u", match: [{ path: "/users/{id}", methods: [GET] }], rewrite: "/api/{id}{rest}" }
  - { name: beta, url: "http://b", match: [{ path: /app, headers: { x-beta: "1" } }] }
  - { name: apex, url: "http://a", host: a.test }
  - { name: orders, version: v1, url: "http://o" }
`

t.test('a table of requests', async (t) => {
  inFolder(t, {
    'weir.yaml': CONFIG,
    'good.yaml': `GET /users/7: users
POST /users/7: 405
GET https://a.test/x: apex
GET /orchestrator/v1/orders: v1/orders
GET /app: { endpoint: beta, headers: { x-beta: 1 } }
HEAD /app: 404
GET /users/7/x?q: { endpoint: users, path: /api/7/x }
GET /users//7: { status: 400 }
`,
    'bad.yaml': `GET /users/7: { endpoint: users, path: /7 }

GET /app: beta
GET /users/8: users
`,
  })
  t.match(await weir(['routes', '--test', 'good.yaml']), { code: 0, out: '8 of 8 requests go where they should\n' })
  const { code, out } = await weir(['routes', '--test', 'bad.yaml'])
  t.equal(code, 1)
  t.equal(
    out,
    'bad.yaml:1 GET /users/7: expected users with /7, found users with /api/7\nbad.yaml:3 GET /app: expected beta, found 404\n1 of 3 requests go where they should\n',
  )
  const result = await weir(['routes', '--test', 'bad.yaml', '--json'])
  t.equal(result.code, 1)
  t.match(result.json(), { tests: [{ ok: false }, { ok: false, found: '404', line: 3 }, { ok: true }] })
})

t.test('what is no table', async (t) => {
  const tables: Readonly<Record<string, RegExp>> = {
    '- GET /x': /t\.yaml:1:1 expected a mapping from requests to endpoints/,
    'GET /x: a\n/users: b': /t\.yaml:2:1 expected a request such as "GET \/users\/7", found "\/users"/,
    'GET /x: { path: /x }': /t\.yaml:1:1 expected an endpoint, a status/,
    'GET /x: { endpoint: a, status: 404 }': /t\.yaml:1:1 expected an endpoint or a status, not both/,
    'GET /x: *a': /t\.yaml:1:1 Unresolved alias/,
    'GET /x: { endpoint: a, header: {} }': /t\.yaml:1:1 expected an endpoint, a status/,
    'GTE /x: a': /t\.yaml:1 there is no method "GTE".*GET/,
    'GET x: a': /t\.yaml:1 expected a URL/,
    'GET /x: [': /t\.yaml:\d:\d+ /,
  }
  for (const [text, message] of Object.entries(tables)) {
    inFolder(t, { 'weir.yaml': CONFIG, 't.yaml': text })
    t.match(await weir(['routes', '--test', 't.yaml']), { code: 1, err: message }, text)
  }
  t.match(await weir(['routes', '--test', 'none.yaml']), { code: 1, err: /there is no file none\.yaml/ })
})
