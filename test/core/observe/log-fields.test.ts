import t from 'tap'
import { logFields, logMessage } from '../../../core/observe/log-fields.ts'
import { cyclic, HOSTILE, revoked, withGetters } from '../../support/hostile.ts'

const copied = (fields: object): unknown => JSON.parse(JSON.stringify(logFields(fields)))

t.test('plain fields are written as JSON writes them', async (t) => {
  class Point {
    x = 1
    readonly #hidden = 2
    get sum(): number {
      return this.x + this.#hidden
    }
  }
  const fields = {
    text: 'a\n"b"',
    number: 1.5,
    infinite: Infinity,
    yes: true,
    none: null,
    missing: undefined,
    method: () => {},
    list: [1, undefined, () => {}, [null]],
    date: new Date(0),
    url: new URL('http://host/'),
    map: new Map([[1, 2]]),
    bytes: Buffer.from('ab'),
    point: new Point(),
    nested: { a: { b: [{ c: 1 }] }, toJSON: undefined },
    json: { toJSON: () => ({ inner: true }) },
  }
  t.same(copied(fields), JSON.parse(JSON.stringify(fields)))
  t.same(Object.keys(logFields({ b: {}, a: 1, c: [] })), ['b', 'a', 'c'], 'in their order')
})

t.test('errors have type, message, stack and their own properties', async (t) => {
  const refused = Object.assign(
    new TypeError('outer', { cause: new Error('inner', { cause: new RangeError('core') }) }),
    {
      code: 'ECONNREFUSED',
      address: { port: 1 },
      also: new Error('beside'),
    },
  )
  t.match(copied({ err: refused }), {
    err: {
      type: 'TypeError',
      message: 'outer: inner: core',
      stack: /^TypeError: outer\n.*\ncaused by: Error: inner\n.*\ncaused by: RangeError: core\n/s,
      code: 'ECONNREFUSED',
      address: { port: 1 },
      also: { type: 'Error', message: 'beside' },
    },
  })
  t.match(copied({ error: new AggregateError([new Error('1'), 'two'], 'all') }), {
    error: { type: 'AggregateError', message: 'all', aggregateErrors: [{ message: '1' }, 'two'] },
  })
  t.match(copied({ err: new Error('x', { cause: { status: 503 } }) }), {
    err: { message: 'x', cause: { status: 503 } },
  })
  t.match(copied({ failures: [{ why: new Error('deep') }] }), {
    failures: [{ why: { type: 'Error', message: 'deep' } }],
  })
  t.match(copied(new Error('alone')), { err: { message: 'alone' } })
})

t.test('so have objects with a message under err or error, and nowhere else', async (t) => {
  t.match(copied({ err: { message: 'like one', code: 1 } }), { err: { type: 'Object', message: 'like one', code: 1 } })
  t.same(copied({ event: { message: 'no error' } }), { event: { message: 'no error' } })
})

t.test('a cause may be a method, and its message part of the outer one', async (t) => {
  const inner = new Error('inner')
  const outer = Object.assign(new Error('outer: inner'), { cause: () => inner })
  t.match(copied({ err: outer }), { err: { message: 'outer: inner', stack: /caused by: Error: inner/ } })
})

t.test('what is no error is said too', async (t) => {
  for (const [value, said] of [
    ['text', 'text'],
    [Symbol('s'), 'Symbol(s)'],
    [function named() {}, '[function named]'],
    [12n, 12],
    [2n ** 60n, '1152921504606846976'],
    [null, null],
    [revoked(), '[unreadable]'],
    [{ a: 1 }, { a: 1 }],
  ])
    t.same(copied({ err: value }), { err: said })
})

t.test('what can be read is kept, what throws is named', async (t) => {
  t.same(copied(withGetters({ a: 1 }, 'b')), { a: 1, b: '[unreadable]' })
  t.same(copied({ x: withGetters({ a: 1 }, 'b'), y: revoked([]) }), {
    x: { a: 1, b: '[unreadable]' },
    y: '[unreadable]',
  })
  t.same(copied({ x: withGetters({ a: 1, toJSON: () => revoked() }, 'q') }), { x: '[unreadable]' })
  t.match(copied({ err: withGetters(new Error('x'), 'stack', 'name', 'code') }), {
    err: { type: 'Error', message: 'x', name: '[unreadable]', code: '[unreadable]' },
  })
  t.match(copied({ err: withGetters(new Error('x'), 'message') }), { err: { type: 'Error', message: '[unreadable]' } })
  const failing = {
    a: 1,
    toJSON: () => {
      throw new Error('no')
    },
  }
  t.same(copied({ failing }), { failing: { a: 1 } })
  t.same(copied(revoked()), { fields: '[unreadable]' })
})

t.test('circles end', async (t) => {
  const circle: Record<string, unknown> = { a: 1 }
  circle.self = circle
  circle.list = [circle]
  t.same(copied({ circle }), { circle: { a: 1, self: '[Circular]', list: ['[Circular]'] } })
  t.match(copied({ err: cyclic() }), { err: { message: 'cyclic: …', stack: /\ncaused by: …$/, self: '[Circular]' } })
  const twice = { a: 1 }
  t.same(copied({ one: twice, two: twice }), { one: twice, two: twice }, 'no circle')
})

t.test('every line is bounded', async (t) => {
  const deep = (): object =>
    new Proxy({}, { ...endless, get: (_target, key) => (key === 'toJSON' ? undefined : deep()) })
  const endless: ProxyHandler<object> = {
    ownKeys: () => ['a', 'b', 'c'],
    getOwnPropertyDescriptor: () => ({ value: 1, enumerable: true, configurable: true }),
  }
  let causes = new Error('innermost')
  for (let i = 0; i < 1000; i++) causes = new Error('x'.repeat(10_000), { cause: causes })
  const cases: Record<string, unknown> = {
    text: 'x'.repeat(5_000_000),
    list: Array.from({ length: 100_000 }, (_, i) => i),
    sparse: new Array(2 ** 32 - 1),
    texts: Array.from({ length: 1000 }, () => 'x'.repeat(10_000)),
    wide: Object.fromEntries(Array.from({ length: 100_000 }, (_, i) => [`key${i}`, i])),
    keys: { ['k'.repeat(1_000_000)]: 1 },
    bytes: Buffer.alloc(10_000_000),
    deep: deep(),
    err: causes,
    error: new Error('m'.repeat(5_000_000)),
  }
  for (const [key, value] of Object.entries(cases))
    t.ok(JSON.stringify(logFields({ [key]: value, filter: 'auth' })).length < 500_000, key)
  t.match(logFields({ ...cases, filter: 'auth' }), { filter: 'auth' }, 'short values always have room')
  t.match(logFields({ list: cases.list }).list, { 0: 0, 9998: 9998, 9999: '[90001 more]' })
  t.match(logFields({ wide: cases.wide }).wide, { key0: 0, '…': '[90001 more]' })
  t.match(logFields(cases.wide as object), { key0: 0, '…': '[90000 more]' })
})

t.test('the end of a long stack is kept: the frames are there', async (t) => {
  const { err } = logFields({ err: new Error('m'.repeat(5_000_000)) }) as { err: { stack: string } }
  t.match(err.stack, /^Error: mmm[\s\S]*characters …\]m+\n {4}at .*log-fields\.test\.ts/)
})

t.test('nothing makes it throw, and nothing is changed', async (t) => {
  for (const [what, value] of Object.entries(HOSTILE))
    for (const fields of [{ err: value }, { value, list: [value] }, value])
      t.type(JSON.stringify(logFields(fields)), 'string', what)
  const error = new Error('x', { cause: new Error('y') })
  const before = Reflect.ownKeys(error)
  logFields({ err: error })
  t.same(Reflect.ownKeys(error), before)
  t.same(copied({ err: Object.freeze(error) }), copied({ err: error }))
})

t.test('names that objects inherit are ordinary fields', async (t) => {
  const fields = JSON.parse('{"__proto__":{"a":1},"hasOwnProperty":1,"toString":"x"}') as object
  t.equal(JSON.stringify(logFields(fields)), JSON.stringify(fields))
})

t.test('a message is a text, or what JSON can write of it', async (t) => {
  t.equal(logMessage('said'), 'said')
  t.equal(logMessage(undefined), undefined)
  t.equal(logMessage(Symbol('s')), 'Symbol(s)')
  t.equal(logMessage(revoked()), '[unreadable]')
  t.ok(String(logMessage('x'.repeat(5_000_000))).length < 20_000)
})
