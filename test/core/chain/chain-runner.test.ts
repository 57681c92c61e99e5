import t, { type Test } from 'tap'
import { Body } from '../../../core/api/body.ts'
import { RouteSlot } from '../../../core/api/endpoint.ts'
import type { Exchange } from '../../../core/api/exchange.ts'
import type { Filter } from '../../../core/api/filter.ts'
import { defineFilter, type FilterFactory } from '../../../core/api/filter-factory.ts'
import { HeaderList } from '../../../core/api/header-list.ts'
import { type Response, reply } from '../../../core/api/reply.ts'
import { endpoint, specOf, startGateway, type TestGateway } from '../../../core/testing.ts'
import { send } from '../../support/client.ts'
import { startUpstream } from '../../support/upstream.ts'

const anything = { '~standard': { version: 1, vendor: 'test', validate: (value: unknown) => ({ value }) } } as never

const factory = (name: string, filter: Filter, rest: Partial<FilterFactory> = {}): FilterFactory =>
  defineFilter({ name, apiVersion: 1, create: () => filter, ...rest })

/** A filter that notes each of its hooks as `name.hook`. */
function noter(name: string, notes: string[], more: Filter = {}): FilterFactory {
  const note = (hook: string): void => void notes.push(`${name}.${hook}`)
  return factory(name, {
    request: (x) => {
      note('request')
      return more.request?.(x)
    },
    routed: (x) => {
      note('routed')
      return more.routed?.(x)
    },
    upstream: more.upstream ?? ((_x, call, next) => next(call)),
    admit: (x, attempt) => {
      note('admit')
      return more.admit?.(x, attempt)
    },
    settled: (_x, attempt, outcome) => note(`settled ${attempt.number} ${outcome.result}`),
    response: (x) => {
      note('response')
      return more.response?.(x)
    },
    log: () => note('log'),
  })
}

async function run(
  t: Test,
  filters: readonly FilterFactory[],
  options: Partial<Parameters<typeof specOf>[0][number]> = {},
  chain: readonly string[] = [],
): Promise<TestGateway & { hits(): number; ask(): ReturnType<typeof send> }> {
  let hits = 0
  const upstream = await startUpstream((_req, res) => {
    hits++
    res.end('fine')
  })
  const names = chain.length > 0 ? chain : [...filters.map((f) => f.name), 'route-match', 'proxy']
  const gateway = await startGateway(specOf([{ name: 'api', url: upstream.url, ...options }], names), { filters })
  t.teardown(async () => {
    await gateway.close()
    await upstream.close()
  })
  return Object.assign(gateway, { hits: () => hits, ask: () => send(`${gateway.url}/orchestrator/api`) })
}

t.test('hooks run in order', async (t) => {
  const notes: string[] = []
  const gateway = await run(t, [noter('a', notes), noter('b', notes)], {}, ['a', 'route-match', 'b', 'proxy'])
  t.equal((await gateway.ask()).status, 200)
  await gateway.logged(1)
  t.strictSame(notes, [
    'a.request',
    'a.routed',
    'b.request',
    'b.routed',
    'a.admit',
    'b.admit',
    'b.response',
    'a.response',
    'a.settled 1 success',
    'b.settled 1 success',
    'a.log',
    'b.log',
  ])
})

t.test('a reply runs response of the entered filters, the replying one included, and log of all', async (t) => {
  const notes: string[] = []
  const b = noter('b', notes, { request: () => reply(418, 'teapot', { detail: 'Short.' }) })
  const gateway = await run(t, [noter('a', notes), b, noter('c', notes)])
  const answer = await gateway.ask()
  t.match(answer.json(), { status: 418, code: 'teapot', detail: 'Short.' })
  await gateway.logged(1)
  t.strictSame(notes, ['a.request', 'b.request', 'b.response', 'a.response', 'a.log', 'b.log', 'c.log'])
  t.same(gateway.finished[0]?.exchange?.response?.local, { filter: 'b', reason: 'teapot' })
  t.equal(gateway.hits(), 0)
})

t.test('if a later admit throws, earlier ones are settled as ignored, before anyone may call again', async (t) => {
  const notes: string[] = []
  const b = noter('b', notes, {
    admit: () => {
      throw new Error('bug')
    },
  })
  const outer = noter('outer', notes, {
    upstream: async (_x, call, next) => {
      try {
        return await next(call)
      } finally {
        notes.push('admit is over')
      }
    },
  })
  const gateway = await run(t, [outer, noter('a', notes), b, noter('c', notes)])
  t.match((await gateway.ask()).json(), { code: 'filter_error' })
  await gateway.logged(1)
  const settled = notes.filter((note) => /admit|settled/.test(note))
  t.strictSame(settled, [
    'outer.admit',
    'a.admit',
    'b.admit',
    'outer.settled 1 ignored',
    'a.settled 1 ignored',
    'admit is over',
  ])
  t.equal(gateway.hits(), 0)
})

t.test('if a later admit refuses, earlier ones are settled as ignored', async (t) => {
  const notes: string[] = []
  const b = noter('b', notes, { admit: () => reply(503, 'full') })
  const gateway = await run(t, [noter('a', notes), b, noter('c', notes)])
  t.match((await gateway.ask()).json(), { code: 'full' })
  await gateway.logged(1)
  const settled = notes.filter((note) => /admit|settled/.test(note))
  t.strictSame(settled, ['a.admit', 'b.admit', 'a.settled 1 ignored'])
  t.equal(gateway.hits(), 0)
})

const fail = (): never => {
  throw new Error('out of luck')
}
const reject = async (): Promise<never> => fail()
const failing: [hook: keyof Filter, what: string, filter: Filter][] = [
  ['request', 'throws', { request: fail }],
  ['request', 'rejects', { request: reject }],
  ['routed', 'throws', { routed: fail }],
  ['routed', 'rejects', { routed: reject }],
  ['upstream', 'throws', { upstream: fail }],
  ['upstream', 'rejects', { upstream: reject }],
  ['upstream', 'returns nothing', { upstream: () => undefined as never }],
  ['upstream', 'resolves to nothing', { upstream: async () => undefined as never }],
  ['admit', 'throws', { admit: fail }],
  ['response', 'throws', { response: fail }],
  ['response', 'rejects', { response: reject }],
]

for (const [hook, what, filter] of failing) {
  t.test(`${hook} ${what}`, async (t) => {
    let broken = true
    const original = filter[hook] as (...args: unknown[]) => unknown
    const once = (...args: unknown[]): unknown => {
      if (broken) return original(...args)
      if (hook === 'upstream') return (args[2] as (call: unknown) => unknown)(args[1])
    }
    const gateway = await run(t, [factory('bad', { [hook]: once })])
    const answer = await gateway.ask()
    t.equal(answer.status, 500)
    t.match(answer.json(), { code: 'filter_error', filter: 'bad' })
    t.notMatch(answer.body, 'out of luck')
    const text = await gateway.metrics()
    t.match(text, `weir_filter_errors_total{filter="bad",hook="${hook}"} 1`)
    broken = false
    t.equal((await gateway.ask()).body, 'fine')
  })
}

for (const hook of ['settled', 'log'] as const) {
  t.test(`${hook} throws: counted and swallowed`, async (t) => {
    const gateway = await run(t, [factory('bad', { [hook]: fail })])
    t.equal((await gateway.ask()).body, 'fine')
    await gateway.logged(1)
    const text = await gateway.metrics()
    t.match(text, `weir_filter_errors_total{filter="bad",hook="${hook}"} 1`)
  })
}

t.test('a route to an endpoint that does not exist is an error of the filter that wrote it', async (t) => {
  for (const late of [false, true]) {
    const request = (x: Parameters<NonNullable<Filter['request']>>[0]): void =>
      x.set(RouteSlot, { endpoint: endpoint('nowhere'), path: '', template: '/' })
    const filter = late ? { request: async (x: Parameters<typeof request>[0]) => request(x) } : { request }
    const lost = { ...factory('lost', filter), writes: [RouteSlot] }
    const gateway = await run(t, [lost], {}, ['lost', 'proxy'])
    t.match((await gateway.ask()).json(), { status: 500, code: 'filter_error', filter: 'lost' })
  }
})

t.test('upstream hooks nest, and may call again', async (t) => {
  const notes: string[] = []
  const settled: string[] = []
  const around = (name: string): FilterFactory =>
    factory(name, {
      upstream: async (_x, call, next) => {
        notes.push(`${name} in`)
        const answer = await next(call)
        notes.push(`${name} out`)
        return answer
      },
      settled: (_x, attempt, { result }) => void settled.push(`${name} ${attempt.number} ${result}`),
    })
  const retry = factory('again', {
    upstream: async (_x, call, next) => {
      const first = await next(call)
      if ('body' in first) first.body.discard()
      return next(call)
    },
  })
  const gateway = await run(t, [around('a'), retry, around('b')])
  t.equal((await gateway.ask()).body, 'fine')
  await gateway.logged(1)
  t.strictSame(notes, ['a in', 'b in', 'b out', 'b in', 'b out', 'a out'])
  t.equal(gateway.hits(), 2)
  t.strictSame(settled, ['a 1 success', 'b 1 success', 'a 2 success', 'b 2 success'])
})

t.test('an attempt whose response an upstream hook does not deliver is settled by what the hook decides', async (t) => {
  for (const [decide, status, result] of [
    [() => reply(418, 'teapot'), 418, 'success'],
    [async () => reply(418, 'teapot'), 418, 'success'],
    [() => Promise.reject(new Error('its own')), 500, 'ignored'],
  ] as const) {
    const notes: string[] = []
    const decides: Filter['upstream'] = async (_x, call, next) => {
      await next(call)
      return decide()
    }
    const { ask } = await run(t, [noter('a', notes, { upstream: decides })])
    t.equal((await ask()).status, status)
    t.strictSame(notes.slice(2, 5), ['a.admit', `a.settled 1 ${result}`, 'a.response'], 'before the response goes out')
  }
})

t.test('an unmet requirement never reaches the upstream', async (t) => {
  const lazy = factory('lazy', {}, { enforces: ['seal'] })
  const gateway = await run(t, [lazy], { requires: ['seal'] })
  t.match((await gateway.ask()).json(), { status: 500, code: 'requirement_unmet' })
  t.equal(gateway.hits(), 0)
  const keen = factory('keen', { routed: (x) => x.satisfy('seal') }, { enforces: ['seal'] })
  const other = await run(t, [keen], { requires: ['seal'] })
  t.equal((await other.ask()).body, 'fine')
})

t.test('a filter that is off at an endpoint', async (t) => {
  const notes: string[] = []
  const gateway = await run(t, [noter('a', notes)], { filters: { a: 'off' } }, ['route-match', 'a', 'proxy'])
  t.equal((await gateway.ask()).body, 'fine')
  await gateway.logged(1)
  t.strictSame(notes, [])
})

t.test(
  'an endpoint has the instance with its own options, and one with equal options where another has it',
  async (t) => {
    let made = 0
    const marks = factory('mark', {}, { options: anything })
    marks.create = (options: Readonly<Record<string, unknown>>) => {
      const mark = `${++made} ${JSON.stringify(options)}`
      const note = (x: Exchange): void => x.request.headers.add('X-Mark', mark)
      return { routed: note, admit: note }
    }
    const upstream = await startUpstream((request, response) => response.end(request.headers['x-mark']))
    const own = {
      plain: {},
      loud: { mark: { loud: true } },
      louder: { mark: { loud: true } },
      off: { mark: 'off' },
    } as const
    const endpoints = Object.entries(own).map(([name, filters]) => ({ name, url: upstream.url, filters }))
    const chain = [['mark', { loud: false, kept: 1 }], 'route-match', 'proxy'] as const
    const gateway = await startGateway(specOf(endpoints, chain), { filters: [marks] })
    t.teardown(async () => {
      await gateway.close()
      await upstream.close()
    })
    const seen = async (name: string): Promise<unknown> => (await send(`${gateway.url}/orchestrator/${name}`)).body
    const twice = (mark: string): string => `${mark}, ${mark}`
    t.equal(await seen('plain'), twice('1 {"loud":false,"kept":1}'))
    t.equal(await seen('loud'), twice('2 {"loud":true,"kept":1}'), "what it does not say is the chain's")
    t.equal(await seen('louder'), twice('2 {"loud":true,"kept":1}'))
    t.equal(await seen('off'), '')
    t.equal(made, 2)
  },
)

t.test('a terminal filter may return a response synchronously', async (t) => {
  const body = Body.of('hello')
  const headers = HeaderList.of({ 'Content-Length': '5' })
  const answer = (): Response => ({ status: 200, statusText: undefined, headers, body })
  const hello = factory('hello', { call: answer } as Filter, { terminal: true })
  const gateway = await run(t, [hello], {}, ['route-match', 'hello'])
  t.equal((await gateway.ask()).body, 'hello')
})
