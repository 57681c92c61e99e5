import t from 'tap'
import { parametersOf } from '../../../plugins/tokens/parameters.ts'
import { refusal } from './support.ts'

const FORM = 'application/x-www-form-urlencoded'
const JSON_TYPE = 'application/json'
const read = (text: string | Uint8Array, type: string | undefined = FORM) =>
  Object.fromEntries(parametersOf(type, Buffer.from(text as string)))

t.test('forms and JSON give the same', async (t) => {
  t.strictSame(read('a=1&b=x+y%2B%C3%A9&c=&d&&e=='), { a: '1', b: 'x y+é', e: '=' })
  t.strictSame(read('{"a":"1","b":"x y+é","c":""}', JSON_TYPE), { a: '1', b: 'x y+é' })
  t.strictSame(parametersOf(undefined, new Uint8Array()), new Map())
  t.strictSame([...parametersOf(JSON_TYPE, Buffer.from('{"__proto__":"x"}'))], [['__proto__', 'x']])
})

t.test('content types: two, in UTF-8', async (t) => {
  for (const type of [`${FORM}; charset=utf-8`, `${FORM.toUpperCase()};charset="UTF-8"`, `${FORM} ; charset=utf-8 `])
    t.strictSame(read('a=1', type), { a: '1' }, type)
  for (const type of [
    '',
    'text/plain',
    'multipart/form-data',
    `${FORM}; charset=latin1`,
    `${FORM}; a=b`,
    `${FORM}, ${JSON_TYPE}`,
    'application/jsonp',
  ])
    t.throws(() => read('a=1', type), refusal(415), type)
  t.throws(() => parametersOf(undefined, Buffer.from('a=1')), refusal(415))
})

t.test('what is refused', async (t) => {
  const bad: [string | Uint8Array, string][] = [
    ['a=1&a=1', FORM],
    ['a=&a=1', FORM],
    ['a=1&%61=2', FORM],
    ['a=%', FORM],
    ['a=%C3', FORM],
    ['a=%00', FORM],
    ['a=%0d%0ab', FORM],
    ['%0a=b', FORM],
    [Buffer.from('a=\xff', 'latin1'), FORM],
    [Array.from({ length: 21 }, (_, i) => `p${i}=1`).join('&'), FORM],
    ['{"a":"1","a":"1"}', JSON_TYPE],
    ['{"a":"1","\\u0061":"2"}', JSON_TYPE],
    ['{"a":1}', JSON_TYPE],
    ['{"a":null}', JSON_TYPE],
    ['{"a":["x"]}', JSON_TYPE],
    ['{"a":"\\u0000"}', JSON_TYPE],
    ['["a"]', JSON_TYPE],
    ['null', JSON_TYPE],
    ['"a"', JSON_TYPE],
    ['{"a":"1"', JSON_TYPE],
    ['\ufeff{"a":"1"}', JSON_TYPE],
  ]
  for (const [text, type] of bad) t.throws(() => read(text, type), refusal(400), String(text))
  t.throws(() => read(`a=${'x'.repeat(16 * 1024)}`), refusal(413))
  t.equal(read(`a=${'x'.repeat(16 * 1024 - 2)}`).a!.length, 16 * 1024 - 2)
})
