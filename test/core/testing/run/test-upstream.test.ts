import t from 'tap'
import { defineFilter } from '../../../../core/index.ts'
import { run } from '../../../../core/testing.ts'
import { bodyLimit } from '../../../../filters/body-limit/filter.ts'
import { retry } from '../../../../filters/retry/filter.ts'

const idle = defineFilter({ name: 'idle', apiVersion: 1, create: () => ({}) })

t.test('a status, a response, an error, a function', async (t) => {
  t.equal((await run(idle, { upstream: 503 })).response.status, 503)
  const { response } = await run(idle, { upstream: { headers: { 'Set-Cookie': ['a=1', 'b=2'] }, body: 'text' } })
  t.same(response.headers.all('set-cookie'), ['a=1', 'b=2'])
  t.equal(response.headers.get('content-length'), '4')
  const failed = await run(idle, { upstream: 'upstream_connect_failed' })
  t.match(failed, { response: { status: 502, reason: 'upstream_connect_failed' }, error: 'upstream_connect_failed' })
  t.match(failed.attempts, [{ result: 'failure', error: 'upstream_connect_failed' }])
  const echo = await run(idle, {
    request: { method: 'PUT', body: ['a', new Uint8Array([98])] },
    endpoint: { url: 'http://up.test/base' },
    upstream: async ({ method, path, body, headers }, attempt) => {
      return { body: `${method} ${path} ${body} ${headers.get('content-length')} ${attempt}` }
    },
  })
  t.equal(echo.response.body, 'PUT /base/ ab undefined 1')
})

t.test('one step per attempt, and the targets in turn', async (t) => {
  const endpoint = { urls: ['http://a.test', 'http://b.test'] }
  const { attempts, response } = await run(retry, { endpoint, upstream: ['upstream_reset', 503, { body: 'third' }] })
  t.equal(response.body, 'third')
  t.match(attempts, [
    { number: 1, target: 'http://a.test', result: 'failure', error: 'upstream_reset' },
    { number: 2, target: 'http://b.test', result: 'success', status: 503 },
    { number: 3, target: 'http://a.test', result: 'success', status: 200 },
  ])
  t.equal((await run(retry, { upstream: [503] })).response.status, 503, 'the last stands for all further ones')
})

t.test('a body that breaks off', async (t) => {
  const { response, outcome, error, attempts } = await run(idle, {
    upstream: { body: ['half'], bodyError: 'upstream_reset' },
  })
  t.match(response, { status: 200, body: 'half' })
  t.equal(outcome, 'aborted')
  t.equal(error, 'upstream_reset')
  t.match(attempts, [{ result: 'failure', status: 200 }])
})

t.test('a request whose body breaks off, or is too large', async (t) => {
  const stalled = await run(idle, { request: { body: ['a'], bodyError: 'request_body_timeout' } })
  t.match(stalled, { response: { status: 408, reason: 'request_body_timeout' }, upstreamRequests: [] })
  const large = await run(bodyLimit, { options: { max_size: 3 }, request: { body: ['ab', 'cd'] } })
  t.match(large.response, { status: 413, reason: 'request_body_too_large' })
})

t.test('what has no body has none', async (t) => {
  const head = await run(idle, { request: { method: 'HEAD' }, upstream: { body: 'not sent' } })
  t.match(head.response, { status: 200, body: '' })
  t.equal(head.response.headers.get('content-length'), '8')
  t.equal((await run(idle, { upstream: { status: 304, body: 'not sent' } })).response.body, '')
})

t.test("what the test's own function throws is the test's error", async (t) => {
  const wrong = new Error('asserted')
  await t.rejects(
    run(idle, {
      upstream: () => {
        throw wrong
      },
    }),
    wrong,
  )
  await t.rejects(
    run(idle, { upstream: 'upstream_rest' as never }),
    /there is no error "upstream_rest". Known: upstream_connect/,
  )
})
