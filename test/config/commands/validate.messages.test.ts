// What somebody who makes a common mistake reads, with the place of it.
// biome-ignore-all lint/suspicious/noTemplateCurlyInString: references to the environment look like this
import t, { type Test } from 'tap'
import { inFolder, weir } from './support.ts'

/** The lines that `weir validate` says about a text. */
async function said(t: Test, text: string, files: Readonly<Record<string, string>> = {}): Promise<string[]> {
  const dir = inFolder(t, { 'weir.yaml': text, ...files })
  const { err } = await weir(['validate'])
  return err
    .replaceAll(dir, 'DIR')
    .split('\n')
    .filter((line) => line !== '' && !/^\d+ problems?$/.test(line))
}

t.test('a chain entry that can not be read hides no other problem', async (t) => {
  const lines = await said(
    t,
    `filters:
  - request-id
  - { auth: {}, route-match: {} }
  - bodylimit
  - retry: { max_retry: 3 }
  - proxy
admin: { listen: 0.0.0.0:8001, filters: [5, admn] }
endpoints: [{ name: a, url: "http://a", auth_type: bearer, filters: { proxy: { timeuot: 3 } } }]
`,
  )
  t.match(lines, [
    /^weir\.yaml:3:5 filters\[1\]: an entry of a chain is one filter/,
    /^weir\.yaml:4:5 filters\[2\]: there is no filter "bodylimit"\. Did you mean "body-limit"/,
    /^weir\.yaml:5:14 filters\[3\]\.retry\.max_retry: unknown option "max_retry" .*Did you mean "max_retries"/,
    /^weir\.yaml:7:42 admin\.filters\[0\]: expected a filter: its name, or name: options; found 5$/,
    /^weir\.yaml:7:45 admin\.filters\[1\]: there is no filter "admn"\. Did you mean "admin"/,
    /^weir\.yaml:8:80 endpoints\[0\]\.filters\.proxy\.timeuot: unknown option "timeuot" .*Did you mean "timeout"/,
  ])
  t.equal(lines.length, 6, 'nothing is concluded from what could not be read')
  const none = await said(t, 'filters: { proxy: {} }\nendpoints: [{ name: a, url: "http://a", auth_type: bearer }]\n')
  t.match(none, [
    /^weir\.yaml:1:1 filters: expected a list of filters, found a mapping: begin each with a dash, - proxy$/,
  ])
})

t.test('a chain without an end is told at its last filter', async (t) => {
  const text =
    'admin:\n  filters: [auth]\nfilters:\n  - request-id\n  - route-match\nendpoints: [{ name: a, url: "http://a" }]\n'
  t.match(await said(t, text), [
    /^weir\.yaml:5:5 filters\[1\]: the chain of listener "proxy" has no terminal filter; end it with "proxy"/,
    /^weir\.yaml:2:13 admin\.filters\[0\]: the chain of listener "admin" has no terminal filter/,
  ])
})

t.test('two endpoints with one path, in whatever spelling: every pair, each at its path', async (t) => {
  const text = `endpoints:
  - { name: a, url: "http://a", path: [/y, /x] }
  - { name: b, url: "http://b", path: /x/ }
  - { name: c, url: "http://c", path: /x, host: c.test }
  - { name: d, url: "http://d", path: [/z, /%79] }
  - { name: e, url: "http://e", path: /x, host: [e.test, C.test] }
  - { name: f, url: "http://f", host: f.test }
  - { name: g, url: "http://g", host: f.test }
`
  const told = (a: string, b: string, what: string): string =>
    `"${a}" and "${b}" both have ${what}, if only in another spelling: change one of them; the other is at weir.yaml:`
  t.same(await said(t, text), [
    `weir.yaml:3:33 endpoints[1].path: ${told('a', 'b', '"/x" on every host')}2:44`,
    `weir.yaml:5:44 endpoints[3].path[1]: ${told('a', 'd', '"/%79" on every host')}2:40`,
    `weir.yaml:6:33 endpoints[4].path: ${told('c', 'e', '"/x" on c.test')}4:33`,
    `weir.yaml:8:33 endpoints[6].host: ${told('f', 'g', '"/" on f.test')}7:33`,
  ])
})

t.test('a warning comes once, however many endpoints share its cause', async (t) => {
  const endpoint = (name: string, more: string) => `  - { name: ${name}, url: "http://${name}", ${more} }\n`
  const slow = await said(
    t,
    `endpoints:\n${endpoint('a', 'timeout: 2m')}${endpoint('b', 'timeout: 3m')}${endpoint('c', 'timeout: 3m')}`,
  )
  t.match(slow, [
    /^warning: weir\.yaml:2:33 endpoints\[0\]\.timeout: for a the breaker's reset_timeout \(60 s\) is shorter than the upstream's timeout \(120 s\) \(so it is for b, c\): /,
  ])
  t.equal(slow.length, 1)
  const chain = await said(
    t,
    `circuit_breaker: { reset_timeout: 1s }\nendpoints:\n${'abcdefgh'.replaceAll(/./g, (name) => endpoint(name, 'timeout: 20'))}`,
  )
  t.match(chain, [/^warning: weir\.yaml:1:20 .*\(30 s\) \(so it is for a, b, c, d, e and 3 more\)/])
  t.equal(chain.length, 1)
  const retry = 'filters: { retry: { methods: [POST] } }'
  const unsafe = await said(
    t,
    `filters: [route-match, retry, proxy]\nendpoints:\n${endpoint('a', retry)}${endpoint('b', retry.replace('] ', '], max_retries: 1 '))}${endpoint('c', 'auth_type: none')}`,
  )
  t.match(unsafe, [
    /^warning: weir\.yaml:3:44 endpoints\[0\]\.filters\.retry: .*\(the same at 1 more of the endpoints\)$/,
  ])
})

t.test('what is wrong with the key of the chain is not told of each endpoint', async (t) => {
  const text = `filters: [auth: { secret_file: nope }, route-match, proxy]
endpoints:
  - { name: a, url: "http://a", auth_type: bearer }
  - { name: b, url: "http://b", auth_type: none }
`
  t.match(await said(t, text), [
    /^weir\.yaml:1:11 filters\[0\]\.auth: the filter "auth" could not be created: secret_file: /,
  ])
})

t.test('an unknown key: all keys there are, or where it belongs', async (t) => {
  const lines = await said(t, 'foo: 1\nendpoints:\n  - { name: a, url: "http://a", retries: 3, tls: {}, weight: 5 }\n')
  t.match(lines, [
    /^weir\.yaml:1:1 foo: unknown key "foo"\. Known here: listen, .*auth_issuer, auth_audience$/,
    'weir.yaml:3:33 endpoints[0].retries: unknown key "retries". The filter "retry" does that: filters: { retry: { max_retries: … } }, with "retry" in the chain',
    'weir.yaml:3:45 endpoints[0].tls: unknown key "tls". The filter "proxy" does that: filters: { proxy: { tls: … } }',
    'weir.yaml:3:54 endpoints[0].weight: unknown key "weight". A weight belongs to a target: targets: [{ url: "http://…", weight: 2 }]',
  ])
})

t.test('the first file of somebody who knows another gateway', async (t) => {
  const text = `port: 8080
routes: []
admin: { port: 9000, probes: 9001 }
endpoints:
  orders: { url: "http://o" }
`
  t.same(await said(t, text), [
    'weir.yaml:1:1 port: unknown key "port". Here it is "listen"',
    'weir.yaml:2:1 routes: unknown key "routes". Here it is "endpoints"',
    'weir.yaml:3:10 admin.port: unknown key "port". Here it is "listen"',
    'weir.yaml:3:22 admin.probes: unknown key "probes". Here it is "probes_listen"',
    'weir.yaml:4:1 endpoints: expected a list of endpoints, found a mapping: begin each with a dash, - name: …',
  ])
  t.same(await said(t, 'endpoints: [{ name: a, url: "http://a", auth: bearer }]\n'), [
    'weir.yaml:1:41 endpoints[0].auth: unknown key "auth". Whether a token is needed says auth_type: bearer, or auth_type: none',
  ])
})

t.test('targets and url in the form of the other', async (t) => {
  const text = `endpoints:
  - { name: a, targets: ["http://c"] }
  - { name: b, targets: "http://c" }
  - { name: c, url: ["http://c", "http://d"] }
`
  t.same(await said(t, text), [
    'weir.yaml:2:26 endpoints[0].targets[0]: expected a mapping with a url, such as { url: "http://…", weight: 2 }, found "http://c"',
    'weir.yaml:3:16 endpoints[1].targets: expected a list of targets, such as [{ url: "http://…" }]; a single URL stands in "url", found "http://c"',
    'weir.yaml:4:16 endpoints[2].url: expected one URL (several stand in "targets": [{ url: "http://…" }]), found a list',
  ])
})

t.test('digits where a text is meant belong in quotes', async (t) => {
  process.env.WEIR_TEST_DIGITS = '1234567890123456789012345678901234567890'
  t.teardown(() => delete process.env.WEIR_TEST_DIGITS)
  const text = `filters:
  - auth:
      secret: \${WEIR_TEST_DIGITS}
  - route-match
  - proxy
auth_issuer: 5
endpoints: [{ name: a, url: "http://a", roles: [true] }]
`
  t.same(await said(t, text), [
    'weir.yaml:3:7 filters[0].auth.secret: expected a text in quotes (YAML reads this as a number)',
    'weir.yaml:6:1 auth_issuer: expected a text in quotes (YAML reads this as a number) or a list of texts, found 5',
    'weir.yaml:7:49 endpoints[0].roles[0]: expected a text in quotes (YAML reads this as "true"), found true',
  ])
  t.same(
    await said(
      t,
      text.replace('${WEIR_TEST_DIGITS}', '"${WEIR_TEST_DIGITS}"').replace(': 5', ': "5"').replace('true', '"true"'),
    ),
    [],
  )
})

t.test('a plugin that is missing, and what a plugin misses', async (t) => {
  const files = { 'a.mjs': "import 'not-there'\n", 'b.mjs': "import './gone.mjs'\n" }
  t.same(
    await said(t, 'plugins: [./a.mjs, ./b.mjs, ./c.mjs, no-such]\nendpoints: [{ name: a, url: "http://a" }]\n', files),
    [
      `weir.yaml:1:11 plugins[0]: the plugin "./a.mjs" could not be loaded: it needs the package "not-there", which is not installed there (Cannot find package 'not-there' imported from DIR/a.mjs): npm install not-there`,
      `weir.yaml:1:20 plugins[1]: the plugin "./b.mjs" could not be loaded: it imports a file that does not exist (Cannot find module 'DIR/gone.mjs' imported from DIR/b.mjs)`,
      'weir.yaml:1:29 plugins[2]: the plugin "./c.mjs" could not be loaded: not found: there is no file DIR/c.mjs',
      'weir.yaml:1:38 plugins[3]: the plugin "no-such" could not be loaded: not found (Cannot find module \'no-such\'): install it beside the configuration, or begin the name of a file with ./',
    ],
  )
})

t.test("what is wrong with a group's options is said once, at the group and where it is used", async (t) => {
  const text = `filters: [{ body-limit: off }, route-match, breaker, proxy]
groups:
  odd: { breaker: { failure_threshold: none }, body-limit: { max_sise: 3 } }
  bare: { proxy: off }
endpoints:
  - { name: a, url: "http://a", use: [odd] }
  - { name: b, url: "http://b", use: [odd] }
  - { name: c, url: "http://c", use: [bare] }
  - { name: d }
  - { name: e, filters: { body-limit: on } }
`
  t.match(await said(t, text), [
    /^weir\.yaml:3:21 groups\.odd\.breaker\.failure_threshold: .*found "none" \(used at weir\.yaml:6:39\)$/,
    /^weir\.yaml:3:62 groups\.odd\.body-limit\.max_sise: unknown option "max_sise".* \(used at weir\.yaml:6:39\)$/,
    /^weir\.yaml:4:11 groups\.bare\.proxy: "proxy" is the terminal filter and can't be off \(used at weir\.yaml:8:39\)$/,
    /^weir\.yaml:9:5 endpoints\[3\]: "url" is missing$/,
    /^weir\.yaml:10:5 endpoints\[4\]: "url" is missing$/,
  ])
})
