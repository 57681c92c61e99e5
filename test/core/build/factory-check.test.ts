import t from 'tap'
import * as z from 'zod'
import { checkFactory, checkFilter } from '../../../core/build/factory-check.ts'
import { defineSlot, type FilterFactory } from '../../../core/index.ts'

const factory = { name: 'p', apiVersion: 1, create: () => ({}) }
const TERMINAL = { ...factory, terminal: true } as FilterFactory
const PLAIN = factory as FilterFactory

/** The message with which a check refuses, or undefined. */
function refusal(check: () => unknown): string | undefined {
  try {
    check()
    return undefined
  } catch (error) {
    return (error as Error).message
  }
}

t.test('a factory with every key is returned as it is', async (t) => {
  const whole = {
    ...factory,
    summary: 'All keys.',
    options: z.strictObject({}),
    terminal: false,
    perEndpoint: true,
    offline: true,
    reads: [],
    writes: [],
    enforces: ['authentication'],
    advises: [{ before: { writes: defineSlot('tenant') }, after: undefined, why: 'so' }],
    needs: [],
    wants: [],
  }
  t.equal(checkFactory(whole), whole)
  t.equal(
    refusal(() => checkFactory({ ...factory, summary: undefined })),
    undefined,
    'undefined is as good as missing',
  )
  const callable = Object.assign(() => {}, { '~standard': { validate: () => ({ value: {} }) } })
  t.equal(
    refusal(() => checkFactory({ ...factory, options: callable })),
    undefined,
    'a schema that is a function',
  )
})

t.test('what is no factory', async (t) => {
  for (const value of [undefined, null, 'p', 1, () => factory])
    t.match(
      refusal(() => checkFactory(value)),
      /^its default export is no filter factory; export default defineFilter/,
    )
})

t.test('name, apiVersion and create', async (t) => {
  for (const name of [undefined, 1, '', 'P', '1p', 'a_b', 'a.b', 'a'.repeat(65)])
    t.match(
      refusal(() => checkFactory({ ...factory, name })),
      /^its filter's name must be kebab case \(found /,
      String(name),
    )
  for (const apiVersion of [undefined, 0, 2, '1'])
    t.match(
      refusal(() => checkFactory({ ...factory, apiVersion })),
      /^its filter "p" has apiVersion .*; this Weir offers 1$/,
    )
  for (const create of [undefined, {}, 'create'])
    t.equal(
      refusal(() => checkFactory({ ...factory, create })),
      'its filter "p" has no create() function',
    )
})

t.test('an unknown key, with the one that was meant', async (t) => {
  t.match(
    refusal(() => checkFactory({ ...factory, terminl: true })),
    /^its filter "p" has an unknown key "terminl"\. Did you mean "terminal"\? A factory has: name, apiVersion, .*, create\.$/,
  )
  t.match(
    refusal(() => checkFactory({ ...factory, per_endpoint: true })),
    /Did you mean "perEndpoint"\?/,
  )
  t.match(
    refusal(() => checkFactory({ ...factory, xyzzy: 1 })),
    /unknown key "xyzzy"\. A factory has: /,
  )
})

t.test('a key with a value of the wrong kind', async (t) => {
  const cases: [key: string, value: unknown, why: string][] = [
    ['summary', 1, 'expected a string, found a number'],
    ['terminal', 'yes', 'expected true or false, found a string'],
    ['perEndpoint', null, 'expected true or false, found null'],
    ['offline', [], 'expected true or false, found a list'],
    ['reads', { slot: true }, 'expected a list, found an object'],
    ['writes', 'route', 'expected a list, found a string'],
    ['enforces', 'authentication', 'expected a list, found a string'],
    ['advises', { before: 'auth' }, 'expected a list, found an object'],
    ['needs', null, 'expected a list, found null'],
  ]
  for (const [key, value, why] of cases)
    t.equal(
      refusal(() => checkFactory({ ...factory, [key]: value })),
      `its filter "p" has a wrong "${key}": ${why}`,
    )
  for (const options of [{}, 1, null, { type: 'object' }, { '~standard': {} }])
    t.match(
      refusal(() => checkFactory({ ...factory, options })),
      /wrong "options": expected a schema \(of zod, .*\), found /,
    )
})

t.test('reads and writes are slots', async (t) => {
  t.equal(
    refusal(() => checkFactory({ ...factory, reads: [defineSlot('tenant')], writes: [defineSlot('plan')] })),
    undefined,
  )
  for (const [slot, found] of [
    ['tenant', 'a string'],
    [null, 'null'],
    [undefined, 'undefined'],
    [{ name: 'tenant' }, 'an object'],
  ])
    for (const key of ['reads', 'writes'])
      t.equal(
        refusal(() => checkFactory({ ...factory, [key]: [slot] })),
        `its filter "p" has a wrong "${key}": expected slots of defineSlot(), found ${found}`,
      )
})

t.test('each entry of advises says one place, one kind of filters, and why', async (t) => {
  const why = 'so'
  const cases: [advice: unknown, fault: string][] = [
    ['auth', 'expected { before: { enforces: … }, why: … }, found a string'],
    [null, 'expected { before: { enforces: … }, why: … }, found null'],
    [[], 'expected { before: { enforces: … }, why: … }, found a list'],
    [
      { befor: { filter: 'auth' }, why },
      'an entry has an unknown key "befor". Did you mean "before"? It has: before, after, why.',
    ],
    [{ before: { filter: 'auth' } }, '"why" must be a text, found undefined'],
    [{ before: { filter: 'auth' }, why: '' }, '"why" must be a text, found an empty text'],
    [{ why }, 'an entry needs "before" or "after", and not both'],
    [{ before: { filter: 'a' }, after: { filter: 'b' }, why }, 'an entry needs "before" or "after", and not both'],
    [{ after: 'auth', why }, '"after" needs exactly one of filter, enforces, writes, found a string'],
    [{ after: {}, why }, '"after" needs exactly one of filter, enforces, writes'],
    [{ after: { name: 'auth' }, why }, '"after" needs exactly one of filter, enforces, writes'],
    [{ after: { filter: 'auth', enforces: 'b' }, why }, '"after" needs exactly one of filter, enforces, writes'],
    [{ before: { filter: 1 }, why }, '"filter" of "before" must be the name of a filter, found a number'],
    [{ before: { enforces: [] }, why }, '"enforces" of "before" must be the name of a requirement, found a list'],
    [{ before: { writes: 'route' }, why }, '"writes" of "before" must be a slot of defineSlot(), found a string'],
  ]
  for (const [advice, fault] of cases)
    t.equal(
      refusal(() => checkFactory({ ...factory, advises: [advice] })),
      `its filter "p" has a wrong "advises": ${fault}`,
    )
})

t.test('values that JSON can not write are named too', async (t) => {
  const cyclic: Record<string, unknown> = {}
  cyclic.self = cyclic
  for (const [value, found] of [
    [1n, 'a bigint'],
    [cyclic, 'an object'],
    [Symbol('p'), 'a symbol'],
  ]) {
    t.equal(
      refusal(() => checkFactory({ ...factory, name: value })),
      `its filter's name must be kebab case (found ${String(found)})`,
    )
    t.equal(
      refusal(() => checkFactory({ ...factory, apiVersion: value })),
      `its filter "p" has apiVersion ${String(found)}; this Weir offers 1`,
    )
  }
})

t.test('a filter with every hook is returned as it is', async (t) => {
  const hook = () => {}
  const inner = { request: hook, routed: hook, upstream: hook, admit: hook, settled: hook, response: hook, log: hook }
  const filter = { ...inner, explain: hook, patterns: hook, dispose: hook }
  t.equal(checkFilter(filter, PLAIN), filter)
  const terminal = { ...filter, pick: hook, call: hook }
  t.equal(checkFilter(terminal, TERMINAL), terminal)
  t.equal(
    refusal(() => checkFilter({}, PLAIN)),
    undefined,
    'no hook at all',
  )
  t.equal(
    refusal(() => checkFilter({ request: undefined }, PLAIN)),
    undefined,
  )
})

t.test('what is no filter', async (t) => {
  for (const made of [undefined, null, true, 'filter', () => {}, [], [{ request() {} }]])
    t.equal(
      refusal(() => checkFilter(made, PLAIN)),
      'create() returned no filter',
    )
  t.equal(
    refusal(() => checkFilter({ request: true }, PLAIN)),
    'its hook "request" must be a function, found a boolean',
  )
  t.equal(
    refusal(() => checkFilter({ log: null }, PLAIN)),
    'its hook "log" must be a function, found null',
  )
})

t.test('an unknown hook, with the one that was meant', async (t) => {
  const hook = () => {}
  t.match(
    refusal(() => checkFilter({ reqest: hook }, PLAIN)),
    /^there is no hook "reqest"\. Did you mean "request"\? The hooks are: request, routed, .*, call\.$/,
  )
  t.match(
    refusal(() => checkFilter({ on_response: hook }, PLAIN)),
    /no hook "on_response"\. Did you mean "response"\?/,
  )
  t.match(
    refusal(() => checkFilter({ cache: new Map() }, PLAIN)),
    /no hook "cache"\. The hooks are: /,
  )
  t.match(
    refusal(() => checkFilter(Object.assign(Object.create(null), { logg: hook }), PLAIN)),
    /Did you mean "log"\?/,
  )
})

t.test('a class may have methods of its own, but no misspelled hook', async (t) => {
  class Good {
    readonly cache = new Map()
    readonly helper = () => {}
    request(): void {}
    get size(): number {
      return 0
    }
    clear(): void {}
  }
  t.equal(
    refusal(() => checkFilter(new Good(), PLAIN)),
    undefined,
  )
  t.equal(
    refusal(() => checkFilter(new (class extends Good {})(), PLAIN)),
    undefined,
    'inherited hooks',
  )
  class Method {
    respons(): void {}
  }
  class Field {
    readonly setled = () => {}
  }
  class Heir extends Method {}
  for (const [made, meant] of [
    [new Method(), 'response'],
    [new Field(), 'settled'],
    [new Heir(), 'response'],
  ] as const)
    t.match(
      refusal(() => checkFilter(made, PLAIN)),
      `Did you mean "${meant}"?`,
      made.constructor.name,
    )
})

t.test('an object of a class that has no hook is no filter', async (t) => {
  class Empty {}
  class Other {
    handle(): void {}
  }
  for (const made of [new Empty(), new Other(), new Map(), new Error('returned'), new Date()])
    t.match(
      refusal(() => checkFilter(made, PLAIN)),
      /^create\(\) returned an object of a class that has no hook\. The hooks are: request, .*, call\.$/,
    )
})

t.test('a proxy without end ends the check', async (t) => {
  const endless: object = new Proxy({ request: () => {} }, { getPrototypeOf: () => endless })
  t.equal(
    refusal(() => checkFilter(endless, PLAIN)),
    undefined,
  )
})

t.test('hooks of terminal filters', async (t) => {
  const hook = () => {}
  t.equal(
    refusal(() => checkFilter({ pick: hook }, TERMINAL)),
    'a terminal filter needs the hook "call"',
  )
  for (const name of ['pick', 'call'])
    t.equal(
      refusal(() => checkFilter({ [name]: hook }, PLAIN)),
      `only a terminal filter has the hook "${name}": say terminal: true in its factory`,
    )
})
