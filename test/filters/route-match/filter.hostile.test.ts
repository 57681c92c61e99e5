// Requests that look for the open endpoint with a path, a host or a value that means the strict one to its upstream.
import t from 'tap'
import { startGateway } from '../../../core/testing.ts'
import { sendRaw } from '../../support/client.ts'
import { startUpstream } from '../../support/upstream.ts'

const upstream = await startUpstream((req, res) => res.end(`got ${req.url}`))
t.teardown(() => upstream.close())

/** Endpoints of their names: the upstream's path says which one was reached. */
async function start(endpoints: string) {
  const gateway = await startGateway(
    `filters: [route-match, proxy]\nendpoints:\n${endpoints.replaceAll('URL', upstream.url)}`,
  )
  t.teardown(() => gateway.close())
  /** Where a request arrives: `/strict/…`, or its status. */
  return async (target: string, host = 'a.test', ...fields: string[]): Promise<string> => {
    const lines = [`GET ${target} HTTP/1.1`, `Host: ${host}`, 'Connection: close', ...fields]
    const received = await sendRaw(gateway.port, Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1'))
    return /got (\/[a-z]+)/.exec(received)?.[1] ?? received.slice(9, 12)
  }
}

t.test('servers that cut parameters before they decode, or decode %3B alone', async (t) => {
  const ask = await start(`
  - { name: strict, path: [/a/b/c, /files/admin], url: "URL/strict" }
  - { name: files, path: /files, url: "URL/files", allow_ambiguous: [encoded_slash] }
  - { name: params, path: /params, url: "URL/params", allow_ambiguous: [path_parameter] }
  - { name: open, path: /, url: "URL/open" }
`)
  // Tomcat reads /a/b/c.
  t.equal(await ask('/a%2Fb;x%2Fy/c'), '400')
  t.equal(await ask('/a%2fb%2Fc;x%2Fy'), '400')
  // Whoever trusts that %2F stays says nothing about parameters.
  for (const target of ['/files/admin%3Bx', '/files/admin%3bx%2Fy', '/files/admin;x%2Fy'])
    t.equal(await ask(target), '400', target)
  t.equal(await ask('/files/x%3By%2Fz'), '/files')
  t.equal(await ask('/params/a;b%3Bc'), '/params')
  t.equal(await ask('/params/a%2Fb'), '/params')
})

t.test('a longer path in any case comes before a shorter one in its own', async (t) => {
  const ask = await start(`
  - { name: strict, path: [/Admin/secret, "/{t}/x/y"], case_sensitive: false, url: "URL/strict" }
  - { name: half, path: [/admin, /ADMIN/secret/own, /v/x], url: "URL/half" }
  - { name: login, match: [{ path: { exact: /login } }], case_sensitive: false, url: "URL/strict" }
  - { name: own, match: [{ path: { exact: /LOGIN } }], url: "URL/own" }
  - { name: regex, match: [{ path: { regex: "/[lL].*" } }], url: "URL/regex" }
  - { name: open, path: /, url: "URL/open" }
`)
  for (const target of ['/admin/secret', '/ADMIN/secret', '/Admin/SECRET/z', '/adMIN/secret/own', '/t/X/y', '/t/x/Y'])
    t.equal(await ask(target), '/strict', target)
  t.equal(await ask('/ADMIN/secret/own'), '/half')
  t.equal(await ask('/admin/x'), '/half')
  t.equal(await ask('/ADMIN/x'), '/open')
  t.equal(await ask('/v/x/z'), '/half')
  t.equal(await ask('/login'), '/strict')
  t.equal(await ask('/Login'), '/strict')
  t.equal(await ask('/LOGIN'), '/own')
  t.equal(await ask('/login/'), '/regex')
})

t.test('expressions: alternatives and quotes in any case, and line breaks', async (t) => {
  const ask = await start(`
  - { name: any, case_sensitive: false, match: [{ path: { regex: "/a|/b.c" } }, { path: { regex: "/\\\\Qd.e" } }], url: "URL/strict" }
  - { name: value, match: [{ path: /q, query: { q: { regex: ".*evil.*" } } }], url: "URL/strict" }
  - { name: open, path: /, url: "URL/open" }
`)
  for (const target of ['/A', '/B-C', '/D.e', '/q?q=evil', '/q?q=evil%0A', '/q?q=%0D%0Aevil%0a%00'])
    t.equal(await ask(target), '/strict', target)
  for (const target of ['/Ax', '/x/b-c', '/dxe', '/q?q=e%0Avil']) t.equal(await ask(target), '/open', target)
})

t.test('expressions and bytes outside ASCII', async (t) => {
  const ask = await start(`
  - { name: path, match: [{ path: { regex: "/caf(%C3%A9|%2F).*" } }], url: "URL/strict" }
  - { name: value, match: [{ path: /h, headers: { x-a: { regex: "caf[éè]" } } }, { path: /h, cookies: { a: { regex: "caf." } } }], url: "URL/strict" }
  - { name: open, path: /, url: "URL/open" }
`)
  t.equal(await ask('/caf%c3%a9'), '/strict')
  t.equal(await ask('/h', 'a.test', 'X-A: caf\xc3\xa9'), '/strict')
  t.equal(await ask('/h', 'a.test', 'Cookie: a=caf\xc3\xa9'), '/strict')
  t.equal(await ask('/h', 'a.test', 'X-A: caf\xe9'), '/open')
  const faults: Readonly<Record<string, string>> = {
    '/caf[é]': 'expected %C3%A9 for é, as in the normal form of paths',
    '/caf%c3%A9': 'expected %C3 for %c3',
    '/%7Eann': 'expected ~ for %7E',
    '/a%2fb': 'expected %2F for %2f',
    '/a%5Cb': 'expected a path without backslashes',
  }
  for (const [regex, message] of Object.entries(faults))
    await t.rejects(start(`  - { name: a, match: [{ path: { regex: "${regex}" } }], url: "URL" }`), {
      message: new RegExp(message),
    })
})

t.test('a host that is too long to be looked up', async (t) => {
  const ask = await start(`
  - { name: strict, host: "*.example.test", url: "URL/strict" }
  - { name: open, path: /, url: "URL/open" }
`)
  t.equal(await ask('/', `${'a.'.repeat(100)}example.test`), '/strict')
  t.equal(await ask('/', `${'a.'.repeat(150)}example.test`), '400')
})

t.test('a loose neighbour in other case, and with other parameters', async (t) => {
  const gateway =
    await startGateway(`filters: [{ auth: { secret: 0123456789abcdef0123456789abcdef } }, route-match, proxy]
endpoints:
  - { name: strict, path: ["/Users/{id}", "/t/{a}/x"], auth_type: bearer, url: "${upstream.url}" }
  - { name: users, path: /users, url: "${upstream.url}" }
  - { name: tenant, path: "/t/{b}", url: "${upstream.url}" }
  - { name: far, path: /user, url: "${upstream.url}" }
`)
  t.teardown(() => gateway.close())
  const warned = gateway.logs.flatMap(
    (line) => /"(\w+)" needs no token/.exec(JSON.stringify(line).replaceAll('\\', ''))?.[1] ?? [],
  )
  t.same(warned.toSorted(), ['tenant', 'users'])
})
