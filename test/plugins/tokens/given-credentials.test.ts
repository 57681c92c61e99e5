import t from 'tap'
import { givenCredentials, readings } from '../../../plugins/tokens/given-credentials.ts'
import { basic, refusal } from './support.ts'

t.test('Basic, Bearer, or nothing', async (t) => {
  t.strictSame(givenCredentials(undefined), { scheme: 'none' })
  t.strictSame(givenCredentials(basic('ann', 'a:b é')), { scheme: 'basic', user: 'ann', password: 'a:b é' })
  t.strictSame(givenCredentials('bearer  abc'), { scheme: 'bearer', token: 'abc' })
  const bad = ['Basic', 'Basic !', `Basic ${Buffer.from('no colon').toString('base64')}`, basic('a\n', 'b'), 'Digest x']
  for (const field of [
    ...bad,
    'Bearer a b',
    basic('a', 'x'.repeat(2000)),
    `Basic ${Buffer.from('a:\xff', 'latin1').toString('base64')}`,
  ])
    t.throws(() => givenCredentials(field), refusal(400), field)
})

t.test('clients encode their id and secret as in a form, or do not', async (t) => {
  t.strictSame(readings('a+b%2F'), ['a b/', 'a+b%2F'])
  t.strictSame(readings('plain'), ['plain'])
  t.strictSame(readings('100%'), ['100%'])
})
