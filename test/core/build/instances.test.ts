import { mock } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import t from 'tap'
import type { FilterEnv, FilterFactory } from '../../../core/api/filter-factory.ts'
import { BuildError } from '../../../core/control/config-error.ts'
import { RecordingLogger, specOf, startGateway } from '../../../core/testing.ts'
import { HOSTILE } from '../../support/hostile.ts'

type Create = (options: { step?: number }, env: FilterEnv) => unknown

const anything = { '~standard': { version: 1, vendor: 'test', validate: (value: unknown) => ({ value }) } }
const factory = (create: Create, more: object = {}): FilterFactory =>
  ({ name: 'bad', apiVersion: 1, options: anything, create, ...more }) as never
const spec = (step = 0) =>
  specOf([{ name: 'api', url: 'http://127.0.0.1:9' }], ['route-match', ['bad', { step }], 'proxy'])

/** Starts a gateway with the filter `bad` in it. What it logs is in `logger`, also if it does not start. */
async function start(create: Create, more?: object) {
  const logger = new RecordingLogger()
  const started = startGateway(spec(), { filters: [factory(create, more)], logger })
  const errors = () => logger.lines.filter(({ level }) => level === 'error')
  return started.then(
    (gateway) => ({ gateway, errors, logger, problem: undefined }),
    (error: unknown) => {
      if (!(error instanceof BuildError)) throw error
      return { gateway: undefined, errors, logger, problem: error.message }
    },
  )
}

const throws = (value: unknown) => (): never => {
  throw value
}

t.test('whatever create throws or rejects with, it is a load error that names the filter', async (t) => {
  for (const [what, value] of Object.entries(HOSTILE))
    for (const create of [throws(value), async () => throws(value)()]) {
      const { problem, errors } = await start(create)
      t.match(problem, /^filters\.1: the filter "bad" could not be created: ./, what)
      t.ok(problem!.length < 10_000, what)
      t.same(errors(), [], what)
    }
  t.match((await start(throws(new Error('no such key')))).problem, /: no such key$/)
  t.match((await start(throws(Object.create(null)))).problem, /: an object without a message$/)
})

t.test('so is whatever create returns that is no filter', async (t) => {
  const unreadable = {
    get request(): never {
      throw HOSTILE['a revoked proxy']
    },
  }
  class Misspelled {
    reqest = () => {}
  }
  for (const made of [[], new Map(), HOSTILE['a revoked proxy'], unreadable, new Misspelled()])
    t.match((await start(() => made)).problem, /^filters\.1: the filter "bad" could not be created: ./)
})

t.test('so is a schema that throws, or gives issues that can not be read', async (t) => {
  for (const [what, value] of Object.entries(HOSTILE)) {
    const options = { '~standard': { ...anything['~standard'], validate: throws(value) } }
    const { problem } = await start(() => ({}), { options })
    t.match(problem, /^filters\.1: the options of "bad" could not be validated: ./, what)
  }
  const options = { '~standard': { ...anything['~standard'], validate: () => ({ issues: [null] }) } }
  t.match((await start(() => ({}), { options })).problem, /^filters\.1: the options of "bad" could not be validated: ./)
})

t.test('if create fails, all it made is freed, and each failure of that is logged once', async (t) => {
  const closed: string[] = []
  let kept: FilterEnv | undefined
  const { problem, errors } = await start((_options, env) => {
    kept = env
    const share = (name: string, close: () => unknown): void =>
      void env.share(name, { version: 1, make: () => name, close: close as () => void })
    share('first', () => {
      closed.push('first')
      throw HOSTILE['a revoked proxy']
    })
    share('second', async () => {
      closed.push('second')
      throw new Error('later')
    })
    share('third', () => void closed.push('third'))
    throw new Error('create failed')
  })
  t.match(problem, /^filters\.1: the filter "bad" could not be created: create failed$/)
  t.same(closed, ['first', 'second', 'third'])
  t.equal(kept!.signal.aborted, true)
  t.match(errors(), [{ fields: { filter: 'bad' } }, { fields: { filter: 'bad', err: { message: 'later' } } }])
  t.equal(errors().length, 2)
  t.throws(() => kept!.share('fourth', { version: 1, make: () => 1 }), /too late/, 'nobody would release it')
})

t.test('a filter that is refused is disposed, and a failure of that is logged once', async (t) => {
  for (const dispose of [throws(new Error('dispose failed')), async () => throws(new Error('dispose failed'))()]) {
    const { problem, errors } = await start(() => ({ nope: () => {}, dispose }))
    await turn()
    t.match(problem, /there is no hook "nope"/)
    t.match(errors(), [{ fields: { filter: 'bad', hook: 'dispose', err: { message: 'dispose failed' } } }])
    t.equal(errors().length, 1)
  }
})

t.test('a create that rejects after its time is logged, beside the load error', async (t) => {
  mock.timers.enable({ apis: ['setTimeout'] })
  t.teardown(() => mock.timers.reset())
  const called = Promise.withResolvers<void>()
  const late = Promise.withResolvers<never>()
  const starting = start(() => {
    called.resolve()
    return late.promise
  })
  await called.promise
  await turn()
  mock.timers.tick(10_000)
  const { problem, errors } = await starting
  t.match(problem, /could not be created: create\(\) took longer than 10 s$/)
  t.same(errors(), [])
  late.reject(new Error('why it took so long'))
  await turn()
  t.match(errors(), [{ fields: { filter: 'bad', hook: 'create', err: { message: 'why it took so long' } } }])
})

t.test('a filter whose create comes after the load was given up is disposed', async (t) => {
  mock.timers.enable({ apis: ['setTimeout'] })
  t.teardown(() => mock.timers.reset())
  const called = Promise.withResolvers<void>()
  const late = Promise.withResolvers<object>()
  const seen: string[] = []
  const starting = start((_options, env) => {
    env.signal.addEventListener('abort', () => seen.push('aborted'))
    called.resolve()
    return late.promise
  })
  await called.promise
  await turn()
  mock.timers.tick(10_000)
  t.match((await starting).problem, /took longer than 10 s$/)
  t.strictSame(seen, ['aborted'])
  late.resolve({ request: () => {}, dispose: () => void seen.push('disposed') })
  await turn()
  t.strictSame(seen, ['aborted', 'disposed'])
})

t.test(
  'whatever dispose and close throw, reloads and the end of the gateway go on, and each is logged once',
  async (t) => {
    for (const [what, value] of Object.entries(HOSTILE))
      for (const fail of [throws(value), async () => throws(value)()]) {
        const freed: string[] = []
        const { gateway, errors } = await start(({ step }, env) => {
          for (const name of ['a', 'b'])
            env.share(`${name} ${step}`, {
              version: 1,
              make: () => 1,
              close: (() => {
                freed.push(`${name} ${step}`)
                return fail()
              }) as () => void,
            })
          env.signal.addEventListener('abort', () => freed.push(`signal ${step}`))
          return { dispose: fail }
        })
        await gateway!.gateway.load(spec(1))
        await turn()
        t.same(freed.splice(0), ['signal 0', 'a 0', 'b 0'], `${what}: a reload frees what it replaces`)
        t.equal(errors().length, 3, what)
        await gateway!.close()
        t.same(freed, ['signal 1', 'a 1', 'b 1'], `${what}: and so does the end`)
        t.equal(errors().length, 6, what)
        t.equal(gateway!.gateway.shared.size, 0)
      }
  },
)
