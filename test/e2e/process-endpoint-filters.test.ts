// Filters that are off in the chain and on at some endpoints, in a whole process.
import t from 'tap'
import { send } from '../support/client.ts'
import { entry, startReloadable } from '../support/reload.ts'

/** A filter that marks what goes up, and what comes back. */
const PLUGIN = `
const options = { '~standard': { version: 1, vendor: 'own', validate: (value) => ({ value }) } }
export default {
  name: 'mark', apiVersion: 1, options,
  sets: () => [{ name: 'X-Mark' }],
  create: ({ mark = 'plain' }) => ({
    request: (x) => x.request.headers.set('X-Mark', mark),
    routed: (x) => x.request.headers.add('X-Mark', x.endpoint.id),
    response: (x) => x.response.headers.set('X-Mark', mark),
  }),
}
`

t.test('off in the chain, on at an endpoint, by groups and by itself', async (t) => {
  const text = (groups: string, chain = '- mark: off') => `%head%plugins: [./own.mjs]
x-small: &small { max_size: 8 }
filters:
  ${chain}
  - body-limit: off
  - request-id
  - route-match
  - concurrency-limit: off
  - { filter: admin, name: probes, off: true, options: { probes_only: true } }
  - proxy
groups:
  ${groups}
endpoints:
${entry('plain', '%up%')}${entry('small', '%up%', '    use: [marked]\n    filters: { body-limit: *small }\n')}${entry('one', '%up%', '    filters: { concurrency-limit: { max_concurrent: 1, max_queue: 0 } }\n')}  - { name: status, version: v1, path: /livez, filters: { probes: on } }
`
  const marked = 'marked: { mark: { mark: small } }'
  const { replace, after, get, proxy, traffic, status } = await startReloadable(
    t,
    { 'weir.yaml': text(marked), 'own.mjs': PLUGIN },
    {
      listener: (request, response) => {
        const end = (): void => void response.end(`${request.headers['x-mark']}`)
        request.resume()
        if (request.url === '/slow') setTimeout(end, 500)
        else end()
      },
    },
  )
  const theirs = { 'X-Mark': 'theirs' }
  const plain = await get('plain', theirs)
  t.equal(plain.body, 'undefined', 'what a client sends is cleaned everywhere')
  t.equal(plain.headers['x-mark'], undefined)
  const small = await get('small', theirs)
  t.equal(small.body, 'small, v1/small')
  t.equal(small.headers['x-mark'], 'small')

  const post = (name: string) =>
    send(`${proxy}/orchestrator/v1/${name}/`, { method: 'POST', body: 'more than eight bytes' })
  t.equal((await post('plain')).status, 200)
  const large = await post('small')
  t.equal(large.status, 413)
  t.equal(large.headers['x-mark'], 'small', 'the filter before it sees the reply')

  const slow = send(`${proxy}/orchestrator/v1/one/slow`)
  const both = send(`${proxy}/orchestrator/v1/one/slow`)
  t.strictSame([(await slow).status, (await both).status].sort(), [200, 503], 'one call at a time')
  const many = [1, 2].map(() => send(`${proxy}/orchestrator/v1/plain/slow`))
  t.strictSame(
    (await Promise.all(many)).map(({ status }) => status),
    [200, 200],
  )

  t.equal((await send(`${proxy}/livez`)).status, 200, 'a terminal filter of its own, without a url')

  const running = [traffic('plain'), traffic('small')]
  for (const [chain, groups, seen] of [
    ['- mark', marked, ['plain, v1/plain', 'plain, v1/small']],
    ['- mark', 'marked: { mark: off }', ['plain, v1/plain', 'plain']],
    ['- mark: off', 'marked: { mark: on }', ['undefined', 'plain, v1/small']],
    [
      '- { filter: mark, off: true, options: { mark: parked } }',
      'marked: { mark: on }',
      ['undefined', 'parked, v1/small'],
    ],
    ['- mark: off', 'marked: {}', ['undefined', 'undefined']],
  ] as const) {
    t.equal(await after(() => replace('weir.yaml', text(groups, chain))), 'applied', `${chain}, ${groups}`)
    t.strictSame([(await get('plain')).body, (await get('small')).body], seen, `${chain}, ${groups}`)
  }
  t.equal(await after(() => replace('weir.yaml', text('marked: { mrak: on }'))), 'failed')
  t.match((await status()).last_failure?.problems[0]?.message, /no filter named "mrak"/)
  t.equal((await get('small')).body, 'undefined', 'what runs goes on')
  for (const one of running) {
    const { sent, failed } = await one.stop()
    t.ok(sent > 0)
    t.equal(failed, 0)
  }
})
