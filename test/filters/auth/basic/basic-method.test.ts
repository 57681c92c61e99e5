import { scryptSync } from 'node:crypto'
import { hashSync } from '@node-rs/bcrypt'
import t from 'tap'
import type { LocalReply } from '../../../../core/api/reply.ts'
import { exchange, FilterBench } from '../../../../core/testing.ts'
import { auth } from '../../../../filters/auth/filter.ts'
import { pass } from '../support.ts'

const bcrypt = hashSync('secret of ann', 4)
const salt = Buffer.from('0123456789abcdef')
const base64 = (bytes: Buffer): string => bytes.toString('base64').replaceAll('=', '')
const scrypt = `$scrypt$ln=10,r=8,p=1$${base64(salt)}$${base64(scryptSync('geheim: ü', salt, 32, { N: 1024, r: 8, p: 1 }))}`

const FILE = `# users\nann:${bcrypt}\nbob:${scrypt}\n\n`

async function setUp(
  t: { testdir(files: Record<string, string>): string },
  options: Record<string, unknown> = {},
  file = FILE,
) {
  const baseDir = t.testdir({ 'users.htpasswd': file })
  const bench = new FilterBench()
  const basic = { file: 'users.htpasswd', roles: { ann: ['clerk'] } }
  const made = await bench.make(auth, { basic, required: true, ...options }, { baseDir })
  const field = (user: string, password: string): string =>
    `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`
  const x = (authorization: string | undefined, client = '192.0.2.1') =>
    exchange({ client, headers: authorization === undefined ? {} : { authorization } })
  const ask = (user: string, password: string, client?: string): Promise<unknown> =>
    pass(x(field(user, password), client), made)
  return { bench, made, x, ask, field }
}

t.test('users of a file, with bcrypt or scrypt', async (t) => {
  const { ask, x, field, made } = await setUp(t)
  t.equal(await ask('ann', 'secret of ann'), undefined)
  t.equal(await ask('bob', 'geheim: ü'), undefined)
  t.equal(await ask('ann', 'geheim: ü'), '401 password_invalid')
  t.equal(await ask('eve', 'secret of ann'), '401 password_invalid')
  t.equal(await ask('', ''), '401 password_invalid')
  const known = x(field('ann', 'secret of ann'))
  t.equal(await pass(known, made), undefined)
  t.match(known.identity, { subject: 'ann', scheme: 'basic', roles: ['clerk'], scopes: [] })
  t.equal(await pass(x(undefined), made), '401 password_missing')
})

t.test('what is no user and password (RFC 7617)', async (t) => {
  const { x, made } = await setUp(t)
  const base = (text: string | Buffer): string => `Basic ${Buffer.from(text).toString('base64')}`
  for (const field of [
    'Basic',
    'Basic ',
    'Basic ann:secret',
    base('ann'),
    base('ann:secret of ann\0'),
    base('ann\n:x'),
    base(Buffer.from([0x61, 0x3a, 0xff])),
    `${base('ann:x')} x`,
    base(`ann:${'x'.repeat(1000)}`),
  ])
    t.equal(await pass(x(field), made), '400 credentials_malformed', field.slice(0, 40))
})

t.test('the challenge, alone and beside others', async (t) => {
  const challenge = async (options: Record<string, unknown>): Promise<unknown> => {
    const { made, x } = await setUp(t, options)
    return ((await made.filter.routed!(x(undefined))) as LocalReply).options.headers?.['WWW-Authenticate']
  }
  t.equal(await challenge({ realm: 'shop' }), 'Basic realm="shop", charset="UTF-8"')
  t.strictSame(await challenge({ secret: 'x'.repeat(32) }), [
    'Bearer realm="weir"',
    'Basic realm="weir", charset="UTF-8"',
  ])
  t.equal(await challenge({ secret: 'x'.repeat(32), accept: ['bearer'] }), 'Bearer realm="weir"')
})

t.test(
  'a password that was right is remembered for a minute; nothing is verified before the route is known',
  async (t) => {
    const { made, bench, x, field } = await setUp(t)
    const request = () => x(field('ann', 'secret of ann'))
    const first = request()
    t.equal(made.filter.request!(first), undefined)
    t.equal(first.identity, undefined)
    t.equal(await pass(request(), made), undefined)
    const second = request()
    made.filter.request!(second)
    t.equal(second.identity?.subject, 'ann')
    bench.clock.advance(60_000)
    const third = request()
    made.filter.request!(third)
    t.equal(third.identity, undefined)
  },
)

t.test('after ten failures a user is not looked at for a minute, from that address alone', async (t) => {
  const { ask, bench } = await setUp(t)
  for (let i = 0; i < 10; i++) t.equal(await ask('ann', `guess ${i}`), '401 password_invalid')
  t.equal(await ask('ann', 'secret of ann'), '429 password_throttled')
  t.equal(await ask('ann', 'secret of ann', '192.0.2.2'), undefined, 'nobody can lock ann out elsewhere')
  t.equal(await ask('bob', 'geheim: ü'), undefined)
  for (let i = 0; i < 90; i++) await ask(`user${i}`, 'guess')
  t.equal(await ask('carl', 'guess'), '429 password_throttled', 'nor can one address try all users')
  bench.clock.advance(60_000)
  t.equal(await ask('ann', 'secret of ann'), undefined)
})

t.test('a network of IPv6 counts as one address', async (t) => {
  const { ask } = await setUp(t)
  const clients = ['2001:db8::1', '2001:db8:0:0:ffff::2', '2001:0db8::a:b:c:d', '2001:db8:0:0:1:2:3:4']
  for (let i = 0; i < 10; i++) t.equal(await ask('ann', `guess ${i}`, clients[i % 4]), '401 password_invalid')
  t.equal(await ask('ann', 'secret of ann', '2001:db8::99'), '429 password_throttled')
  t.equal(await ask('ann', 'secret of ann', '2001:db8:0:1::1'), undefined, 'another network')
  t.equal(await ask('ann', 'secret of ann', '::ffff:192.0.2.1'), undefined)
})

t.test('guesses that come all at once are throttled, too', async (t) => {
  const { ask } = await setUp(t)
  const verdicts = await Promise.all(Array.from({ length: 60 }, (_, i) => ask('ann', `guess ${i}`)))
  const looked = verdicts.filter((verdict) => verdict === '401 password_invalid').length
  t.ok(looked >= 10 && looked <= 12, `${looked} were verified`)
})

t.test('clients that leave while they wait cost nothing', async (t) => {
  const { made, ask, x, field } = await setUp(t)
  const requests = Array.from({ length: 60 }, (_, i) => x(field('ann', `guess ${i}`)))
  const verdicts = Promise.all(requests.map((one) => pass(one, made)))
  await new Promise(setImmediate)
  for (const one of requests) one.abort()
  const looked = (await verdicts).filter((verdict) => verdict === '401 password_invalid').length
  t.ok(looked < 10, `${looked} were verified`)
  t.equal(await ask('ann', 'secret of ann'), undefined)
})

t.test('more than wait their turn are refused, and the event loop goes on', async (t) => {
  const { ask } = await setUp(t, {}, `ann:${hashSync('secret of ann', 8)}\n`)
  const verdicts = await Promise.all(Array.from({ length: 150 }, (_, i) => ask('ann', 'guess', `10.0.0.${i}`)))
  t.equal(verdicts.filter((verdict) => verdict === '503 auth_overloaded').length, 48)
})

t.test('an unknown user takes as long as a known one', async (t) => {
  const { made } = await setUp(t)
  const compared: string[] = []
  // The decoy has the cost of the slowest hash: bcrypt 4 < scrypt 10.
  const { htpasswdUsers } = await import('../../../../filters/auth/basic/htpasswd.ts')
  const users = htpasswdUsers(FILE)
  for (const [name, hash] of users) {
    const decoy = hash.decoy()
    t.equal(decoy.cost, hash.cost, name)
    t.equal(await decoy.matches('secret of ann'), false)
    compared.push(name)
  }
  t.strictSame(compared, ['ann', 'bob'])
  await made.dispose()
})

t.test('costs of bcrypt and scrypt compare, and a password that is too long takes as long', async (t) => {
  const { passwordHash } = await import('../../../../core/base/password-hash.ts')
  const blank = `${base64(salt)}$${base64(Buffer.alloc(32))}`
  const cost = (text: string): number => passwordHash(text).cost
  const slow = bcrypt.replace(/^(\$2.\$)04/, '$112')
  t.ok(cost(slow) > cost(`$scrypt$ln=15,r=8,p=1$${blank}`))
  t.ok(cost(`$scrypt$ln=14,r=8,p=4$${blank}`) > cost(`$scrypt$ln=15,r=8,p=1$${blank}`))
  const hash = passwordHash(hashSync('x'.repeat(72), 9))
  t.equal(await hash.matches('x'.repeat(72)), true)
  const started = performance.now()
  t.equal(await hash.matches('x'.repeat(73)), false)
  t.ok(performance.now() - started > 3, 'tens of milliseconds, not none')
})

t.test('files that are not usable, with the line', async (t) => {
  const cases: [text: string, message: RegExp][] = [
    ['', /no users/],
    ['ann', /line 1: expected "name:hash"/],
    [`ann:${bcrypt}\nann:${bcrypt}`, /line 2: the user "ann" is there twice/],
    ['ann:secret', /line 1, user "ann": the password is plain text.*htpasswd -nB/],
    ['ann:$apr1$x$y', /MD5 \(apr1\)/],
    ['ann:{SHA}abc', /SHA-1 without a salt/],
    ['ann:$6$x$y', /hashed with crypt/],
    [`ann:${bcrypt.slice(0, -5)}`, /cut off/],
    [`ann:$2b$31$${bcrypt.slice(7)}`, /a cost of 31, more than 14/],
    ['ann:$scrypt$ln=24,r=8,p=1$YWFh$YWFh', /more than 256 MiB/],
    ['ann:$scrypt$x', /not in the form/],
  ]
  for (const [text, message] of cases) {
    await t.rejects(setUp(t, {}, text), message)
    const said = await setUp(t, {}, text).then(
      () => '',
      (error: Error) => error.message,
    )
    t.notMatch(said, /YWFh|\$apr1\$x/)
  }
  await t.rejects(new FilterBench().make(auth, { basic: { file: 'missing' } }), /cannot read "missing"/)
  await t.rejects(new FilterBench().make(auth, { accept: ['basic'] }), /accept: basic is not configured: set basic/)
})

t.test('where a password counts, a token beside it does not go upstream, and the other way round', async (t) => {
  const { made, x, field } = await setUp(t, { secret: 'x'.repeat(32), token_from: [{ cookie: 'session' }, 'header'] })
  const both = x(field('ann', 'secret of ann'))
  both.request.headers.add('Cookie', 'session=forged.token.here')
  t.equal(await pass(both, made), undefined)
  t.notOk(both.request.headers.has('cookie'))
  t.ok(both.request.headers.has('authorization'))
})
