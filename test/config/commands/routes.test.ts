import t from 'tap'
import { inFolder, weir } from './support.ts'

const TEXT = `endpoints:
  - { name: orders, version: v1, url: "http://one:1/api", methods: [get, POST] }
  - { name: orders, version: v2, url: "\${TWO:-http://two}", filters: { breaker: off, auth: off } }
  - { name: shop, url: "http://shop", path: /shop }
  - { name: every, targets: [{ url: "http://every" }], host: ["*.example.com", x.example.org] }
  - { name: inner, url: "http://inner", host: inner.example.org, path: [/a, /b], disabled: true }
`

t.test('what leads to each endpoint and where it leads', async (t) => {
  inFolder(t, { 'weir.yaml': TEXT })
  const { out, code } = await weir(['routes'])
  t.equal(code, 0)
  t.match(out, /^Chain: request-id → auth → route-match → method-check → breaker → proxy → metrics\n\nENDPOINT /)
  t.match(out, /^v1\/orders +\/orchestrator\/v1\/orders +get, POST +http:\/\/one:1\/api +whole$/m)
  t.match(
    out,
    /^v2\/orders +\/orchestrator\/v2\/orders +every method +\$\{TWO:-http:\/\/two\} +without auth, breaker\n +\/orchestrator\/orders$/m,
  )
  t.match(out, /^every +\*\.example\.com\/ +every method +http:\/\/every +whole\n +x\.example\.org\/$/m)
  t.match(out, /^inner \(disabled\) +inner\.example\.org\/a /m)
  const { endpoints } = (await weir(['routes', '--json'])).json() as { endpoints: object[] }
  t.match(endpoints[0], {
    id: 'v1/orders',
    status: 'active',
    methods: ['get', 'POST'],
    targets: [{ url: 'http://one:1/api', weight: 1 }],
  })
  t.match(endpoints[1], { patterns: ['/orchestrator/v2/orders', '/orchestrator/orders'], methods: null })
  t.match((endpoints[1] as { chain: object[] }).chain[1], { name: 'auth', off: true })
  t.strictSame((endpoints[4] as { patterns: string[] }).patterns, ['inner.example.org/a', 'inner.example.org/b'])
})

t.test('the prefix is the one that was given, and a match has no name unless it says so', async (t) => {
  inFolder(t, {
    'weir.yaml': `filters: [{ route-match: { prefix: "" } }, proxy]
endpoints:
  - { name: a, url: "http://a" }
  - { name: b, url: "http://b", path: /x }
  - { name: c, url: "http://c", match: [{ path: { exact: /y }, methods: [GET] }], by_name: true }
`,
  })
  const { endpoints } = (await weir(['routes', '--json'])).json() as { endpoints: { patterns: string[] }[] }
  t.strictSame(
    endpoints.map(({ patterns }) => patterns),
    [['/a'], ['/x'], ['/c', '=/y GET']],
  )
})

t.test('several targets have their weights', async (t) => {
  const targets = '[{ url: "http://a", weight: 9 }, { url: "http://b" }, { url: "http://c", weight: 0 }]'
  inFolder(t, { 'weir.yaml': `endpoints:\n  - { name: a, targets: ${targets} }\n  - { name: b, url: "http://b" }\n` })
  const { out } = await weir(['routes'])
  t.match(out, /http:\/\/a \(weight 9\) +whole\n +http:\/\/b \(weight 1\)\n +http:\/\/c \(weight 0\)\n/)
  t.match(out, /^b .* http:\/\/b +whole$/m)
})

t.test('no endpoints', async (t) => {
  inFolder(t, { 'weir.yaml': 'endpoints: []\n' })
  const { out, err } = await weir(['routes'])
  t.match(out, /There are no endpoints/)
  t.match(err, /^warning: /)
})

t.test('how the chain of an endpoint differs, and who says so', async (t) => {
  inFolder(t, {
    'weir.yaml': `filters: [route-match, { body-limit: off }, breaker, { filter: admin, off: true }, proxy]
groups: { calm: { breaker: off }, small: { body-limit: on } }
endpoints:
  - { name: plain, url: "http://h" }
  - { name: both, url: "http://h", use: [calm, small] }
  - { name: own, url: "http://h", filters: { body-limit: { max_size: 1 } } }
  - { name: status, filters: { admin: on } }
`,
  })
  const { out } = await weir(['routes'])
  t.match(out, /^Chain: route-match → body-limit \(off\) → breaker → admin \(off\) → proxy$/m)
  t.match(out, /^plain .* whole$/m)
  t.match(out, /^both .* without breaker \(group calm\)\n +with body-limit \(group small\)$/m)
  t.match(out, /^own .* with body-limit$/m)
  t.match(out, /^status .* without proxy\n +with admin$/m)
  const { endpoints } = (await weir(['routes', '--json'])).json() as { endpoints: { chain: object[] }[] }
  t.match(endpoints[1]!.chain, [
    { name: 'route-match', off: false, by: 'chain' },
    { name: 'body-limit', off: false, by: 'group small' },
    { name: 'breaker', off: true, by: 'group calm' },
  ])
})
