import t from 'tap'
import { exactJson } from '../../../../filters/auth/bearer/exact-json.ts'

t.test('integers that a number would round are texts of their digits', async (t) => {
  t.strictSame(exactJson('{"id":9007199254740993,"in":[{"id":-12345678901234567890}],"n":9007199254740991}'), {
    id: '9007199254740993',
    in: [{ id: '-12345678901234567890' }],
    n: 9007199254740991,
  })
})

t.test('times, fractions and texts stay what they are', async (t) => {
  t.strictSame(exactJson('{"iat":99999999999999999999,"exp":1e400,"nbf":1,"a":0.50000000000000000,"b":1e21}'), {
    iat: 1e20,
    exp: Infinity,
    nbf: 1,
    a: 0.5,
    b: 1e21,
  })
  t.strictSame(exactJson('{"a":"1234567890123456789"}'), { a: '1234567890123456789' })
  t.throws(() => exactJson('{"a":1234567890123456789'), SyntaxError)
})
