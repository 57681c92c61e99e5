import t from 'tap'
import { parse, problems } from '../support.ts'

t.test('the admin listener has a chain of its own', async (t) => {
  const [, admin] = parse('admin: { listen: 9001, filters: [{ auth: { algorithm: RS256 } }, admin] }').spec.listeners
  t.match(admin, { host: '127.0.0.1', port: 9001, requires: [] })
  t.same(
    admin?.chain.map((entry) => entry.at),
    [
      ['admin', 'filters', 0, 'auth'],
      ['admin', 'filters', 1],
    ],
  )
})

t.test('an admin listener that others can reach requires authentication', async (t) => {
  const requires = (listen: string): unknown => parse(`admin: { listen: "${listen}" }`).spec.listeners[1]?.requires
  for (const local of ['127.0.0.1:1', '127.9.9.9:1', '[::1]:1', 'localhost:1', '1']) t.same(requires(local), [], local)
  for (const open of [':1', '*:1', '0.0.0.0:1', '[::]:1', '192.0.2.1:1', 'localhost.example.com:1', '[::2]:1'])
    t.same(requires(open), ['authentication'], open)
  const auth = (listen: string, options = '') =>
    parse(`admin: { listen: "${listen}", filters: [{ auth: {${options}} }, admin] }`).spec.listeners[1]?.chain[0]
      ?.options
  t.same(auth(':1'), { required: true }, 'so that a missing token is a 401')
  t.same(auth('127.0.0.1:1'), { required: true }, 'the API knows no roles of those who need no token')
  t.match(problems('admin: { listen: ":1", filters: [{ auth: { required: false } }, admin] }'), [
    /admin.filters\[0\].auth.required: an admin listener that other machines can reach requires a token/,
  ])
})

t.test('probes have an address of their own, and no token', async (t) => {
  const of = (keys: string) => parse(`admin: { ${keys} }`).spec.listeners[2]
  t.equal(of('listen: 9001'), undefined)
  t.match(of('listen: ":9001", filters: [auth, admin], probes_listen: 9002'), {
    name: 'probes',
    host: undefined,
    port: 9002,
    routes: false,
    requires: [],
    chain: [{ factory: 'admin', options: { probes_only: true } }],
  })
  t.match(of('probes_listen: "10.0.0.1:9002"'), { host: '10.0.0.1', port: 9002 })
  t.same(problems('admin: { probes_listen: 8001 }'), [
    "1:10 admin.probes_listen: the admin listener (127.0.0.1:8001) and the listener for probes (:8001) can't listen on the same address",
  ])
  t.match(problems('admin: { probes_listen: x }'), [/^1:10 admin.probes_listen: expected a port/])
})

t.test('the names that the admin listener is served under', async (t) => {
  const hosts = (keys: string) => parse(`admin: { ${keys} }`).spec.listeners[1]?.chain.at(-1)?.options
  t.same(hosts('listen: 9001'), {})
  t.same(hosts('listen: "10.0.0.1:9001"'), {})
  t.same(hosts('listen: "Admin.internal:9001", allowed_hosts: ["*.BÜCHER.example"]'), {
    allowed_hosts: ['admin.internal', '*.xn--bcher-kva.example'],
  })
  t.same(hosts('allowed_hosts: [a], filters: [admin: { allowed_hosts: [b] }]'), { allowed_hosts: ['b'] })
  t.match(problems('admin: { allowed_hosts: ["a:8001"] }'), [
    /^1:26 admin.allowed_hosts\[0\]: expected a host name without a port/,
  ])
})

t.test('two sockets want different addresses', async (t) => {
  t.same(problems('listen: 8001'), [
    `1:1 listen: the proxy listener (:8001) and the admin listener (127.0.0.1:8001) can't listen on the same address`,
  ])
  t.match(problems('listen: "[::1]:1"\nadmin: { listen: "[::]:1" }\necho: { listen: 127.0.0.1:2 }'), [
    /^2:10 admin.listen: the proxy listener \(\[::1\]:1\)/,
  ])
  t.match(problems('echo: { listen: 8001 }'), [/^1:9 echo.listen/])
  t.same(problems('listen: 127.0.0.1:1\nadmin: { listen: "[::1]:1" }'), [])
  t.same(problems('listen: 0\nadmin: { listen: 0 }'), [])
  t.equal(problems('listen: x\nadmin: { listen: 8000 }').length, 1)
})
