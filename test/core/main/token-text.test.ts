import { Readable } from 'node:stream'
import t from 'tap'
import { timeText, tokenFrom, tokenText } from '../../../core/main/token-text.ts'
import { NOW } from './token-support.ts'

const part = (value: unknown): string =>
  Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url')
const tokenOf = (claims: unknown, header: unknown = { alg: 'ES256' }): string => `${part(header)}.${part(claims)}.c2ln`

t.test('a token in one line', async (t) => {
  const token = tokenOf({ sub: 'ann' })
  for (const text of [token, `${token}\n`, `${token}\r\n`, `  ${token} \n`, `Bearer ${token}\n`])
    t.match(await tokenFrom(Readable.from([text])), { token, claims: { sub: 'ann' } })
  const split = Readable.from([token.slice(0, 5), token.slice(5)])
  t.equal((await tokenFrom(split)).token, token)
})

t.test('what is none is not repeated', async (t) => {
  const others = [
    '',
    '\n',
    'opaque-secret',
    `${tokenOf({})}\n${tokenOf({})}`,
    'a.b.c',
    tokenOf('[]'),
    'x'.repeat(100_000),
  ]
  for (const text of others)
    await t.rejects(tokenFrom(Readable.from([text])), {
      message: /^standard input holds no token: expected a JSON Web Token/,
    })
  await t.rejects(tokenFrom(Readable.from([Buffer.from([0xff, 0xfe])])), { message: /^standard input holds no token/ })
  await t.rejects(tokenFrom(Readable.from([tokenOf('{"sub":"a","sub":"b"}')])), { message: /holds no token/ })
  await t.rejects(tokenFrom(Readable.from(['wr1_secret'])), { message: /^standard input holds a refresh token, which/ })
})

t.test('for people, with times', async (t) => {
  const iat = NOW / 1000
  const { header, claims } = await tokenFrom(
    Readable.from([tokenOf({ sub: 'ann', roles: ['a', 'b'], iat, exp: iat + 900, nbf: 'soon', n: 7 })]),
  )
  t.equal(
    tokenText({ header, claims, payload: '' }, NOW + 60_000),
    `Header
  alg  ES256
Claims
  sub    ann
  roles  ["a","b"]
  iat    ${iat}  2027-01-31T10:00:00Z, 60 s ago
  exp    ${iat + 900}  2027-01-31T10:15:00Z, in 14 min
  nbf    soon
  n      7
`,
  )
})

t.test('distances', async (t) => {
  const at = (ms: number) => timeText(NOW + ms, NOW)?.split(', ')[1]
  t.equal(at(0), 'in 0 s')
  t.equal(at(119_000), 'in 119 s')
  t.equal(at(120_000), 'in 2 min')
  t.equal(at(-7_200_000), '2 h ago')
  t.equal(at(86_400_000 * 30), 'in 30 d')
  t.equal(timeText(1e300, NOW), undefined)
  t.equal(timeText(Number.NaN, NOW), undefined)
})

t.test('nothing of it acts on the terminal', async (t) => {
  const evil = '\u001b]0;x\u0007\u009b31m\u202e\u2028\u200b\n'
  const { header, claims } = await tokenFrom(Readable.from([tokenOf({ [evil]: evil, list: [evil] })]))
  const text = tokenText({ header, claims, payload: '' }, NOW)
  t.notMatch(text.replaceAll('\n', ''), /[\p{Cc}\p{Cf}\p{Zl}]/u)
  t.match(text, '\\u001b]0;x\\u0007\\u009b31m\\u202e\\u2028\\u200b\\u000a')
  t.equal(text.split('\n').length, 6)
})
