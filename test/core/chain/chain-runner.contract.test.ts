// Nothing that a hook returns or throws can hang a request, pass for an empty response, or be blamed on somebody else.
import { Transform } from 'node:stream'
import { createGunzip } from 'node:zlib'
import t, { type Test } from 'tap'
import {
  type Attempt,
  defineFilter,
  type Exchange,
  type Filter,
  type FilterFactory,
  LocalReply,
  type Outcome,
  RouteSlot,
  reply,
} from '../../../core/index.ts'
import { RecordingLogger, specOf, startGateway } from '../../../core/testing.ts'
import { send } from '../../support/client.ts'
import { startUpstream } from '../../support/upstream.ts'

const CHAIN = [['route-match', { prefix: '' }], 'witness', 'bad', 'proxy', 'metrics'] as const

/** A gateway whose chain has the filter "bad" before the proxy, and "witness", which sees how attempts end. */
async function gatewayWith(
  t: Test,
  bad: Filter,
  options: { chain?: typeof CHAIN | readonly string[] } & Partial<FilterFactory> = {},
) {
  const outcomes: Outcome[] = []
  const { chain = CHAIN, ...more } = options
  const factory: FilterFactory = { name: 'bad', apiVersion: 1, create: () => bad, ...more }
  const witness = defineFilter({
    name: 'witness',
    apiVersion: 1,
    create: () => ({
      admit: () => {},
      settled: (_x: Exchange, _a: Attempt, outcome: Outcome) => void outcomes.push(outcome),
    }),
  })
  const upstream = await startUpstream((request, response) => {
    request.resume()
    request.on('end', () => response.end('from the upstream'))
  })
  t.teardown(() => upstream.close())
  const logger = new RecordingLogger()
  const { lines } = logger
  const running = await startGateway(specOf([{ name: 'api', url: upstream.url }], chain as typeof CHAIN), {
    filters: [factory, witness],
    logger,
  })
  t.teardown(() => running.close())
  return { ...running, api: `${running.url}/api`, lines, outcomes }
}

/** The reply names filter and hook; one line is logged and one count is made. */
async function blamed(
  t: Test,
  gateway: Awaited<ReturnType<typeof gatewayWith>>,
  hook: string,
  init: Parameters<typeof send>[1] = {},
): Promise<void> {
  const { status, json } = await send(gateway.api, init)
  t.equal(status, 500, hook)
  t.match(json(), { code: 'filter_error', filter: 'bad', detail: `The filter "bad" failed in its ${hook} hook.` })
  await oneError(t, gateway, hook)
}

async function oneError(
  t: Test,
  { lines, metrics }: Awaited<ReturnType<typeof gatewayWith>>,
  hook: string,
): Promise<void> {
  const errors = lines.filter(({ level }) => level === 'error')
  t.match(errors, [{ fields: { filter: 'bad', hook } }])
  t.equal(errors.length, 1, 'one line')
  t.match(await metrics(), `weir_filter_errors_total{filter="bad",hook="${hook}"} 1`)
}

const WRONG: readonly unknown[] = ['text', true, null, 0, {}, [], Symbol('s'), () => {}, { status: 200 }]

for (const hook of ['request', 'routed', 'response', 'admit', 'upstream'] as const) {
  t.test(`what ${hook} may not return`, async (t) => {
    for (const value of WRONG) {
      await t.test(`${String(value)} of type ${typeof value}`, async (t) => {
        await blamed(t, await gatewayWith(t, { [hook]: () => value } as Filter), hook)
        if (hook !== 'admit') await blamed(t, await gatewayWith(t, { [hook]: async () => value } as Filter), hook)
      })
    }
  })

  t.test(`what ${hook} may throw`, async (t) => {
    for (const thrown of [new Error('secret'), 'text', null, undefined, 7]) {
      const throwing = (): never => {
        throw thrown
      }
      await blamed(t, await gatewayWith(t, { [hook]: throwing } as Filter), hook)
      if (hook !== 'admit') await blamed(t, await gatewayWith(t, { [hook]: async () => throwing() } as Filter), hook)
    }
  })
}

t.test("admit can't return a promise", async (t) => {
  await blamed(t, await gatewayWith(t, { admit: (async () => {}) as never }), 'admit')
  const gateway = await gatewayWith(t, { admit: (async () => Promise.reject(new Error('late'))) as never })
  await blamed(t, gateway, 'admit')
  t.match(gateway.outcomes, [{ result: 'ignored' }], 'the admits before it are settled')
})

t.test('promises of other libraries, good and bad', async (t) => {
  // biome-ignore lint/suspicious/noThenProperty: that is what it is about
  const good = { then: (done: (value: unknown) => void) => done(reply(403, 'no')) }
  t.equal((await send((await gatewayWith(t, { request: () => good as never })).api)).status, 403)
  const bad = {
    // biome-ignore lint/suspicious/noThenProperty: that is what it is about
    get then(): never {
      throw new Error('no')
    },
  }
  await blamed(t, await gatewayWith(t, { request: () => bad as never }), 'request')
})

t.test('a terminal filter that returns nothing', async (t) => {
  const chain = [['route-match', { prefix: '' }], 'witness', 'bad'] as never
  for (const call of [() => {}, async () => {}, () => null, async () => 'text', () => ({ status: 200 })]) {
    const gateway = await gatewayWith(t, { call } as never, { chain, terminal: true })
    await blamed(t, gateway, 'call')
    t.match(gateway.outcomes, [{ result: 'ignored' }], 'and nothing was a success')
  }
  const pick = await gatewayWith(t, { pick: () => 'there', call: () => reply(200, 'ok') } as never, {
    chain,
    terminal: true,
  })
  await blamed(t, pick, 'pick')
})

t.test("a response that can't be sent any more", async (t) => {
  for (const change of [
    (x: Exchange) => Object.assign(x, { response: undefined }),
    (x: Exchange) => Object.assign(x.response!, { status: '200' }),
    (x: Exchange) => Object.assign(x.response!, { status: 42 }),
    (x: Exchange) => Object.assign(x.response!, { headers: {} }),
    (x: Exchange) => Object.assign(x.response!, { body: 'text' }),
  ])
    await blamed(t, await gatewayWith(t, { response: (x) => void change(x) }), 'response')
})

t.test("a header field that can't be sent is an error of the filter that sets it", async (t) => {
  for (const value of ['a\r\nInjected: b', 'caf\u0113', 7 as never]) {
    await blamed(t, await gatewayWith(t, { request: (x) => x.request.headers.set('X-Broken', value) }), 'request')
    await blamed(t, await gatewayWith(t, { response: (x) => x.response.headers.set('X-Broken', value) }), 'response')
    await blamed(
      t,
      await gatewayWith(t, { routed: () => reply(200, 'ok', { headers: { 'X-Broken': value } }) }),
      'routed',
    )
  }
  await blamed(t, await gatewayWith(t, { response: (x) => x.response.headers.set('X Broken', 'a') }), 'response')
})

t.test("a reply that can't be sent", async (t) => {
  for (const make of [
    () => reply(99, 'low'),
    () => reply(200, 'not a reason'),
    () => reply(200, 'ok', { body: {} as never }),
  ])
    await blamed(t, await gatewayWith(t, { request: make }), 'request')
  const raw = await gatewayWith(t, { request: () => new LocalReply(200, 'ok', { headers: { 'X-Broken': 'a\nb' } }) })
  await blamed(t, raw, 'reply')
})

t.test('a route to no endpoint', async (t) => {
  const chain = ['bad', 'proxy'] as never
  for (const route of ['text', {}, { endpoint: 'api' }, { endpoint: { id: 'other' }, path: '/' }])
    await blamed(
      t,
      await gatewayWith(t, { request: (x) => x.set(RouteSlot, route as never) }, { chain, writes: [RouteSlot] }),
      'request',
    )
})

t.test('functions given to a body', async (t) => {
  const boom = (): never => {
    throw new Error('boom')
  }
  const transform = () => new Transform({ transform: boom })
  await t.test('of the response: before the head is sent, a 500', async (t) => {
    for (const use of [
      (x: Exchange) => x.response!.body.tap(boom),
      (x: Exchange) => x.response!.body.through(transform()),
      (x: Exchange) => x.response!.body.tap('text' as never),
      (x: Exchange) => x.response!.body.through({} as never),
    ]) {
      const gateway = await gatewayWith(t, {
        routed: () => reply(200, 'made', { body: 'all there' }),
        response: (x) => use(x),
      })
      await blamed(t, gateway, 'response')
    }
  })
  await t.test('of the response: after the head is sent, the connection is cut', async (t) => {
    for (const use of [
      (x: Exchange) => x.response!.body.tap(boom),
      (x: Exchange) => x.response!.body.watch(boom),
      (x: Exchange) => x.response!.body.through(transform()),
      (x: Exchange) => x.response!.body.through(createGunzip()),
      (x: Exchange) => {
        const lost = new Transform({ transform: () => lost.destroy() })
        x.response!.body.through(lost)
      },
    ]) {
      const gateway = await gatewayWith(t, { response: (x) => use(x) })
      const result = await send(gateway.api).then(
        ({ status }) => status,
        () => 'cut',
      )
      t.ok(result === 'cut' || result === 500, String(result))
      await gateway.logged(1)
      t.match(gateway.finished, [{ error: { code: 'filter_error' } }])
      await oneError(t, gateway, 'response')
    }
  })
  await t.test('of the request', async (t) => {
    for (const use of [
      (x: Exchange) => x.request.body.tap(boom),
      (x: Exchange) => x.request.body.through(transform()),
    ]) {
      const gateway = await gatewayWith(t, { request: (x) => use(x) })
      await blamed(t, gateway, 'request', { method: 'POST', body: 'up it goes' })
      t.match(gateway.outcomes, [{ result: 'ignored' }], 'the upstream is not to blame')
    }
  })
})

t.test('an error after the end of a request affects nothing else', async (t) => {
  const gateway = await gatewayWith(t, {
    log: (async () => Promise.reject(new Error('late'))) as never,
    settled: (async () => Promise.reject(new Error('late'))) as never,
  })
  t.equal((await send(gateway.api)).status, 200)
  await gateway.logged(1)
  const text = await gateway.metrics()
  t.match(text, 'weir_filter_errors_total{filter="bad",hook="log"} 1')
  t.match(text, 'weir_filter_errors_total{filter="bad",hook="settled"} 1')
})

t.test('if a function of onAbort throws, the others still run', async (t) => {
  let ran = false
  const gateway = await gatewayWith(t, {
    request(x) {
      x.onAbort(() => {
        throw new Error('boom')
      })
      x.onAbort(() => {
        ran = true
      })
      return new Promise(() => {})
    },
  })
  const controller = new AbortController()
  const asked = fetch(gateway.api, { signal: controller.signal }).catch(() => {})
  while ((await gateway.metrics()).includes('weir_overload_requests 0')) await new Promise(setImmediate)
  controller.abort()
  await asked
  await gateway.logged(1)
  t.ok(ran)
  t.match(gateway.lines, [{ level: 'error', fields: { hook: 'onAbort' } }])
})
