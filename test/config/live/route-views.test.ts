import t from 'tap'
import { parseConfig } from '../../../config/live/config-loader.ts'
import { routeViews } from '../../../config/live/route-views.ts'

const views = (text: string) => routeViews(parseConfig(text, { file: 'weir.yaml', env: {} }))

t.test('routes stand in the order in which they are looked at', async (t) => {
  const found = await views(`filters: [request-id, route-match: { prefix: /api/ }, proxy]
endpoints:
  - { name: any, url: http://a, path: / }
  - { name: named, version: v1, url: http://a }
  - { name: named, version: v2, url: http://a }
  - name: many
    url: http://a
    match:
      - { host: "*.test", path: /x }
      - { host: "*.a.test", path: /x }
      - { host: a.test, path: /x }
      - { path: "/users/{id}" }
      - { path: /users/me }
      - { path: { exact: /users/me } }
      - { path: { exact: "/users/{id}" } }
      - { path: { regex: "/b.*" } }
      - { path: { regex: "/a.*" } }
      - { path: /users/me, methods: [GET], headers: { x-beta: "1" }, query: { v: { present: true } } }
`)
  t.strictSame(
    found.map(({ endpoint, host, path }) => `${endpoint} ${host ?? ''}${path}`),
    [
      'many a.test/x',
      'many *.a.test/x',
      'many *.test/x',
      'many exact /users/me',
      'many regex /b.*',
      'many regex /a.*',
      'v2/named /api/named',
      'v1/named /api/v1/named',
      'v2/named /api/v2/named',
      'many /users/me',
      'many /users/me',
      'many /users/{id}',
      'many exact /users/{id}',
      'any /',
    ],
  )
  t.match(found[9], { methods: ['GET'], conditions: ['header x-beta', 'query v'], file: 'weir.yaml', line: 18 })
  t.match(found[10], { methods: null, conditions: [], line: 13 })
})

t.test('without endpoints there are none', async (t) => {
  t.strictSame(await views('listen: 1\n'), [])
})
