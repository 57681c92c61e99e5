import t from 'tap'
import { RequestIdSlot } from '../../../core/api/endpoint.ts'
import { exchange, FilterBench, type TestRequest, withResponse } from '../../../core/testing.ts'
import { requestId } from '../../../filters/request-id/filter.ts'
import { idSource, isValidId } from '../../../filters/request-id/id.ts'

async function run(options: Record<string, unknown>, init: TestRequest) {
  const { filter } = await new FilterBench().make(requestId, options)
  const x = exchange(init)
  t.equal(filter.request!(x), undefined, 'it is synchronous and goes on')
  return { filter, x, id: x.get(RequestIdSlot)! }
}

t.test('keeps a valid id', async (t) => {
  const { filter, x, id } = await run({}, { headers: { 'x-request-id': 'a.B-1_2~3:4/5+6=7@8' } })
  t.equal(id, 'a.B-1_2~3:4/5+6=7@8')
  t.same(x.request.headers.all('x-request-id'), [id])
  const y = withResponse(x, 200, { 'X-Request-Id': 'of the upstream' })
  filter.response!(y)
  t.same(y.response.headers.all('x-request-id'), [id], 'the response has ours, once')
})

t.test('replaces what is not valid', async (t) => {
  const bad: Record<string, string | string[]> = {
    empty: '',
    space: 'a b',
    newline: 'a\nb',
    quote: 'a"b',
    html: '<script>',
    'not ASCII': 'é',
    'too long': 'x'.repeat(129),
    'two that differ': ['a', 'b'],
  }
  for (const [what, value] of Object.entries(bad)) {
    const { x, id } = await run({}, { headers: { 'X-Request-Id': value } })
    t.ok(isValidId(id, 128), what)
    t.not(id, value)
    t.same(x.request.headers.all('x-request-id'), [id], 'one field goes upstream')
  }
})

t.test('limits, duplicates that agree, trust, another header', async (t) => {
  const longest = 'x'.repeat(128)
  t.equal((await run({}, { headers: { 'X-Request-Id': longest } })).id, longest)
  t.not((await run({ max_length: 3 }, { headers: { 'X-Request-Id': 'abcd' } })).id, 'abcd')
  const same = await run({}, { headers: { 'X-Request-Id': ['a', 'a'] } })
  t.equal(same.id, 'a')
  t.same(same.x.request.headers.all('x-request-id'), ['a'])
  t.not((await run({ trust_incoming: false }, { headers: { 'X-Request-Id': 'a' } })).id, 'a')
  const proxied = async (trusted: boolean): Promise<string | undefined> =>
    (await run({ trust_incoming: 'trusted_proxies' }, { headers: { 'X-Request-Id': 'a' }, downstream: { trusted } })).id
  t.equal(await proxied(true), 'a')
  t.not(await proxied(false), 'a')
  const other = await run({ header: 'X-Correlation-Id' }, { headers: { 'x-correlation-id': 'c', 'X-Request-Id': 'r' } })
  t.equal(other.id, 'c')
  t.equal(other.x.request.headers.get('x-request-id'), 'r')
})

t.test('tells the trace', async (t) => {
  const { filter } = await new FilterBench().make(requestId)
  const x = exchange({ headers: { 'X-Request-Id': 'abc' } })
  const told: unknown[] = []
  x.trace = { traceId: '0'.repeat(32), attribute: (name, value) => void told.push([name, value]), event: () => {} }
  filter.request!(x)
  t.same(told, [['weir.request_id', 'abc']])
})

t.test('ids are unique and short', async (t) => {
  const next = idSource()
  const made = new Set(Array.from({ length: 10_000 }, next))
  t.equal(made.size, 10_000)
  for (const id of [...made].slice(-10)) t.ok(isValidId(id, 24))
  const bytes = Uint8Array.of(255, 255, 255, 255, 255, 255, 255, 255)
  t.equal(idSource(bytes)(), idSource(bytes)(), 'randomness is injected')
  t.match(idSource(new Uint8Array(8))(), /^0{12}-0$/)
})

t.test('refuses senseless options', async (t) => {
  const bench = new FilterBench()
  await t.rejects(bench.make(requestId, { header: 'X Request' }), /name of a header field/)
  await t.rejects(bench.make(requestId, { header: 'Content-Length' }), /meaning of its own/)
  await t.rejects(bench.make(requestId, { max_length: 0 }))
  await t.rejects(bench.make(requestId, { lenght: 1 }))
})
