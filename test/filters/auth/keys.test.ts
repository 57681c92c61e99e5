import { generateKeyPairSync } from 'node:crypto'
import t from 'tap'
import { FilterBench } from '../../../core/testing.ts'
import { auth } from '../../../filters/auth/filter.ts'
import { loadKey } from '../../../filters/auth/keys.ts'
import { ec, ecPem, pass, request, rsa, rsaPem, SECRET, token } from './support.ts'

t.test('keys of the wrong kind stop the load, in clear words and without the key', async (t) => {
  const bench = new FilterBench()
  const small = generateKeyPairSync('rsa', { modulusLength: 1024 }).publicKey.export({ type: 'spki', format: 'pem' })
  const p384 = generateKeyPairSync('ec', { namedCurve: 'P-384' }).publicKey.export({ type: 'spki', format: 'pem' })
  const jwk = rsa.publicKey.export({ format: 'jwk' })
  const cases: [options: Record<string, unknown>, message: RegExp][] = [
    [{ algorithm: 'HS384' }, /HS256, RS256, ES256/],
    [{ algorithm: 'none' }, /HS256, RS256, ES256/],
    [{ secret: rsaPem }, /another kind/],
    [{ secret: JSON.stringify(jwk) }, /another kind/],
    [{ public_key: rsaPem }, /shared secret/],
    [{ algorithm: 'RS256', secret: SECRET }, /with a public key/],
    [{ algorithm: 'RS256', public_key: ecPem }, /needs an RSA key; the public key is of type ec/],
    [{ algorithm: 'ES256', public_key: rsaPem }, /needs an EC key/],
    [{ algorithm: 'ES256', public_key: p384 }, /P-256; the public key is on secp384r1/],
    [{ algorithm: 'RS256', public_key: small }, /2048 bits/],
    [{ algorithm: 'RS256', public_key: 'abc' }, /neither a PEM public key nor a JWK/],
    [{ algorithm: 'RS256', public_key: '{' }, /not valid JSON/],
    [{ algorithm: 'RS256', public_key: '{"kty":"oct","k":"eA"}' }, /no usable public key/],
    [
      { algorithm: 'RS256', public_key: JSON.stringify({ ...jwk, alg: 'ES256' }) },
      /"alg" of the JWK in public_key is not RS256/,
    ],
    [
      { algorithm: 'RS256', public_key: JSON.stringify({ ...jwk, use: 'enc' }) },
      /"use" of the JWK in public_key is not "sig"/,
    ],
    [{ algorithm: 'ES256', public_key: JSON.stringify(ec.privateKey.export({ format: 'jwk' })) }, /private/],
    [{ algorithm: 'ES256', public_key: ec.privateKey.export({ type: 'pkcs8', format: 'pem' }) }, /private key/],
    [{ algorithm: 'RS256', public_key_file: 'missing.pem' }, /cannot read "missing.pem": there is no such file/],
    [{ secret: SECRET, secret_file: 'x' }, /not both/],
    [{ algorithm: 'RS256', public_key: rsaPem, public_key_file: 'x' }, /not both/],
    [{ realm: 'a"b' }, /printable ASCII/],
    [{ scopes: ['a b'] }, /expected a scope/],
    [{ scretet: 'x' }, /scretet/],
  ]
  for (const [options, message] of cases) {
    await t.rejects(bench.make(auth, options), message)
    const said = await bench.make(auth, options).then(
      () => '',
      (error: Error) => error.message,
    )
    t.notMatch(said, SECRET)
    t.notMatch(said, 'BEGIN')
  }
})

t.test('files, relative to the configuration', async (t) => {
  const dir = t.testdir({ 'secret.txt': `${SECRET}\n`, 'empty.txt': '\n', keys: { 'rsa.pem': rsaPem } })
  const bench = new FilterBench()
  const hs = await bench.make(auth, { secret_file: 'secret.txt', required: true }, { baseDir: dir })
  t.equal(await pass(request(await token()), hs), undefined, 'the line break at the end does not count')
  const rs = { algorithm: 'RS256', public_key_file: './keys/rsa.pem', required: true }
  const made = await bench.make(auth, rs, { baseDir: dir })
  t.equal(await pass(request(await token({}, 'RS256', rsa.privateKey)), made), undefined)
  await t.rejects(bench.make(auth, { secret_file: 'empty.txt' }, { baseDir: dir }), /empty/)
})

t.test('a short secret is warned about', async (t) => {
  const { warnings } = await new FilterBench().make(auth, { secret: 'x'.repeat(31) })
  t.match(warnings, [/31 bytes; HS256 needs at least 32/])
  t.same((await new FilterBench().make(auth, { secret: SECRET })).warnings, [])
  t.notMatch(warnings[0], 'xxx')
})

t.test('an endpoint may change the algorithm over a secret of the chain', async (t) => {
  const merged = {
    algorithm: 'ES256' as const,
    secret: SECRET,
    public_key: ecPem,
    secret_file: undefined,
    public_key_file: undefined,
  }
  const key = loadKey(
    merged,
    () => Buffer.alloc(0),
    {},
    () => {},
  )
  t.equal(key?.key.type, 'public')
})
