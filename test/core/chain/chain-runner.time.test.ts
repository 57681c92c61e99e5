// Time that hooks take: limits on what they wait for, and a line for what blocks everybody.
import t, { type Test } from 'tap'
import { TimerWheel } from '../../../core/base/timer-wheel.ts'
import { defineFilter, type Filter, type LocalReply, reply } from '../../../core/index.ts'
import { ManualClock, RecordingLogger, specOf, startGateway } from '../../../core/testing.ts'
import { send } from '../../support/client.ts'
import { startUpstream } from '../../support/upstream.ts'

/** A gateway with the filter "slow", which has a limit of two seconds, and time in the test's hand. */
async function gatewayWith(t: Test, slow: Filter, limit: number | 'none' = 2000) {
  const upstream = await startUpstream((_request, response) => void response.end('up'))
  t.teardown(() => upstream.close())
  const clock = new ManualClock()
  const timers = new TimerWheel({ manual: true, now: () => clock.now() })
  const logger = new RecordingLogger()
  const { lines } = logger
  const filter = defineFilter({ name: 'slow', apiVersion: 1, create: () => slow })
  const running = await startGateway(
    specOf(
      [{ name: 'api', url: upstream.url }],
      [
        ['route-match', { prefix: '' }],
        { factory: 'slow', hookTimeoutMs: limit === 'none' ? undefined : limit },
        'proxy',
      ],
    ),
    { filters: [filter], clock, timers, logger },
  )
  t.teardown(() => running.close())
  const pass = (ms: number): void => {
    clock.advance(ms)
    timers.advance()
  }
  return { ...running, api: `${running.url}/api`, pass, clock, lines, upstream }
}

/** Resolves once the hook has been entered. */
function entered(): { promise: Promise<void>; resolve: () => void } {
  return Promise.withResolvers<void>()
}

const never = new Promise<never>(() => {})

for (const hook of ['request', 'routed', 'response', 'upstream'] as const) {
  t.test(`a ${hook} hook that never settles`, async (t) => {
    const begun = entered()
    const gateway = await gatewayWith(t, {
      [hook]: () => {
        begun.resolve()
        return never
      },
    } as Filter)
    const asked = send(gateway.api)
    await begun.promise
    await new Promise(setImmediate)
    gateway.pass(1900)
    gateway.pass(200)
    const { status, json } = await asked
    t.equal(status, 500)
    t.match(json(), {
      code: 'filter_timeout',
      filter: 'slow',
      detail: `The filter "slow" took too long in its ${hook} hook.`,
    })
    t.match(gateway.lines, [{ level: 'error', fields: { filter: 'slow', hook } }])
    const text = await gateway.metrics()
    t.match(text, `weir_filter_errors_total{filter="slow",hook="${hook}"} 1`)
  })
}

t.test('a hook that settles in time, and one without a limit', async (t) => {
  for (const limit of [2000, 'none'] as const) {
    const { promise, resolve } = Promise.withResolvers<LocalReply>()
    const begun = entered()
    const gateway = await gatewayWith(
      t,
      {
        request: () => {
          begun.resolve()
          return promise
        },
      },
      limit,
    )
    const asked = send(gateway.api)
    await begun.promise
    gateway.pass(limit === 'none' ? 20_000 : 1900)
    resolve(reply(403, 'decided'))
    t.equal((await asked).status, 403)
    gateway.pass(5000)
    t.same(gateway.lines, [])
  }
})

t.test('the time of the upstream does not count for the upstream hook', async (t) => {
  const arrived = entered()
  const answer = entered()
  const gateway = await gatewayWith(t, { upstream: (_x, call, next) => next(call) })
  gateway.upstream.server.removeAllListeners('request')
  gateway.upstream.server.on('request', async (_request, response) => {
    arrived.resolve()
    await answer.promise
    response.end('late')
  })
  const asked = send(gateway.api)
  await arrived.promise
  gateway.pass(20_000)
  answer.resolve()
  t.equal((await asked).status, 200)
})

t.test('a response that comes too late is dropped', async (t) => {
  const begun = entered()
  const go = entered()
  const gateway = await gatewayWith(t, {
    async upstream(_x, call, next) {
      const response = await next(call)
      begun.resolve()
      await go.promise
      return response
    },
  })
  const asked = send(gateway.api)
  await begun.promise
  await new Promise(setImmediate)
  gateway.pass(2200)
  t.equal((await asked).status, 500)
  go.resolve()
  await gateway.logged(1)
  t.match(gateway.finished, [{ status: 500 }])
})

t.test('an upstream hook that took too long makes no upstream call any more', async (t) => {
  const [begun, go] = [entered(), entered()]
  const called = Promise.withResolvers<unknown>()
  const gateway = await gatewayWith(t, {
    async upstream(_x, call, next) {
      begun.resolve()
      await go.promise
      const result = (async () => next(call))()
      called.resolve(result.catch((error: unknown) => error))
      return result
    },
  })
  let calls = 0
  gateway.upstream.server.on('request', () => calls++)
  const asked = send(gateway.api)
  await begun.promise
  gateway.pass(2200)
  t.equal((await asked).status, 500)
  await gateway.logged(1)
  go.resolve()
  t.match(await called.promise, { code: 'client_gone' })
  t.equal(calls, 0)
  t.match(gateway.finished, [{ outcome: 'completed', status: 500, attempts: 0 }])
})

t.test('a hook that blocks the event loop is logged by name', async (t) => {
  let block = 0
  const gateway = await gatewayWith(t, {
    routed: () => gateway.clock.advance(block),
    response: () => gateway.clock.advance(block),
  } as Filter)
  block = 99
  t.equal((await send(gateway.api)).status, 200)
  t.same(gateway.lines, [])
  block = 150
  t.equal((await send(gateway.api)).status, 200)
  t.match(gateway.lines, [
    { level: 'warn', fields: { filter: 'slow', hook: 'routed', blocked_ms: 150 } },
    { level: 'warn', fields: { filter: 'slow', hook: 'response', blocked_ms: 150 } },
  ])
  t.equal(gateway.lines.length, 2, 'nobody else is named')
})

t.test('every hook that blocks is named, and nobody else', async (t) => {
  for (const hook of ['request', 'routed', 'upstream', 'admit', 'settled', 'response', 'log'] as const) {
    const gateway = await gatewayWith(t, {
      // Even where it is not the blocking one, `upstream` is around the attempt.
      upstream: (_x, call, next) => next(call),
      [hook]: (_x: unknown, call: never, next: (call: never) => never) => {
        gateway.clock.advance(150)
        return hook === 'upstream' ? next(call) : undefined
      },
    } as Filter)
    t.equal((await send(gateway.api)).status, 200)
    await gateway.logged(1)
    t.match(gateway.lines, [{ level: 'warn', fields: { filter: 'slow', hook, blocked_ms: 150 } }])
    t.equal(gateway.lines.length, 1, hook)
  }
})

for (const hook of ['request', 'routed', 'upstream', 'response'] as const)
  for (const failing of [false, true])
    t.test(`waiting is not blocking: a ${hook} hook that ${failing ? 'fails' : 'goes on'} afterwards`, async (t) => {
      const { promise, resolve } = Promise.withResolvers<void>()
      const begun = entered()
      const gateway = await gatewayWith(
        t,
        {
          admit: () => {},
          settled: () => {},
          response: () => {},
          log: () => {},
          [hook]: async (_x: unknown, call: never, next: (call: never) => never) => {
            begun.resolve()
            await promise
            if (failing) throw new Error('late')
            return hook === 'upstream' ? next(call) : undefined
          },
        } as Filter,
        'none',
      )
      const asked = send(gateway.api)
      await begun.promise
      gateway.pass(5000)
      resolve()
      t.equal((await asked).status, failing ? 500 : 200)
      await gateway.logged(1)
      t.equal(gateway.lines.filter(({ level }) => level === 'warn').length, 0)
      t.equal(gateway.lines.length, failing ? 1 : 0, 'only the error of the hook')
    })

for (const hooked of [false, true])
  t.test(`nor is waiting for the upstream, ${hooked ? 'inside' : 'without'} an upstream hook`, async (t) => {
    const [arrived, answer] = [entered(), entered()]
    const around: Filter = hooked ? { upstream: async (_x, call, next) => next(call) } : {}
    const gateway = await gatewayWith(t, { ...around, settled: () => {}, response: () => {}, log: () => {} }, 'none')
    gateway.upstream.server.removeAllListeners('request')
    gateway.upstream.server.on('request', async (_request, response) => {
      arrived.resolve()
      await answer.promise
      response.end('late')
    })
    const asked = send(gateway.api)
    await arrived.promise
    gateway.pass(5000)
    answer.resolve()
    t.equal((await asked).status, 200)
    await gateway.logged(1)
    t.same(gateway.lines, [])
  })
