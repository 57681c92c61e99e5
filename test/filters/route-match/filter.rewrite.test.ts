// The path that goes upstream, and what comes back mapped.
import t from 'tap'
import { startGateway } from '../../../core/testing.ts'
import { send } from '../../support/client.ts'
import { startUpstream } from '../../support/upstream.ts'

t.test('strip_prefix and rewrite', async (t) => {
  const upstream = await startUpstream((req, res) => {
    const { 'x-forwarded-prefix': prefix = '-' } = req.headers
    if (req.url!.includes('login')) res.writeHead(302, { Location: '/base/home', 'Set-Cookie': 'a=b; Path=/base' })
    res.end(`${req.url} ${prefix}`)
  })
  t.teardown(() => upstream.close())
  const gateway = await startGateway(`filters: [route-match, proxy]
endpoints:
  - { name: kept, url: "${upstream.url}/base", path: /kept }
  - { name: strip, url: "${upstream.url}/base", path: "/strip/{id}", strip_prefix: true }
  - { name: exact, url: "${upstream.url}/base", match: [{ path: { exact: /exact } }], strip_prefix: true }
  - { name: rewrite, url: "${upstream.url}/base", path: "/users/{id}/o", rewrite: "/api/{id}{rest}" }
  - { name: regex, url: "${upstream.url}", match: [{ path: { regex: "/v(?P<n>[0-9]+)/old(?P<tail>/.*)?" } }], rewrite: "/new/{n}{tail}" }
  - { name: folded, url: "${upstream.url}", path: "/Folded/{x}", case_sensitive: false, rewrite: "/f/{x}{rest}" }
  - { name: named, version: v1, url: "${upstream.url}/base" }
`)
  t.teardown(() => gateway.close())
  const table: Readonly<Record<string, string>> = {
    '/kept/a%2Fb?q=1': '/base/kept/a%2Fb?q=1 -',
    '/strip/7': '/base /strip/7',
    '/strip/7/a/%7e/?q': '/base/a/%7e/?q /strip/7',
    '/%73trip/%37/a': '/base/a /%73trip/%37',
    '/exact': '/base /exact',
    '/users/%C3%A9/o/x%41/': '/base/api/%C3%A9/x%41/ -',
    '/users/7/o': '/base/api/7 -',
    '/v12/old': '/new/12 -',
    '/%7612/ol%64/%61?b': '/new/12/%61?b -',
    '/FOLDED/Ab/C': '/f/Ab/C -',
    '/orchestrator/v1/named/x': '/base/x /orchestrator/v1/named',
  }
  for (const [path, expected] of Object.entries(table)) t.equal((await send(gateway.url + path)).body, expected, path)
  const { headers } = await send(`${gateway.url}/strip/7/login`)
  t.equal(headers.location, '/strip/7/home')
  t.match(headers['set-cookie'], [/Path=\/strip\/7/])
})
