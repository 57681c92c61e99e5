import t from 'tap'
import { defineFilter, type FilterEnv } from '../../../core/index.ts'
import { startGateway } from '../../../core/testing.ts'

/** A filter that makes metrics and counts each request. */
const counting = (name: string, make: (env: FilterEnv) => { count(tenant: string): void }) =>
  defineFilter({
    name,
    apiVersion: 1,
    create: (_, env) => {
      const metrics = make(env)
      return { request: (x) => metrics.count(x.request.headers.get('x-tenant') ?? '') }
    },
  })

const plain = (env: FilterEnv) => {
  const requests = env.counter('tenant_requests_total', 'Requests by tenant.', ['tenant'])
  const last = env.gauge('tenant_last', 'Length of the last tenant.', [], { aggregate: 'max' })
  const lengths = env.histogram('tenant_length_bytes', 'Length of names.', [], { buckets: [2, 4] })
  return {
    count(tenant: string) {
      requests.add(1, { tenant })
      last.set(tenant.length)
      lengths.record(tenant.length)
    },
  }
}

const yaml = (filters: string, endpoint = 'a') => `
filters: [${filters}, route-match, proxy]
endpoints: [{ name: ${endpoint}, url: "http://127.0.0.1:9" }]
admin: {}
`

t.test('metrics of a plugin are shared by its instances, and live over reloads', async (t) => {
  const gateway = await startGateway(yaml('tenant, { filter: tenant, name: again }'), {
    filters: [counting('tenant', plain)],
  })
  t.teardown(() => gateway.close())
  const ask = (tenant: string) => gateway.inject({ path: '/none', headers: { 'X-Tenant': tenant } })
  t.equal(await gateway.metric('tenant_requests_total'), undefined)
  t.equal(await gateway.metric('tenant_last'), 0, 'without labels it is there from the beginning')
  await ask('acme')
  t.equal(await gateway.metric('tenant_requests_total', { tenant: 'acme' }), 2)
  t.equal((await gateway.reload(yaml('tenant', 'b'))).outcome, 'applied')
  await ask('acme')
  await ask('a"b\\')
  t.equal(await gateway.metric('tenant_requests_total', { tenant: 'acme' }), 3)
  t.equal(await gateway.metric('tenant_last'), 4)
  t.equal(await gateway.metric('tenant_length_bytes_count'), 4)
  t.equal(await gateway.metric('tenant_length_bytes_bucket', { le: 4 }), 4)
  t.equal(await gateway.metric('tenant_length_bytes_bucket', { le: 2 }), 0)
  const { body } = await gateway.inject({ admin: true, path: '/metrics' })
  t.match(body, 'tenant_requests_total{tenant="a\\"b\\\\"} 1\n')
  t.equal((await gateway.reload(yaml('request-id'))).outcome, 'applied')
  t.equal(await gateway.metric('tenant_last'), undefined, 'they leave with the last instance')
})

t.test('what can not be a metric is a load error that says why', async (t) => {
  const wrong: [make: (env: FilterEnv) => unknown, message: RegExp][] = [
    [(env) => env.counter('tenant', 'Requests.'), /"tenant" can't be made: the name of a counter ends with "_total"/],
    [(env) => env.gauge('1st', 'First.'), /begins with no digit/],
    [(env) => env.gauge('tenant_a', ''), /needs a sentence/],
    [(env) => env.gauge('tenant_a', 'A.', ['a-b']), /"a-b" can't be the name of a label/],
    [(env) => env.gauge('tenant_a', 'A.', ['__a']), /"__a" can't be the name of a label/],
    [(env) => env.histogram('tenant_a', 'A.', ['le']), /"le" can't be the name of a label/],
    [(env) => env.gauge('tenant_a', 'A.', ['a', 'a']), /a label is named twice/],
    [(env) => env.histogram('tenant_a', 'A.', [], { buckets: [2, 1] }), /buckets must be rising numbers/],
    [(env) => env.gauge('weir_overload_active', 'Mine.'), /the name of the metric "weir_overload_active" is taken/],
    [
      (env) => [env.gauge('tenant_a', 'A.', ['a']), env.gauge('tenant_a', 'A.', ['b'])],
      /"tenant_a" is made already, as another kind or with other labels/,
    ],
  ]
  for (const [make, message] of wrong)
    await t.rejects(
      startGateway(yaml('tenant'), {
        filters: [
          counting('tenant', (env) => {
            make(env)
            return { count() {} }
          }),
        ],
      }),
      { message },
      String(message),
    )
})

t.test('a load that fails leaves no metric behind', async (t) => {
  let fails = false
  const gateway = await startGateway(yaml('request-id'), {
    filters: [
      counting('tenant', (env) => {
        const metrics = plain(env)
        if (fails) throw new Error('as asked')
        return metrics
      }),
    ],
  })
  t.teardown(() => gateway.close())
  fails = true
  await t.rejects(gateway.reload(yaml('tenant')), /as asked/)
  t.equal(await gateway.metric('tenant_last'), undefined)
  fails = false
  t.equal((await gateway.reload(yaml('tenant'))).outcome, 'applied')
  t.equal(await gateway.metric('tenant_last'), 0)
})

t.test('beyond 1,000 series label values are counted together', async (t) => {
  const gateway = await startGateway(yaml('tenant'), {
    filters: [
      counting('tenant', (env) => {
        const counter = env.counter('tenant_requests_total', 'Requests.', ['tenant'])
        return {
          count() {
            for (let i = 0; i < 3000; i++) counter.add(1, { tenant: `t${i}` })
            counter.add(-1, { tenant: 't1' })
            counter.add(Number.NaN, { tenant: 't1' })
          },
        }
      }),
    ],
  })
  t.teardown(() => gateway.close())
  await gateway.inject({ path: '/none' })
  t.equal(await gateway.metric('tenant_requests_total'), 3000)
  t.equal(await gateway.metric('tenant_requests_total', { tenant: 't1' }), 1, 'a counter never falls')
  t.equal(await gateway.metric('tenant_requests_total', { tenant: '_OTHER' }), 2000)
})
