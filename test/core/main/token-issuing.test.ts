import { join } from 'node:path'
import t, { type Test } from 'tap'
import { systemClock } from '../../../core/base/clock.ts'
import { ConfigError } from '../../../core/control/config-error.ts'
import { KnownTokens, type TokenNews, type TokenRequest, type TokenSettings } from '../../../core/control/tokens.ts'
import type { IssuerParts } from '../../../core/main/make-issuer.ts'
import { TokenIssuing } from '../../../core/main/token-issuing.ts'
import { MemoryMeter, RecordingLogger } from '../../../core/testing.ts'
import { parse } from '../../config/support.ts'

const REQUEST = { operation: 'jwks' } as unknown as TokenRequest
const TRUST = { issuer: 'https://a.test', audience: 'a', algorithm: 'ES256', keys: [] } as const

function settingsIn(dir: string, more = ''): TokenSettings {
  const { tokens } = parse(
    `tokens: { issuer: "https://a.test", users_file: "${join(dir, 'users')}"${more} }\n`,
  ).settings
  return tokens!
}

function issuing(t: Test, tellWorkers?: (news: TokenNews) => Promise<void>) {
  const dir = t.testdir({ users: 'a' })
  const applied: string[] = []
  const known = new KnownTokens()
  const log = new RecordingLogger()
  let parts!: IssuerParts
  const check = ({ audience }: TokenSettings) => {
    if (audience === 'broken') throw new Error('users: nobody')
    applied.push(audience)
  }
  const tokens = new TokenIssuing({
    clock: systemClock,
    log,
    meter: new MemoryMeter(),
    known,
    tellWorkers,
    make: async (given) => {
      parts = given
      return {
        name: 'fake',
        start: async () => {
          check(given.settings)
          await given.tell({ trust: TRUST })
        },
        apply: async (next) => check(next),
        respond: async () => ({ status: 200, reason: undefined, headers: {}, body: '' }),
        stop: () => void applied.push('stopped'),
      }
    },
  })
  return { dir, applied, known, log, tokens, tell: (news: TokenNews) => parts.tell(news) }
}

t.test('none are issued without settings', async (t) => {
  const { tokens, applied } = issuing(t)
  await tokens.start(undefined)
  await tokens.apply(undefined)
  await t.rejects(tokens.service.respond(REQUEST), /no tokens are issued/)
  t.strictSame([tokens.paths, tokens.files.size], [[], 0])
  await tokens.stop()
  t.strictSame(applied, [])
})

t.test('it starts, applies and stops, and tells this process first', async (t) => {
  const told: [TokenNews, unknown][] = []
  const { dir, tokens, applied, known, tell } = issuing(t, async (news) => void told.push([news, known.trust]))
  const settings = settingsIn(dir)
  await tokens.start(settings)
  t.strictSame(told, [[{ trust: TRUST }, TRUST]])
  t.equal((await tokens.service.respond(REQUEST)).status, 200)
  t.ok(tokens.paths.includes(join(dir, 'users')))
  t.strictSame([...tokens.files.keys()], [join(dir, 'users')])
  await tell({ revoked: [['a', Date.now() + 60_000]] })
  t.ok(known.isRevoked('a', undefined))
  await tokens.apply({ ...settings, audience: 'next' })
  await tokens.stop()
  await t.rejects(tokens.service.respond(REQUEST), /no tokens are issued/)
  t.strictSame(applied, ['https://a.test', 'next', 'stopped'])
})

t.test('news that workers do not confirm are news that this process has', async (t) => {
  const { dir, tokens, known, tell } = issuing(t, async ({ revoked }) => {
    if (revoked) throw new Error('not confirmed')
  })
  await tokens.start(settingsIn(dir))
  await t.rejects(tell({ revoked: [['a', Date.now() + 60_000]] }), /not confirmed/)
  t.ok(known.isRevoked('a', undefined))
})

t.test('what is wrong is a problem of the section, and nothing has changed', async (t) => {
  const { dir, tokens, applied, log } = issuing(t)
  const settings = settingsIn(dir)
  const broken = { ...settings, audience: 'broken' }
  const problem = /^tokens: users: nobody$/
  await t.rejects(tokens.start(broken), problem)
  await t.rejects(tokens.service.respond(REQUEST), /no tokens are issued/)
  await tokens.start(settings)
  let committed = 0
  await t.rejects(
    tokens.apply(broken, async () => void committed++),
    problem,
  )
  t.equal(committed, 0)
  const full = () => Promise.reject(new ConfigError([{ path: [], message: 'no space' }]))
  await t.rejects(tokens.apply({ ...settings, audience: 'next', usersFile: undefined }, full), /no space/)
  t.strictSame(applied, ['https://a.test', 'next', 'https://a.test'], 'as before')
  t.equal(tokens.files.size, 1)
  await tokens.apply({ ...settings, audience: 'next' }, async () => void committed++)
  t.equal(committed, 1)
  t.strictSame(log.lines, [])
})
