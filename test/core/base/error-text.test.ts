import { runInNewContext } from 'node:vm'
import t from 'tap'
import { errorText, isError, propertyOf, safely, shorten } from '../../../core/base/error-text.ts'
import { HOSTILE, revoked, withGetters } from '../../support/hostile.ts'

t.test('what was thrown, in words', async (t) => {
  const cases: [thrown: unknown, text: string][] = [
    [new TypeError('no luck'), 'no luck'],
    [new TypeError(), 'TypeError'],
    ['a text', 'a text'],
    [{ message: 'like an error' }, 'like an error'],
    [{ toString: () => 'says itself' }, 'says itself'],
    [5, '5'],
    [12n, '12'],
    [null, 'null'],
    [undefined, 'undefined'],
    [Symbol('s'), 'Symbol(s)'],
    [() => {}, 'a function'],
    [{ code: 1 }, 'an object without a message'],
    [Object.create(null), 'an object without a message'],
    [revoked(), 'an object without a message'],
    [withGetters(new Error('x'), 'message', 'name'), 'an object without a message'],
  ]
  for (const [thrown, text] of cases) t.equal(errorText(thrown), text)
})

t.test('nothing makes it throw, and no text is long', async (t) => {
  for (const [what, value] of Object.entries(HOSTILE)) {
    t.ok(errorText(value).length < 10_000, what)
    t.type(isError(value), 'boolean', what)
    t.doesNotThrow(() => propertyOf(value, 'message'), what)
  }
})

t.test('errors, also those of another realm', async (t) => {
  for (const value of [new Error('x'), new DOMException('x'), runInNewContext('new TypeError()'), cyclicProxy()])
    t.ok(isError(value))
  for (const value of [undefined, 'Error', { message: 'x', stack: 'y' }, revoked(new Error('x'))])
    t.notOk(isError(value))
})

const cyclicProxy = (): object => new Proxy(new Error('behind'), {})

t.test('properties of anything', async (t) => {
  t.equal(propertyOf({ a: 1 }, 'a'), 1)
  t.equal(propertyOf('text', 'length'), 4)
  for (const value of [null, undefined, {}, withGetters({}, 'a'), revoked()]) t.equal(propertyOf(value, 'a'), undefined)
  t.equal(
    safely(() => 1),
    1,
  )
})

t.test('of a long text, the middle is left out', async (t) => {
  t.equal(shorten('abcdef', 6), 'abcdef')
  t.equal(shorten('abcdefghij', 4), 'ab[… 6 characters …]ij')
  t.equal(shorten('abc', 0), '[… 3 characters …]')
})
