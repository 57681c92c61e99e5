// Public bug reports of other gateways about routes, each over real sockets.
import t from 'tap'
import { startGateway } from '../../core/testing.ts'
import { sendRaw } from '../support/client.ts'
import { startUpstream } from '../support/upstream.ts'

const upstream = await startUpstream((req, res) => res.end(`<${req.url}> ${req.headers.host}`))
t.teardown(() => upstream.close())

/** A gateway with endpoints `name: rest of the entry`. Gives what the upstream got, or the status. */
async function gateway(t: { teardown(fn: () => unknown): void }, endpoints: Readonly<Record<string, string>>) {
  const lines = Object.entries(endpoints).map(
    ([name, rest]) => `  - { name: ${name}, ${rest.replace(/URL/, `url: "${upstream.url}`)} }`,
  )
  const started = await startGateway(`filters: [route-match, method-check, proxy]\nendpoints:\n${lines.join('\n')}\n`)
  t.teardown(() => started.close())
  return async (target: string, method = 'GET'): Promise<string> => {
    const head = `${method} ${target} HTTP/1.1\r\nHost: api.test\r\nConnection: close\r\n\r\n`
    const received = await sendRaw(Number(new URL(started.url).port), Buffer.from(head, 'latin1'))
    return /<(.*)>/.exec(received)?.[1] ?? received.slice(9, 12)
  }
}

// Kong/kong#675, #2211: a slash at the end of the upstream's URL where the prefix is stripped, before the query.
// Kong/kong#442: every occurrence of the prefix is stripped.
t.test('a prefix is dropped once, and nothing is added', async (t) => {
  const to = await gateway(t, { embed: 'URL/embed-api", path: /embed, strip_prefix: true' })
  t.equal(await to('/embed'), '/embed-api')
  t.equal(await to('/embed?x=1&y=2'), '/embed-api?x=1&y=2')
  t.equal(await to('/embed/'), '/embed-api/')
  t.equal(await to('/embed/embed/x'), '/embed-api/embed/x')
})

// traefik/traefik#1472, #1323, #7032, Kong/kong#1924: `//test` becomes `http://test`, loses a segment, or has no route.
t.test('two slashes at the beginning', async (t) => {
  const all = await gateway(t, { all: 'URL", path: /' })
  t.equal(await all('//test'), '//test')
  t.equal(await all('//images/branding/x.png'), '//images/branding/x.png')
  t.equal(await all('/images//x.png'), '/images//x.png')
  const strict = await gateway(t, { all: 'URL", path: /', api: 'URL/a", path: /api' })
  t.equal(await strict('//api/version'), '400', 'the upstream might read /api')
  t.equal(await strict('/api//version'), '/a/api//version')
})

// apigee/microgateway-core#8, Kong/kong#1924: slashes of the query are merged, its keys are sorted.
t.test('the query is not touched', async (t) => {
  const to = await gateway(t, { all: 'URL", path: /' })
  t.equal(await to('/x?z=http://a//b&a=1&&'), '/x?z=http://a//b&a=1&&')
})

// istio/istio#52714: `items:publish` is no path below `items`. 3scale/porta#1777: a path that only contains the pattern.
t.test('prefixes by whole segments', async (t) => {
  const to = await gateway(t, { ui: 'URL/ui", path: /myapp', items: 'URL/items", path: /myapp/api/items' })
  t.equal(await to('/myapp/api/items/7'), '/items/myapp/api/items/7')
  t.equal(await to('/myapp/api/items:publish'), '/ui/myapp/api/items:publish')
  t.equal(await to('/x/myapp/api/items'), '404')
})

// nginx/nginx-gateway-fabric#4734: a prefix wins over an expression. apache/apisix#10188: over an exact path.
t.test('what is more exact comes first, in whatever order it stands', async (t) => {
  const to = await gateway(t, {
    all: 'URL/all", path: /',
    profile: 'URL/profile", match: [{ path: { regex: "/user/[0-9]+" } }]',
    tests: 'URL/tests", path: /test',
    receiver: 'URL/receiver", match: [{ path: { exact: /test/receiver } }]',
  })
  t.equal(await to('/user/12'), '/profile/user/12')
  t.equal(await to('/user/12/x'), '/all/user/12/x')
  t.equal(await to('/test/receiver'), '/receiver/test/receiver')
  t.equal(await to('/test/receiver/x'), '/tests/test/receiver/x')
})

// apache/apisix#11810, #13626: `%2F` in a parameter is decoded before the route is looked for.
t.test('an encoded slash in a parameter', async (t) => {
  const path = 'path: "/v1/{id}/products/{type}/list"'
  const trusted = await gateway(t, { p: `URL", ${path}, allow_ambiguous: [encoded_slash]` })
  t.equal(await trusted('/v1/te%2Fst/products/e/list'), '/v1/te%2Fst/products/e/list')
  const wary = await gateway(t, { p: `URL", ${path}` })
  t.equal(await wary('/v1/te%2Fst/products/e/list'), '400', 'a server that decodes it reads another path')
})

// jkyberneees/fastify-gateway#4: /logout alone, not /logout-stuff. wso2/api-platform#1520: with and without a slash at the end.
t.test('whole paths, and the slash at the end', async (t) => {
  const to = await gateway(t, {
    logout: 'URL", match: [{ path: { exact: /logout } }]',
    users: 'URL", path: /v1/users, methods: [GET]',
  })
  t.equal(await to('/logout'), '/logout')
  for (const other of ['/logout-stuff', '/logout/', '/logout/x']) t.equal(await to(other), '404')
  t.equal(await to('/v1/users'), '/v1/users')
  t.equal(await to('/v1/users/'), '/v1/users/')
  t.equal(await to('/v1/users', 'POST'), '405')
})
