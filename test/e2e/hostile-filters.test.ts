// biome-ignore-all lint/suspicious/noExplicitAny: a plugin in JavaScript has no types, and these are wrong on purpose
// biome-ignore-all lint/complexity/noCommaOperator: one line for each row of a table
// biome-ignore-all lint/suspicious/noAssignInExpressions: the same
// What a wrong filter could do to the upstream, to the request and to what is recorded. Real sockets.
import type { RequestListener as Listener } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import { type Filter, LocalReply, reply } from '../../core/index.ts'
import { GET, GET_LAST, gatewayWith } from '../support/bad-filter.ts'
import { connectTo, sendRaw } from '../support/client.ts'

/** Sends a head, and a body that never ends. */
const endless =
  (delay: number): Listener =>
  (request, response) => {
    request.resume()
    response.on('error', () => {})
    setTimeout(() => {
      if (response.destroyed) return
      response.write('x')
      const timer = setInterval(() => response.write('x'.repeat(100_000)), 5)
      response.on('close', () => clearInterval(timer))
    }, delay)
  }

t.test('an upstream hook that fails while it holds a response leaves nothing behind', async (t) => {
  const upstreams: [name: string, hook: Filter['upstream'], delay: number, status: RegExp, result?: 'success'][] = [
    ['it throws', async (_x, call, next) => Promise.reject((await next(call), new Error('bug'))), 0, /^HTTP\/1\.1 500/],
    ['it returns text', async (_x, call, next) => (await next(call), 'text') as never, 0, /^HTTP\/1\.1 500/],
    ['it runs out of time', async (_x, call, next) => (await next(call), new Promise(() => {})), 0, /^HTTP\/1\.1 500/],
    [
      'it replies itself',
      async (_x, call, next) => (await next(call), reply(204, 'none')),
      0,
      /^HTTP\/1\.1 204/,
      'success',
    ],
    [
      'it does not wait',
      (_x, call, next) => Promise.race([next(call), sleep(50).then(() => reply(504, 'slow'))]),
      200,
      /^HTTP\/1\.1 504/,
    ],
  ]
  for (const [name, upstream, delay, status, result = 'ignored'] of upstreams)
    await t.test(name, async (t) => {
      const {
        port,
        upstream: server,
        outcomes,
      } = await gatewayWith(t, { upstream }, { upstream: endless(delay), hookTimeoutMs: 100 })
      t.match(await sendRaw(port, GET_LAST), status)
      let open = 1
      for (let i = 0; i < 200 && open > 0; i++) {
        await sleep(10)
        open = await new Promise<number>((resolve) => server.getConnections((_error, count) => resolve(count)))
      }
      t.equal(open, 0, 'the connection to the upstream is closed')
      t.strictSame(
        outcomes.map(({ result }) => result),
        [result],
        'a failure of the filter says nothing about the health of the upstream',
      )
    })
})

const thenable = (then: (done: (value?: unknown) => void, fail: (error: unknown) => void) => unknown) =>
  ({ then }) as never

t.test('promises of other libraries', async (t) => {
  await t.test('one that calls back twice', async (t) => {
    let calls = 0
    const counting: Listener = (_request, response) => void response.end(String(++calls))
    const { port } = await gatewayWith(
      t,
      { request: () => thenable((done) => (done(), done())) },
      { upstream: counting },
    )
    t.match(await sendRaw(port, GET_LAST), /^HTTP\/1\.1 200/)
    t.equal(calls, 1)
  })
  await t.test('one with two results', async (t) => {
    const twice = () => thenable((done) => (done(reply(403, 'a')), done(reply(404, 'b'))))
    const { port, finished, logged } = await gatewayWith(t, { request: twice })
    t.match(await sendRaw(port, GET_LAST), /^HTTP\/1\.1 403/)
    await logged(1)
    t.match(finished, [{ status: 403 }])
  })
  const kinds: [name: string, hooks: object, status: RegExp, errors: number][] = [
    [
      '`then` returns nothing',
      { upstream: (_x: any, call: any, next: any) => thenable((d, f) => void next(call).then(d, f)) },
      / 200 /,
      0,
    ],
    [
      '`then` returns another promise',
      { upstream: () => thenable((d) => (setTimeout(() => d(reply(403, 'a')), 5), new Promise(() => {}))) },
      / 403 /,
      0,
    ],
    [
      '`then` throws',
      {
        upstream: () =>
          thenable(() => {
            throw new Error('then')
          }),
      },
      / 500 /,
      1,
    ],
    ['a plain one in `response`', { response: () => thenable((done) => done()) }, / 200 /, 0],
  ]
  for (const [name, hooks, status, count] of kinds)
    await t.test(name, async (t) => {
      const { port, errors } = await gatewayWith(t, hooks)
      t.match((await sendRaw(port, GET_LAST)).split('\r\n')[0], status)
      t.equal(await errors(), count)
    })
})

t.test('a hook that waited has not blocked the event loop', async (t) => {
  const hooks: [name: string, filter: object, hookTimeoutMs?: number][] = [
    ['upstream', { upstream: async (_x: any, call: any, next: any) => (await sleep(250), next(call)) }],
    ['request, then a reply', { request: async () => (await sleep(250), reply(403, 'no')) }],
    ['request, then an error', { request: async () => Promise.reject((await sleep(250), new Error('x'))) }],
    ['request, until its time limit', { request: async () => sleep(400) }, 100],
    ['upstream, then an error', { upstream: async () => Promise.reject((await sleep(250), new Error('x'))) }],
  ]
  for (const [name, filter, hookTimeoutMs] of hooks) {
    const { port, logs } = await gatewayWith(t, filter, { ...(hookTimeoutMs !== undefined && { hookTimeoutMs }) })
    await sendRaw(port, GET_LAST)
    t.strictSame(
      logs.filter(({ fields }) => fields !== undefined && 'blocked_ms' in fields),
      [],
      name,
    )
  }
})

t.test('what is recorded is what was sent', async (t) => {
  await t.test('the client leaves before there is a head', async (t) => {
    const { port, finished, logged } = await gatewayWith(t, { response: () => sleep(300) })
    const socket = await connectTo(port)
    socket.write(GET)
    setTimeout(() => socket.destroy(), 80)
    await logged(1)
    t.match(finished, [{ outcome: 'aborted', status: 0 }])
  })
  await t.test('a 500 that took the place of a response', async (t) => {
    let aborted = false
    const filter = {
      response(x: any) {
        x.onAbort(() => (aborted = true))
        x.response.body.watch(() => {
          throw new Error('w')
        })
      },
    }
    const { port, finished, logged } = await gatewayWith(t, filter)
    t.match(await sendRaw(port, GET_LAST), /^HTTP\/1\.1 500/)
    await logged(1)
    t.match(finished, [{ outcome: 'completed', status: 500, error: { code: 'filter_error' } }])
    t.equal(aborted, false, 'the client did not leave')
  })
  await t.test('a filter takes the response away while it is sent', async (t) => {
    const filter = { response: (x: any) => x.response.body.watch(() => (x.response = undefined)) }
    const { port, finished, logged } = await gatewayWith(t, filter)
    t.match(await sendRaw(port, GET_LAST), /^HTTP\/1\.1 200/)
    await logged(1)
    t.match(finished, [{ outcome: 'completed', status: 200 }])
  })
  await t.test('a client that leaves is no error of the filter that waits', async (t) => {
    const waits = { upstream: async (_x: any, call: any, next: any) => (await sleep(200), next(call)) }
    const { port, errors, logged } = await gatewayWith(t, waits)
    const socket = await connectTo(port)
    socket.write(GET)
    setTimeout(() => socket.destroy(), 80)
    await logged(1)
    await sleep(250)
    t.equal(await errors(), 0)
  })
  await t.test('a hook can not write on what the engine keeps of an attempt', async (t) => {
    const { port, errors } = await gatewayWith(t, { admit: (_x: any, attempt: any) => void (attempt.settled = true) })
    t.match(await sendRaw(port, GET_LAST), /^HTTP\/1\.1 500/)
    t.equal(await errors(), 1)
  })
})

// RFC 9110 §15: what a hook leaves makes a clear error, and never a request that hangs.
t.test('whatever a hook leaves, the request ends', async (t) => {
  const circular: Record<string, unknown> = {}
  circular.self = circular
  const hooks: [name: string, filter: object][] = [
    ['a reply without a reason', { request: () => new (LocalReply as any)(500) }],
    ['a trace id that JSON has no form for', { request: (x: any) => ((x.traceId = circular), reply(403, 'no')) }],
    ['no path', { request: (x: any) => ((x.request.path = undefined), reply(403, 'no')) }],
    ['another body', { request: (x: any) => void (x.request.body = 'text') }],
    ['other headers', { request: (x: any) => void (x.request.headers = {}) }],
    ['a length that is text', { response: (x: any) => void (x.response.body.length = '5\r\nA: b') }],
    ['a tunnel on an ordinary request', { response: (x: any) => void (x.response.upgrade = {}) }],
    ['a thrown object that tells nothing', { request: () => Promise.reject(revoked()) }],
  ]
  for (const [name, filter] of hooks)
    await t.test(name, async (t) => {
      const { port, finished, logged, errors } = await gatewayWith(t, filter)
      t.match(await sendRaw(port, GET_LAST), /^HTTP\/1\.1 500/)
      await logged(1)
      t.match(finished, [{ outcome: 'completed', status: 500 }])
      t.equal(await errors(), 1, 'counted on the filter, once')
    })
})

function revoked(): unknown {
  const { proxy, revoke } = Proxy.revocable({}, {})
  revoke()
  return proxy
}
