import t from 'tap'
import { type Response, RouteSlot } from '../../../core/index.ts'
import { attempt, type BenchFilter, endpoint, exchange, FilterBench, targetOf } from '../../../core/testing.ts'
import { proxy } from '../../../filters/proxy/filter.ts'
import { startUpstream } from '../../support/upstream.ts'

t.test('endpoints share what leads to one origin; with the last of them its connections and timers go', async (t) => {
  const upstream = await startUpstream((_request, response) => void response.end('ok'))
  t.teardown(() => upstream.close())
  // A name, so that it is resolved, and again after each TTL.
  const target = targetOf(upstream.url.replace('127.0.0.1', 'localhost'))
  const at = (id: string) => endpoint(id, { targets: [target] })
  const bench = new FilterBench([at('a')])
  const make = (id: string, options = {}) => bench.make(proxy, options, { endpoint: at(id) })
  const ask = async ({ filter }: BenchFilter): Promise<number> => {
    const x = exchange()
    x.set(RouteSlot, { endpoint: at('a'), path: '/', template: '/' })
    const one = attempt(bench.clock.now(), 1, filter.pick!(x, []) as typeof target)
    const response = (await filter.call!(x, one, { upgrade: undefined })) as Response
    await new Promise<void>((end, fail) => response.body.pipe({ write: () => true, end: () => end(), fail }))
    // undici takes a connection for busy until it has told of the end of the response.
    await new Promise(setImmediate)
    return response.status
  }
  const [a, b] = [await make('a'), await make('b')]
  t.same([await ask(a), await ask(b)], [200, 200])
  t.equal(upstream.connections(), 1)
  const other = await make('other', { keep_alive: '1m' })
  t.equal(await ask(other), 200)
  t.equal(upstream.connections(), 2, 'a pool of other settings')
  const known = bench.registry.get('a')!.targets[0]!
  const { signal } = new AbortController()
  const check = { method: 'GET', path: '/', headers: [], timeoutMs: 1000, maxBody: 10, signal }
  t.match(await known.sendHealthCheck!(check), { status: 200 })
  t.equal(upstream.connections(), 3, 'checks have connections of their own')
  await other.dispose()
  await a.dispose()
  t.equal(await ask(b), 200)
  t.equal(upstream.connections(), 3)
  await b.dispose()
  t.equal(bench.shared.size, 0)
  t.equal(bench.timers.size, 0)
  const open = () => new Promise<number>((done) => upstream.server.getConnections((_error, count) => done(count)))
  while ((await open()) > 0) await new Promise(setImmediate)
  t.pass('all connections are closed')
})
