import t from 'tap'
import { type RouterControl, RouterControlKey } from '../../../../core/index.ts'
import { startAdmin } from '../../../support/admin-client.ts'

t.test('routes, tests and explanations', async (t) => {
  const asked: unknown[] = []
  const router: RouterControl = {
    routes: async () =>
      ['/a', '/b'].map((path) => ({
        endpoint: 'a',
        host: null,
        path,
        methods: ['GET'],
        conditions: [],
        file: 'weir.yaml',
        line: 3,
      })),
    explain: async (request) => {
      asked.push(request)
      return request.listener === 'nope' ? { error: 'there is no listener' } : { endpoint: null }
    },
    test: async (endpoint) =>
      endpoint === 'v1/a'
        ? [
            {
              target: 'https://a',
              passed: false,
              steps: [
                {
                  step: 'tls',
                  passed: false,
                  duration_ms: 1.5,
                  detail: 'expired',
                  valid_to: '2020-01-01T00:00:00.000Z',
                },
              ],
            },
          ]
        : undefined,
  }
  const { admin } = await startAdmin(t, undefined, { services: [[RouterControlKey, router]] })
  const first = (await admin.ask('GET /router/routes?limit=1')).json()
  t.match(first, { total: 2, items: [{ path: '/a' }] })
  t.match((await admin.ask(`GET /router/routes?cursor=${first.next}`)).json(), { items: [{ path: '/b' }], next: null })
  t.match((await admin.ask('GET /router/test/v1/a')).json(), { tests: [{ passed: false, steps: [{ step: 'tls' }] }] })
  t.equal((await admin.ask('GET /router/test/a')).status, 404)
  const query = 'method=POST&url=http%3A%2F%2Fa.test%2Fx%3Fy&header=X-A:%201&header=X-B:2:3&client=192.0.2.1'
  t.match((await admin.ask(`GET /router/explain?${query}`)).json(), { endpoint: null })
  await admin.ask('GET /router/explain?url=/x')
  t.match((await admin.ask('GET /router/explain?url=/x&listener=nope')).json(), {
    status: 422,
    code: 'not_explained',
    detail: 'there is no listener',
  })
  t.match(asked, [
    { method: 'POST', url: 'http://a.test/x?y', headers: ['X-A', '1', 'X-B', '2:3'], client: '192.0.2.1' },
    { method: 'GET', url: '/x' },
  ])
  for (const [bad, parameter] of [
    ['', 'url'],
    ['url=/x&header=nocolon', 'header'],
    ['url=/x&method=a%20b', 'method'],
    ['url=/x&header=a:b%0d%0ac:d', 'header'],
  ] as const)
    t.match((await admin.ask(`GET /router/explain?${bad}`)).json(), { status: 400, errors: [{ parameter }] }, bad)
})
