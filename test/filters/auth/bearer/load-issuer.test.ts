import { generateKeyPairSync } from 'node:crypto'
import t from 'tap'
import { FilterBench } from '../../../../core/testing.ts'
import { auth } from '../../../../filters/auth/filter.ts'
import { ec, ecPem, OTHER_SECRET, pass, request, rsa, rsaPem, SECRET, token } from '../support.ts'

t.test('keys of the wrong kind stop the load, in clear words and without the key', async (t) => {
  const bench = new FilterBench()
  const small = generateKeyPairSync('rsa', { modulusLength: 1024 }).publicKey.export({ type: 'spki', format: 'pem' })
  const p384 = generateKeyPairSync('ec', { namedCurve: 'P-384' }).publicKey.export({ type: 'spki', format: 'pem' })
  const jwk = rsa.publicKey.export({ format: 'jwk' })
  const cases: [options: Record<string, unknown>, message: RegExp][] = [
    [{ algorithm: 'HS257' }, /HS256, HS384, HS512, RS256/],
    [{ algorithm: 'none' }, /HS256, HS384, HS512, RS256/],
    [{ secret: rsaPem }, /another kind/],
    [{ secret: JSON.stringify(jwk) }, /another kind \(a JWK\)/],
    [{ secret: JSON.stringify({ keys: [jwk] }) }, /another kind \(a JWK set\)/],
    [{ secret: Buffer.from(rsaPem).toString('base64') }, /another kind \(PEM\)/],
    [{ secret: 'x'.repeat(31) }, /the secret has 31 bytes; HS256 needs at least 32 .*: make one with/],
    [{ secret: ' \t\n'.repeat(20) }, /white space alone/],
    [{ algorithm: 'HS256', public_key: rsaPem }, /shared secret/],
    [{ algorithm: 'HS512', secret: SECRET }, /the secret has 32 bytes; HS512 needs at least 64/],
    [{ secret: SECRET, public_key: rsaPem }, /says whether the secret or the public key counts/],
    [
      { algorithm: 'RS256', public_key: rsaPem, jwks_url: 'https://a.test' },
      /set either public_key or jwks_url, not both/,
    ],
    [{ algorithms: ['HS256', 'RS256'], secret: SECRET }, /a public key must never be taken for a secret/],
    [{ algorithm: 'HS256', jwks_url: 'https://a.test' }, /what an issuer publishes is no secret/],
    [{ jwks_url: 'ftp://a.test' }, /a URL of http or https/],
    [{ discovery: true }, /needs the issuer/],
    [{ algorithm: 'RS256', secret: SECRET }, /with a public key/],
    [{ algorithm: 'RS256', public_key: ecPem }, /RS256 can't be verified with a key of ES256/],
    [{ algorithm: 'ES256', public_key: rsaPem }, /ES256 can't be verified with a key of RS256/],
    [{ algorithm: 'ES256', public_key: p384 }, /ES256 can't be verified with a key of ES384/],
    [{ algorithm: 'RS256', public_key: small }, /an RSA key of 1024 bits, where 2048 or more/],
    [{ algorithm: 'RS256', public_key: 'abc' }, /neither a PEM public key nor a JWK/],
    [{ algorithm: 'RS256', public_key: '{' }, /not valid JSON/],
    [{ algorithm: 'RS256', public_key: '{"keys":[]}' }, /the JWK set is empty/],
    [
      { algorithm: 'RS256', public_key: '{"keys":[{"kty":"oct","k":"eA"}]}' },
      /no key of the JWK set can be used: .*a secret/,
    ],
    [{ algorithm: 'RS256', public_key: rsaPem.slice(0, -30) }, /public_key: block 1, PUBLIC KEY, has no END line/],
    [{ algorithm: 'RS256', public_key: rsaPem.replace('\n', '\n?') }, /block 1, PUBLIC KEY, .* not base64/],
    [{ algorithm: 'RS256', public_key: rsaPem.replaceAll('PUBLIC KEY', 'X509 CRL') }, /its block is of type X509 CRL/],
    [{ algorithm: 'RS256', public_key: '{"kty":"oct","k":"eA"}' }, /is a secret, not a public key/],
    [
      { algorithm: 'RS256', public_key: JSON.stringify({ ...jwk, alg: 'ES256' }) },
      /"alg" of the JWK, ES256, does not fit its key/,
    ],
    [{ algorithm: 'RS256', public_key: JSON.stringify({ ...jwk, use: 'enc' }) }, /"use" of the JWK is not "sig"/],
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

// BTBurke/caddy-jwt#26: one line break at the end of the file was part of the secret, and every token was refused.
t.test('a secret that ends in white space is warned about, by its source and without it', async (t) => {
  const dir = t.testdir({ 'secret.txt': `${SECRET} \n`, 'clean.txt': `${SECRET}\r\n` })
  const bench = new FilterBench()
  const { warnings } = await bench.make(auth, { secret_file: 'secret.txt' }, { baseDir: dir })
  t.match(warnings, [/^secret_file ends in white space/])
  t.equal(warnings.length, 1)
  t.notMatch(warnings[0], SECRET)
  t.same((await bench.make(auth, { secret_file: 'clean.txt' }, { baseDir: dir })).warnings, [])
  t.same((await bench.make(auth, { secret: SECRET })).warnings, [])
  // Other files may run in this process.
  t.teardown(() => {
    delete process.env.JWT_SECRET
    delete process.env.WEIR_JWT_SECRET
  })
  process.env.JWT_SECRET = `${SECRET}\n`
  t.teardown(() => delete process.env.JWT_SECRET)
  t.match((await bench.make(auth, {})).warnings, [/^JWT_SECRET ends in white space/])
})

// electric-sql/electric#1328: a key that `base64` had wrapped was refused. auth0/node-jsonwebtoken#191: line breaks as characters.
t.test('a public key in the forms that environments make of it', async (t) => {
  const bench = new FilterBench()
  const jwk = JSON.stringify(rsa.publicKey.export({ format: 'jwk' }))
  const lines = rsaPem.trim().split('\n')
  const base64 = (text: string): string => Buffer.from(text).toString('base64')
  for (const [form, public_key] of Object.entries({
    'a literal \\n': lines.join('\\n'),
    'a literal \\r\\n': lines.join('\\r\\n'),
    'spaces for line breaks': lines.join(' '),
    'no line breaks': lines.join(''),
    'text around it': `from the issuer:\n${rsaPem}\n-- `,
    'PEM in base64': base64(rsaPem),
    'PEM in base64, in lines': base64(rsaPem).replaceAll(/.{76}/g, '$&\n'),
    'JWK in base64': base64(jwk),
    'JWK with white space around it': `\n ${jwk}\n`,
    'no BEGIN and END': lines.slice(1, -1).join(''),
  })) {
    const made = await bench.make(auth, { algorithm: 'RS256', public_key, required: true })
    t.equal(await pass(request(await token({}, 'RS256', rsa.privateKey)), made), undefined, form)
  }
})

t.test('an endpoint may change the algorithm over a secret of the chain', async (t) => {
  const merged = { algorithm: 'ES256', secret: SECRET, public_key: ecPem, required: true }
  const made = await new FilterBench().make(auth, merged)
  t.equal(await pass(request(await token({}, 'ES256', ec.privateKey)), made), undefined)
  t.equal(await pass(request(await token()), made), '401 token_invalid')
})

t.test('several keys: PEM blocks, and a JWK set by its key ids', async (t) => {
  const both = await new FilterBench().make(auth, { public_key: rsaPem + ecPem, required: true })
  t.equal(await pass(request(await token({}, 'ES256', ec.privateKey)), both), undefined)
  t.equal(await pass(request(await token({}, 'RS256', rsa.privateKey)), both), undefined)
  t.equal(
    await pass(request(await token({}, 'PS256', rsa.privateKey)), both),
    '401 token_invalid',
    'not what the key implies',
  )
})

t.test('two secrets while they are exchanged', async (t) => {
  const dir = t.testdir({ new: `${OTHER_SECRET}\n`, old: SECRET, short: 'short' })
  const bench = new FilterBench()
  const made = await bench.make(auth, { secret_file: ['new', 'old'], required: true }, { baseDir: dir })
  t.equal(await pass(request(await token()), made), undefined)
  t.equal(await pass(request(await token({}, 'HS256', Buffer.from(OTHER_SECRET))), made), undefined)
  t.equal(await pass(request(await token({}, 'HS256', Buffer.from(`${SECRET}x`))), made), '401 token_invalid')
  await t.rejects(bench.make(auth, { secret_file: ['new', 'short'] }, { baseDir: dir }), /5 bytes/)
})
