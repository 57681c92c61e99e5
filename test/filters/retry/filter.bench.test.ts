import t from 'tap'
import { Body, HeaderList, type LocalReply, type Response, RouteSlot } from '../../../core/index.ts'
import { endpoint, exchange, FilterBench, type TestRequest } from '../../../core/testing.ts'
import { retry } from '../../../filters/retry/filter.ts'

/** A filter, and a way through it; `attempt` is what each attempt does before it ends with a status. */
async function setUp(options: Record<string, unknown>) {
  const bench = new FilterBench()
  const at = endpoint('api')
  const { filter } = await bench.make(retry, { backoff: { base: 0, max: 0 }, ...options }, { endpoint: at })
  const through = async (
    statuses: readonly number[],
    {
      attempt = () => {},
      headers = {},
      ...init
    }: TestRequest & { attempt?: (x: ReturnType<typeof exchange>) => unknown },
  ) => {
    const x = exchange({ headers, ...init }, bench.clock.now())
    x.set(RouteSlot, { endpoint: at, path: '/', template: '/' })
    let calls = 0
    const next = async (): Promise<Response> => {
      await attempt(x)
      const status = statuses[Math.min(calls++, statuses.length - 1)]!
      const fields = { 'Retry-After': headers['retry-after'] ?? '0' }
      return { status, statusText: undefined, headers: HeaderList.of(fields), body: Body.empty() }
    }
    const found = (await filter.upstream!(x, { upgrade: undefined }, next)) as Response | LocalReply
    return { x, calls, status: found.status }
  }
  return { bench, through }
}
const read = (x: ReturnType<typeof exchange>): Promise<void> =>
  new Promise((end, fail) => void x.request.body.pipe({ write: () => true, end: () => end(), fail }))

t.test('only the body of a request that may be sent again is kept', async (t) => {
  const { through } = await setUp({ max_body: '1KiB' })
  const kept = async (init: TestRequest): Promise<boolean> =>
    (await through([200], { attempt: read, body: 'x', ...init })).x.request.body.rewind()
  t.ok(await kept({ method: 'PUT' }))
  t.notOk(await kept({ method: 'POST' }))
  t.ok(await kept({ method: 'POST', headers: { 'Idempotency-Key': '1' } }))
  t.ok(await kept({ method: 'PUT', body: 'x'.repeat(1024) }))
  t.notOk(await kept({ method: 'PUT', body: 'x'.repeat(1025) }))
})

t.test('no wait is begun that would end at the deadline or later', async (t) => {
  const { bench, through } = await setUp({ timeout: '1s', max_retries: 1 })
  const calls = async (ms: number, after = '0'): Promise<number> =>
    (await through([503], { headers: { 'retry-after': after }, attempt: () => bench.clock.advance(ms) })).calls
  t.equal(await calls(999), 2)
  t.equal(await calls(1000), 1)
  t.equal(await calls(0, '1'), 1, 'a second later it would be over')
  const { through: slowly } = await setUp({ timeout: '1s', backoff: { base: '9000h', max: '9000h' } })
  t.equal((await slowly([503], {})).calls, 1, 'the backoff counts too')
})

t.test('a request that needs no retry counts nothing', async (t) => {
  const { bench, through } = await setUp({ max_retries: 1 })
  t.equal((await through([200], {})).status, 200)
  t.equal((await through([404], {})).status, 404)
  t.notMatch(bench.meter.text(), /weir_retries_total\{/)
  t.equal((await through([503, 200], {})).calls, 2)
  t.match(bench.meter.text(), /weir_retries_total\{endpoint="api",outcome="recovered"\} 1/)
})
