// Public reports of what plugins did to other gateways and frameworks, each tried on Weir with real sockets.

import { setTimeout as sleep } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { defineFilter, type Filter, reply } from '../../core/index.ts'
import { specOf, startGateway } from '../../core/testing.ts'
import { send } from '../support/client.ts'
import { startUpstream } from '../support/upstream.ts'

async function gatewayWith(t: Test, filter: Filter, url: string, more: { timeout?: string } = {}) {
  const plugin = defineFilter({ name: 'plugin', apiVersion: 1, create: () => filter })
  const chain = [['route-match', { prefix: '' }], 'plugin', ['proxy', more]] as const
  const gateway = await startGateway(specOf([{ name: 'api', url }], chain as never), { filters: [plugin] })
  t.teardown(() => gateway.close())
  return { ...gateway, api: `${gateway.url}/api` }
}

async function echoing(t: Test) {
  const upstream = await startUpstream((request, response) => {
    response.setHeader('X-Seen', JSON.stringify(request.rawHeaders.filter((_, i) => i % 2 === 0)))
    request.pipe(response)
  })
  t.teardown(() => upstream.close())
  return upstream
}

// fastify/fastify#1473: an asynchronous hook that returns a string hangs the request.
t.test('an async hook that returns text', async (t) => {
  const { url } = await echoing(t)
  const { api } = await gatewayWith(t, { request: (async () => 'abc') as never }, url)
  t.match((await send(api)).json(), { status: 500, filter: 'plugin' })
})

// fastify/fastify#2055, fastify/help#661: a hook that both calls back and returns runs the chain twice.
t.test('a hook runs once, whatever it calls', async (t) => {
  const { url } = await echoing(t)
  let runs = 0
  const { api } = await gatewayWith(
    t,
    {
      upstream: async (_x, call, next) => {
        runs++
        const response = await next(call)
        return response
      },
    },
    url,
  )
  t.equal((await send(api, { method: 'POST', body: 'once' })).body, 'once')
  t.equal(runs, 1)
})

// zenstackhq/zenstack#684: a hook that waits while the response is on its way: "Cannot write headers after they are sent".
t.test('a response hook that waits while the body arrives', async (t) => {
  const { url } = await echoing(t)
  const { api } = await gatewayWith(
    t,
    {
      async response(x) {
        await sleep(50)
        x.response.headers.set('X-Late', 'yes')
      },
    },
    url,
  )
  const big = 'x'.repeat(300_000)
  const { status, headers, body } = await send(api, { method: 'POST', body: big })
  t.equal(status, 200)
  t.equal(headers['x-late'], 'yes')
  t.equal(body.length, big.length)
})

// gravitee-io/issues#8347: a policy that reads a malformed JSON body hangs until 504.
t.test('a hook that fails on a malformed body', async (t) => {
  const { url } = await echoing(t)
  const { api } = await gatewayWith(
    t,
    {
      async request(x) {
        JSON.parse((await x.request.body.buffer(1000)).toString())
      },
    },
    url,
  )
  t.equal((await send(api, { method: 'POST', body: '{"a" "b"}' })).status, 500)
  t.equal((await send(api, { method: 'POST', body: '{"a":"b"}' })).body, '{"a":"b"}')
  t.equal((await send(api, { method: 'POST', body: 'x'.repeat(2000) })).status, 413)
})

// gravitee-io/issues#7130, Kong/kong#305: an error while a body is transformed ends in a timeout, or in a cut without a word.
t.test('an error in the middle of a body', async (t) => {
  const { url } = await echoing(t)
  const gateway = await gatewayWith(
    t,
    {
      response(x) {
        let chunks = 0
        x.response.body.tap(() => {
          if (++chunks === 4) throw new Error('bad chunk')
        })
      },
    },
    url,
  )
  const started = performance.now()
  const outcome = await send(gateway.api, { method: 'POST', body: 'x'.repeat(500_000) }).catch(() => 'cut')
  t.equal(outcome, 'cut')
  t.ok(performance.now() - started < 5000, 'not by a timeout')
  await gateway.logged(1)
  t.match(gateway.finished, [
    { outcome: 'aborted', error: { code: 'filter_error', filter: 'plugin', hook: 'response' } },
  ])
})

// Kong/kong#4935: a plugin replies from the phase of the body, where no reply is possible any more.
t.test('a reply returned from a function of the body is no reply', async (t) => {
  const { url } = await echoing(t)
  const { api } = await gatewayWith(
    t,
    { response: (x) => x.response.body.tap((() => reply(403, 'too_late')) as never) },
    url,
  )
  const { status, body } = await send(api, { method: 'POST', body: 'as it came' })
  t.equal(`${status} ${body}`, '200 as it came')
})

// apache/trafficserver#9091: plugins set invalid characters, and the proxy sends them on.
// http-party/node-http-proxy#964: such a character ends the process.
t.test('an invalid character in a field that a plugin sets', async (t) => {
  const { url } = await echoing(t)
  const { api } = await gatewayWith(
    t,
    { request: (x) => x.request.headers.set('X-User', x.request.headers.get('x-name') ?? '') },
    url,
  )
  t.equal((await send(api, { headers: { 'X-Name': 'caf\u00e9' } })).status, 200, 'latin-1 is valid')
  const decoding = await gatewayWith(
    t,
    { request: (x) => x.request.headers.set('X-User', decodeURIComponent(x.request.headers.get('x-name') ?? '')) },
    url,
  )
  t.match((await send(decoding.api, { headers: { 'X-Name': 'a%0d%0aX-Admin: yes' } })).json(), { filter: 'plugin' })
  t.match((await send(decoding.api, { headers: { 'X-Name': '%E2%82%AC' } })).json(), { filter: 'plugin' })
})

// apigee/microgateway-core#167, saleor/requests-hardened#59: a field set in another case stands there twice.
t.test('a field that a plugin sets or removes in any case goes upstream once, or not at all', async (t) => {
  const { url } = await echoing(t)
  const { api } = await gatewayWith(
    t,
    {
      request(x) {
        x.request.headers.set('X-USER', 'from the plugin')
        x.request.headers.delete('X-Role')
      },
    },
    url,
  )
  const seen = JSON.parse(
    (
      await send(api, {
        headers: ['Host', 'weir', 'x-user', 'spoofed', 'X-User', 'twice', 'x-role', 'admin', 'X-ROLE', 'admin'],
      })
    ).headers['x-seen'] as string,
  ) as string[]
  t.strictSame(
    seen.filter((name) => /^x-(?:user|role)$/i.test(name)),
    ['X-USER'],
  )
})

// apiman/apiman#923: when the upstream times out, the policies behind the call do not run.
t.test('response and log run when the upstream is too slow', async (t) => {
  const upstream = await startUpstream(() => {})
  t.teardown(() => upstream.close())
  const ran: string[] = []
  const gateway = await gatewayWith(
    t,
    {
      response: (x) => void ran.push(`response ${x.response.status}`),
      log: ({ status }) => void ran.push(`log ${status}`),
    },
    upstream.url,
    { timeout: '200ms' },
  )
  t.equal((await send(gateway.api)).status, 504)
  await gateway.logged(1)
  t.strictSame(ran, ['response 504', 'log 504'])
})

// ExpressGateway/express-gateway#612: a request that no policy handles ends the process.
t.test('a chain that produces no response does not load', async (t) => {
  const plugin = defineFilter({ name: 'plugin', apiVersion: 1, create: () => ({}) })
  await t.rejects(startGateway(specOf([], ['plugin']), { filters: [plugin] }), /has no terminal filter/)
})
