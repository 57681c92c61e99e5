import t from 'tap'
import * as z from 'zod'
import { defineFilter, defineSlot, type Exchange, reply } from '../../../../core/index.ts'
import { createChain } from '../../../../core/testing.ts'
import { breaker } from '../../../../filters/breaker/filter.ts'
import { concurrencyLimit } from '../../../../filters/concurrency-limit/filter.ts'

const counter = defineFilter({
  name: 'counter',
  apiVersion: 1,
  options: z.strictObject({ step: z.int().default(1) }),
  create: ({ step }, env) => {
    const shared = env.share('count', { version: 1, make: () => ({ count: 0 }) })
    if (step > 5) env.warn('a big step')
    return {
      response(x) {
        shared.count += step
        x.response.headers.set('X-Count', String(shared.count))
      },
    }
  },
})

t.test('requests share the instance; a reload shares the state', async (t) => {
  await using chain = await createChain(counter)
  const count = async (): Promise<string | undefined> => (await chain.run()).response.headers.get('x-count')
  t.equal(await count(), '1')
  t.equal(await count(), '2')
  t.same(chain.warnings, [])
  await chain.reload({ options: { step: 10 } })
  t.equal(await count(), '12')
  t.same(chain.warnings, ['counter: a big step'])
  await t.rejects(chain.reload({ options: { step: 'far' } }), /counter.step/)
  t.equal(await count(), '22', 'what runs goes on')
  const other = defineFilter({ name: 'other', apiVersion: 1, create: () => ({}) })
  await chain.reload({ filters: [counter, other] })
  t.equal(await count(), '23')
})

t.test('time passes as the test says', async (t) => {
  await using chain = await createChain(breaker, { options: { reset_timeout: '30s' } })
  for (let i = 0; i < 5; i++) await chain.run({ upstream: 'upstream_reset' })
  t.equal((await chain.run()).response.reason, 'breaker_open')
  await chain.advance('29s')
  t.equal((await chain.run()).response.reason, 'breaker_open')
  await chain.advance(1000)
  t.equal((await chain.run()).response.status, 200)
  t.equal(chain.metric('weir_breaker_state', { state: 'half_open' }), 1)
})

t.test('while a request waits for nothing but time, time passes by itself', async (t) => {
  await using chain = await createChain(concurrencyLimit, { options: { max_concurrent: 1, queue_timeout: '2s' } })
  const first = chain.run({ upstream: { delay: '10s', body: 'slow' } })
  const second = chain.run()
  t.match(await second, { response: { status: 503, reason: 'queue_timeout' }, durationMs: 2000 })
  t.match(await first, { response: { body: 'slow' }, durationMs: 10_000 })
})

t.test('unless it is manual', async (t) => {
  await using chain = await createChain(concurrencyLimit, { time: 'manual' })
  let over = false
  const running = chain.run({ upstream: { delay: '1s' } }).finally(() => {
    over = true
  })
  await chain.advance(999)
  t.notOk(over)
  t.equal(chain.metric('weir_concurrency_active'), 1)
  await chain.advance(1)
  t.equal((await running).response.status, 200)
})

t.test('the client leaves', async (t) => {
  const left: string[] = []
  const watch = defineFilter({
    name: 'watch',
    apiVersion: 1,
    create: () => ({
      request(x) {
        x.onAbort(() => left.push('onAbort'))
        x.signal.addEventListener('abort', () => left.push('signal'))
      },
      settled: (_x, _attempt, { result }) => void left.push(result),
      log: ({ outcome, status }) => void left.push(`${outcome} ${status}`),
    }),
  })
  await using chain = await createChain(watch)
  const late = await chain.run({ request: { abortAfter: '2s' }, upstream: { delay: '5s' } })
  t.match(late, { outcome: 'aborted', response: { status: 0 }, attempts: [{ result: 'ignored' }], durationMs: 2000 })
  t.same(left.splice(0).sort(), ['aborted 0', 'ignored', 'onAbort', 'signal'])
  const head = await chain.run({ request: { abortAfter: 'headers' }, upstream: { body: ['a', 'b'] } })
  t.match(head, { outcome: 'aborted', response: { status: 200, body: '' } })
  t.same(left.splice(0).sort(), ['aborted 200', 'ignored', 'onAbort', 'signal'])
  const controller = new AbortController()
  const running = chain.run({ request: { signal: controller.signal }, upstream: () => new Promise(() => {}) })
  controller.abort()
  t.match(await running, { outcome: 'aborted' })
  t.match(await chain.run({ request: { signal: AbortSignal.abort() } }), { outcome: 'aborted' })
})

t.test('several endpoints, each with its own instance', async (t) => {
  const endpoints = [{ name: 'a' }, { name: 'b', version: 'v2', filters: { breaker: { failure_threshold: 1 } } }]
  await using chain = await createChain(breaker, { endpoints })
  await chain.run({ endpoint: 'v2/b', upstream: 'upstream_reset' })
  t.equal((await chain.run({ endpoint: 'b' })).response.reason, 'breaker_open')
  t.equal((await chain.run()).response.status, 200)
  await t.rejects(chain.run({ endpoint: 'c' }), /no endpoint "c"/)
})

t.test('what belongs to one request is not seen in another', async (t) => {
  const Slot = defineSlot<string>('test.who')
  const who = defineFilter({
    name: 'who',
    apiVersion: 1,
    writes: [Slot],
    create: (_options, env) => ({
      async request(x: Exchange) {
        await new Promise<void>((done) => void env.timers.after(10, done))
        x.set(Slot, x.request.path)
        if (x.request.path === '/bad') throw new Error(x.request.path)
      },
    }),
  })
  await using chain = await createChain(who)
  const [a, b] = await Promise.all(['/a', '/bad'].map((path) => chain.run({ request: { path } })))
  t.equal(a!.slot(Slot), '/a')
  t.same(a!.faults, [])
  t.match(b!.faults, [{ error: { message: '/bad' } }])
})

t.test('interim responses, deadlines and hook time limits', async (t) => {
  const hints = defineFilter({
    name: 'hints',
    apiVersion: 1,
    create: () => ({
      request(x) {
        x.inform(103, x.request.headers)
        if (x.request.path === '/hang') return new Promise<void>(() => {})
      },
      upstream: (x, call, next) => next({ ...call, deadline: x.startedAt + 500 }),
    }),
  })
  await using chain = await createChain([{ filter: hints, hookTimeout: '3s' }])
  t.match(await chain.run({ upstream: { delay: 400 } }), { response: { status: 200, interim: [{ status: 103 }] } })
  t.match(await chain.run({ upstream: { delay: 600 } }), { response: { reason: 'upstream_timeout' }, durationMs: 500 })
  const hung = await chain.run({ request: { path: '/hang' } })
  t.match(hung, { response: { reason: 'filter_timeout', filter: 'hints' }, durationMs: 3000 })
  t.match(hung.verdicts, [{ hook: 'request', verdict: 'pending', async: true }])
})

t.test('closing disposes once, and then nothing runs', async (t) => {
  let disposed = 0
  const brief = defineFilter({ name: 'brief', apiVersion: 1, create: () => ({ dispose: () => void disposed++ }) })
  const chain = await createChain(brief)
  await chain.close()
  await chain.close()
  t.equal(disposed, 1)
  await t.rejects(chain.run(), /the chain is closed/)
})

t.test('a deadline that throws is logged', async (t) => {
  const bad = defineFilter({
    name: 'bad',
    apiVersion: 1,
    create: (_options, env) => {
      env.timers.after(100, () => {
        throw new Error('late')
      })
      return { request: () => reply(200, 'ok') }
    },
  })
  await using chain = await createChain(bad)
  t.equal(chain.timers.size, 1)
  await chain.advance('1s')
  t.equal(chain.timers.size, 0)
  t.equal(chain.clock.now(), 1000)
  t.match(chain.logs, [{ level: 'error', message: 'a deadline failed' }])
})
