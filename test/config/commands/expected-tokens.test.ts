import t from 'tap'
import { expectedTokens } from '../../../config/commands/expected-tokens.ts'
import { OwnTokensKey } from '../../../core/control/tokens.ts'
import { FilterBench } from '../../../core/testing.ts'
import { auth } from '../../../filters/auth/filter.ts'
import { settingsOf } from '../../core/main/token-support.ts'
import { ownKey, ownToken } from '../../filters/auth/own-tokens.ts'
import { pass, request } from '../../filters/auth/support.ts'

t.test('a command knows who issues tokens, and none of the keys', async (t) => {
  delete process.env.WEIR_JWT_SECRET
  delete process.env.JWT_SECRET
  const tokens = settingsOf('/nowhere')
  const bench = new FilterBench([], [[OwnTokensKey, expectedTokens({ baseDir: '/', tokens })]])
  const made = await bench.make(auth, { required: true })
  t.strictSame(made.warnings, [], 'there will be a key')
  const bearer = await ownToken(ownKey('k1'), { aud: tokens.audience })
  t.equal(await pass(request(bearer), made), '503 issuer_unavailable')
  await t.rejects(bench.make(auth, { issuer: tokens.issuer, secret: 'x'.repeat(32) }), {
    message: /is this gateway itself/,
  })
})

t.test('no tokens', async (t) => {
  t.equal(expectedTokens({ baseDir: '/' }).trust, undefined)
})
