import t from 'tap'
import * as z from 'zod'
import { AUTHENTICATION } from '../../../core/api/endpoint.ts'
import { defineFilter, type FilterFactory } from '../../../core/api/filter-factory.ts'
import { defineSlot } from '../../../core/api/slot.ts'
import { ConfigError } from '../../../core/control/config-error.ts'
import { specOf, startGateway } from '../../../core/testing.ts'

const url = 'http://127.0.0.1:9'

async function problemsOf(spec: ReturnType<typeof specOf>, filters: readonly FilterFactory[] = []): Promise<string[]> {
  try {
    const gateway = await startGateway(spec, { filters })
    await gateway.close()
    return []
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    return error.message.split('\n')
  }
}

const api = { name: 'api', url }
const broken = (name: string, create: FilterFactory['create']): FilterFactory => ({ name, apiVersion: 1, create })

t.test('each unsafe order is refused, with its place and what to do', async (t) => {
  const cases: [string, ReturnType<typeof specOf>, RegExp][] = [
    [
      'unknown filter',
      specOf([api], ['route-mach', 'proxy']),
      /^filters\.0: there is no filter "route-mach"\. Did you mean "route-match"\?/,
    ],
    [
      'same name twice',
      specOf([api], ['request-id', 'request-id', 'route-match', 'proxy']),
      /^filters\.1: .*stands twice/,
    ],
    [
      'slot read too early',
      specOf([api], ['proxy', 'route-match']),
      /^filters\.0: "proxy" reads the slot "route".*move "route-match" before it/,
    ],
    ['slot nobody writes', specOf([api], ['proxy']), /put "route-match" before it/],
    ['no terminal filter', specOf([api], ['route-match']), /^filters\.0: .*no terminal filter; end it with "proxy"/],
    [
      'two terminal filters',
      specOf([api], ['route-match', 'proxy', ['proxy', {}, 'again']]),
      /^filters\.2: .*second terminal/,
    ],
    [
      'a filter after the terminal one',
      specOf([api], ['route-match', 'proxy', 'request-id']),
      /^filters\.2: .*after the terminal filter "proxy".*request/,
    ],
    [
      'a requirement nobody enforces',
      specOf([{ ...api, requires: [AUTHENTICATION] }], ['route-match', 'proxy']),
      /^endpoints\.0: .*requires authentication.*put "auth"/,
    ],
    [
      'a requirement enforced too late',
      specOf([{ ...api, requires: [AUTHENTICATION] }], ['route-match', 'proxy', 'auth']),
      /move "auth" before "proxy"/,
    ],
    [
      'its filter off',
      specOf([{ ...api, requires: [AUTHENTICATION], filters: { auth: 'off' } }]),
      /^endpoints\.0: .*requires authentication/,
    ],
    [
      'the terminal filter off',
      specOf([{ ...api, filters: { proxy: 'off' } }]),
      /^endpoints\.0\.filters\.proxy: .*can't be off/,
    ],
    [
      'the writer of the route off',
      specOf([{ ...api, filters: { 'route-match': 'off' } }]),
      /^endpoints\.0\.filters\.route-match: "route-match" writes the route and can't be off/,
    ],
    [
      'an unknown option',
      specOf([api], ['route-match', ['breaker', { reset_timout: 3 }], 'proxy']),
      /^filters\.1\.reset_timout: unknown option.*Did you mean "reset_timeout"\?/,
    ],
    [
      'a wrong option',
      specOf([api], ['route-match', ['breaker', { failure_threshold: 'x' }], 'proxy']),
      /^filters\.1\.failure_threshold: .*found "x"/,
    ],
    [
      "an endpoint's wrong option",
      specOf([{ ...api, filters: { breaker: { failure_threshold: -1 } } }]),
      /^endpoints\.0\.filters\.breaker\.failure_threshold: /,
    ],
  ]
  for (const [what, spec, wanted] of cases) {
    const problems = await problemsOf(spec)
    t.ok(
      problems.some((problem) => wanted.test(problem)),
      `${what}: ${problems.join(' | ')}`,
    )
  }
})

t.test('the writer of a slot and its reader may both be off at an endpoint', async (t) => {
  const slot = defineSlot<string>('greeting')
  const filters = [
    defineFilter({ name: 'writer', apiVersion: 1, writes: [slot], create: () => ({}) }),
    defineFilter({ name: 'reader', apiVersion: 1, reads: [slot], create: () => ({}) }),
  ]
  const chain = ['route-match', 'writer', 'reader', 'proxy']
  const off = (...names: string[]) =>
    problemsOf(specOf([{ ...api, filters: Object.fromEntries(names.map((name) => [name, 'off'])) }], chain), filters)
  t.strictSame(await off('writer', 'reader'), [])
  t.strictSame(await off('reader'), [])
  t.match(await off('writer'), [/"writer" can't be off here: "reader" reads the slot "greeting" that it writes/])
})

t.test('all problems are reported at once', async (t) => {
  const problems = await problemsOf(
    specOf([{ ...api, filters: { breaker: { nope: 1 } } }], ['method-check', ['breaker', { y: 1 }], 'x', 'proxy']),
  )
  for (const wanted of [/"x"/, /"y"/, /"route"/, /"nope"/])
    t.ok(
      problems.some((p) => wanted.test(p)),
      String(wanted),
    )
})

t.test('a problem of the chain is reported once, however many endpoints have options of their own', async (t) => {
  const endpoints = ['a', 'b', 'c'].map((name) => ({ name, url, filters: { breaker: { window: '10s' } } }))
  const problems = await problemsOf(specOf(endpoints, ['route-match', ['breaker', { reset_timout: 3 }], 'proxy']))
  t.equal(problems.length, 1)
  t.match(problems[0], /^filters\.1\.reset_timout: /)
})

t.test('problems have the words of the configuration, whatever the schema', async (t) => {
  const cases: [string, Record<string, unknown>, string][] = [
    ['breaker', { scope: 'targets' }, 'scope: expected one of "endpoint", "target", found "targets"'],
    ['breaker', { failure_statuses: '5xx' }, 'failure_statuses: expected a list, found "5xx"'],
    ['breaker', { half_open_max_calls: 1.5 }, 'half_open_max_calls: expected a whole number, found 1.5'],
    [
      'breaker',
      { slow_call_rate: 50 },
      'slow_call_duration: slow_call_rate needs this option: the time from which a call is slow',
    ],
    ['retry', { max_retries: 11 }, 'max_retries: expected at most 10, found 11'],
    ['retry', { statuses: ['5xx'] }, 'statuses.0: expected a status from 400 to 599, as a number, found "5xx"'],
    ['concurrency-limit', { max_concurrent: 0 }, 'max_concurrent: expected at least 1, found 0'],
    ['proxy', { dns: { servers: [] } }, 'dns.servers: expected a list with at least one entry, found an empty list'],
    ['odd', { when: 3 }, 'when: expected date, found 3'],
    ['odd', { only: 3 }, 'only: expected "x", found 3'],
    ['odd', { text: '' }, 'text: expected a text that isn\'t empty, found ""'],
    ['route-match', { prefix: 3 }, 'prefix: expected a text in quotes (YAML reads this as a number), found 3'],
  ]
  const shape = { when: z.date(), only: z.literal('x'), text: z.string().min(1) }
  const odd = { ...broken('odd', () => ({})), options: z.strictObject(shape).partial() as never }
  for (const [name, options, wanted] of cases) {
    const chain = name === 'route-match' || name === 'proxy' ? [] : [[name, options] as const]
    const own = (filter: string) => (filter === name ? ([filter, options] as const) : filter)
    const problems = await problemsOf(specOf([api], [own('route-match'), ...chain, own('proxy')] as never), [odd])
    t.ok(problems.join('\n').endsWith(wanted), problems.join(' | '))
  }
})

t.test('an unknown filter may be the one that writes a missing slot', async (t) => {
  t.same((await problemsOf(specOf([api], ['rout-match', 'proxy']))).length, 1)
})

t.test("a filter that can't be created is a problem at its place, and the others are disposed", async (t) => {
  let disposed = 0
  const good = broken('good', () => ({ dispose: () => void disposed++ }))
  const bad = [
    broken('throws', () => {
      throw new Error('no luck')
    }),
    broken('rejects', () => Promise.reject(new Error('no hope'))),
    broken('nothing', () => undefined as never),
  ]
  for (const factory of bad) {
    const problems = await problemsOf(specOf([api], ['good', factory.name, 'route-match', 'proxy']), [good, factory])
    t.match(problems, [/^filters\.1: the filter ".*" could not be created/], factory.name)
  }
  t.equal(disposed, 3)
})

t.test('no message shows a secret', async (t) => {
  const problems = await problemsOf(specOf([api], [['auth', { secret: 12345678 }], 'route-match', 'proxy']))
  t.ok(problems.length > 0)
  t.notMatch(problems.join(), /12345678/)
})
