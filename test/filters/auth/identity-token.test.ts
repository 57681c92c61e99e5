import { generateKeyPairSync } from 'node:crypto'
import { decodeProtectedHeader, jwtVerify } from 'jose'
import t from 'tap'
import { FilterBench } from '../../../core/testing.ts'
import { auth } from '../../../filters/auth/filter.ts'
import { pass, request, SECRET, token } from './support.ts'

const INTERNAL = 'internal secret of 32 bytes, or more'

async function setUp(
  t: { testdir(files: Record<string, string>): string },
  files: Record<string, string>,
  identity_token: object,
) {
  const baseDir = t.testdir(files)
  const bench = new FilterBench()
  const made = await bench.make(auth, { secret: SECRET, required: true, identity_token }, { baseDir })
  return { bench, made }
}

t.test('a token for the upstream says who calls, and is made once for many requests', async (t) => {
  const { bench, made } = await setUp(t, { key: `${INTERNAL}\n` }, { secret_file: 'key' })
  const bearer = await token({ roles: ['clerk'], scope: 'r w' } as never)
  const ask = async (): Promise<string> => {
    const x = request(bearer)
    t.equal(await pass(x, made), undefined)
    t.ok(x.request.headers.get('authorization')?.endsWith(bearer), 'the own one stays')
    return x.request.headers.get('x-identity-token')!
  }
  const first = await ask()
  const { payload } = await jwtVerify(first, Buffer.from(INTERNAL), { currentDate: new Date(bench.clock.wall()) })
  const now = bench.clock.wall() / 1000
  t.strictSame(payload, {
    roles: ['clerk'],
    scope: 'r w',
    method: 'bearer',
    iss: 'weir',
    aud: 'v1/orders',
    iat: now,
    exp: now + 60,
    sub: 'ann',
  })
  bench.clock.advance(29_999)
  t.equal(await ask(), first)
  bench.clock.advance(1)
  t.not(await ask(), first)
})

t.test("in Authorization it replaces the client's; a private key signs", async (t) => {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const pem = privateKey.export({ type: 'pkcs8', format: 'pem' }) as string
  const options = {
    header: 'Authorization',
    private_key_file: 'key.pem',
    key_id: 'k1',
    issuer: 'edge',
    audience: 'inside',
    ttl: '10s',
  }
  const { bench, made } = await setUp(t, { 'key.pem': pem }, options)
  const x = request(await token())
  t.equal(await pass(x, made), undefined)
  const [field] = x.request.headers.all('authorization')
  t.equal(x.request.headers.all('authorization').length, 1)
  const signed = field!.slice('Bearer '.length)
  t.strictSame(decodeProtectedHeader(signed), { alg: 'ES256', typ: 'JWT', kid: 'k1' })
  await jwtVerify(signed, publicKey, { issuer: 'edge', audience: 'inside', currentDate: new Date(bench.clock.wall()) })
})

t.test('clients can not set its field; Authorization is theirs until it is read', async (t) => {
  const of = (header: string) => auth.sets!({ identity_headers: {}, identity_token: { header } } as never)
  t.strictSame(of('X-Identity-Token'), [{ name: 'X-Identity-Token' }])
  t.strictSame(of('Authorization'), [])
})

t.test('keys that can not sign', async (t) => {
  const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const files = {
    short: 'short',
    pem: rsa.privateKey.export({ type: 'pkcs8', format: 'pem' }) as string,
    public: rsa.publicKey.export({ type: 'spki', format: 'pem' }) as string,
  }
  const cases: [options: object, message: RegExp][] = [
    [{}, /set either secret_file or private_key_file/],
    [{ secret_file: 'short', private_key_file: 'pem' }, /set either/],
    [{ secret_file: 'short' }, /identity_token: "short" holds a secret of 5 bytes/],
    [{ secret_file: 'pem' }, /holds a key in PEM, not a secret/],
    [{ private_key_file: 'public' }, /no private key in PEM/],
    [{ private_key_file: 'pem', algorithm: 'ES256' }, /ES256 can't sign with the key in "pem", which is for RS256/],
    [{ secret_file: 'short', ttl: '1s' }, /2 s or more/],
  ]
  for (const [options, message] of cases) await t.rejects(setUp(t, files, options), message)
})
