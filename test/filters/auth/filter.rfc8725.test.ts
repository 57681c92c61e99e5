// RFC 8725, "JSON Web Token Best Current Practices", section 3, point by point: what is refused, and why.
import { createHmac, createSign, generateKeyPairSync, type KeyObject } from 'node:crypto'
import { SignJWT } from 'jose'
import t from 'tap'
import { FilterBench } from '../../../core/testing.ts'
import { auth } from '../../../filters/auth/filter.ts'
import { ec, ecPem, NOW, pass, request, rsa, rsaPem, SECRET, token } from './support.ts'

const b64 = (value: unknown): string =>
  Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url')

/** A token of these very bytes, with a signature of HS256 that is right. */
function raw(header: unknown, claims: unknown, secret = SECRET): string {
  const signed = `${b64(header)}.${b64(claims)}`
  return `${signed}.${createHmac('sha256', secret).update(signed).digest('base64url')}`
}

const HS = { secret: SECRET, required: true }
const RS = { algorithm: 'RS256', public_key: rsaPem, required: true }
const ES = { algorithm: 'ES256', public_key: ecPem, required: true }

async function verdict(options: Record<string, unknown>, bearer: string): Promise<unknown> {
  const made = await new FilterBench().make(auth, options)
  return pass(request(bearer), made)
}

const INVALID = '401 token_invalid'
const good = { sub: 'ann', exp: NOW + 60 }

t.test('3.1 algorithms are pinned', async (t) => {
  t.equal(await verdict(HS, raw({ alg: 'HS256' }, good)), undefined, 'the raw form works')
  for (const alg of [
    'none',
    'None',
    'NONE',
    'nOnE',
    '',
    'HS384',
    'RS256',
    'hs256',
    'HS256 ',
    1,
    null,
    ['HS256'],
    undefined,
  ])
    t.equal(await verdict(HS, raw({ alg }, good)), INVALID, JSON.stringify(alg))
  t.equal(await verdict(HS, `${b64({ alg: 'none' })}.${b64(good)}.`), INVALID)
  for (const secret of [rsaPem, rsaPem.trim(), JSON.stringify(rsa.publicKey.export({ format: 'jwk' }))])
    t.equal(await verdict(RS, raw({ alg: 'HS256' }, good, secret)), INVALID, 'a public key is no secret')
  t.equal(await verdict(RS, await token({}, 'PS256', rsa.privateKey)), INVALID, 'RS256 is not PS256')
})

t.test('3.2 appropriate algorithms: every one works with its key, and no other does', async (t) => {
  const ed = generateKeyPairSync('ed25519')
  const p384 = generateKeyPairSync('ec', { namedCurve: 'P-384' })
  const p521 = generateKeyPairSync('ec', { namedCurve: 'P-521' })
  const long = SECRET.repeat(2)
  const pem = ({ publicKey }: { publicKey: KeyObject }) => publicKey.export({ type: 'spki', format: 'pem' })
  const keys: [alg: string, options: Record<string, unknown>, key: KeyObject | Uint8Array][] = [
    ['HS256', { secret: long }, Buffer.from(long)],
    ['HS384', { secret: long }, Buffer.from(long)],
    ['HS512', { secret: long }, Buffer.from(long)],
    ...['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512'].map(
      (alg) => [alg, { public_key: rsaPem }, rsa.privateKey] as [string, Record<string, unknown>, KeyObject],
    ),
    ['ES256', { public_key: ecPem }, ec.privateKey],
    ['ES384', { public_key: pem(p384) }, p384.privateKey],
    ['ES512', { public_key: pem(p521) }, p521.privateKey],
    ['EdDSA', { public_key: pem(ed) }, ed.privateKey],
  ]
  const tokens = await Promise.all(keys.map(([alg, , key]) => token({}, alg, key)))
  for (const [i, [algorithm, options]] of keys.entries()) {
    const made = await new FilterBench().make(auth, { ...options, algorithm, required: true })
    for (const [j, bearer] of tokens.entries())
      t.equal(await pass(request(bearer), made), i === j ? undefined : INVALID, `${algorithm} ${keys[j]![0]}`)
  }
  t.equal(
    await verdict({ ...ES, algorithm: 'EdDSA', public_key: pem(ed) }, await token({}, 'Ed25519', ed.privateKey)),
    undefined,
  )
})

t.test('3.3 all of the signature is checked', async (t) => {
  const bearer = await token({}, 'ES256', ec.privateKey)
  const [head, body, signature = ''] = bearer.split('.')
  const bytes = Buffer.from(signature, 'base64url')
  const with64 = (sig: Buffer): string => `${head}.${body}.${sig.toString('base64url')}`
  t.equal(await verdict(ES, bearer), undefined)
  t.equal(await verdict(ES, with64(Buffer.alloc(64))), INVALID, 'zeros (CVE-2022-21449)')
  t.equal(await verdict(ES, with64(Buffer.concat([Buffer.alloc(32), bytes.subarray(32)]))), INVALID, 'r is zero')
  const der = createSign('SHA256').update(`${head}.${body}`).sign(ec.privateKey)
  t.equal(await verdict(ES, with64(der)), INVALID, 'DER in place of r and s')
  t.equal(await verdict(ES, with64(Buffer.concat([bytes, Buffer.from([0])]))), INVALID, 'a byte more')
  t.equal(await verdict(ES, with64(bytes.subarray(1))), INVALID, 'a byte less')
  t.equal(await verdict(ES, `${bearer}=`), INVALID, 'padding')
  t.equal(await verdict(ES, `${bearer}.`), INVALID, 'a fourth part')
  t.equal(await verdict(ES, `${head}.${body}`), INVALID, 'two parts')
})

t.test('3.4 inputs to cryptography: keys that a token brings, or names, are ignored', async (t) => {
  const own = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const jwk = own.publicKey.export({ format: 'jwk' })
  for (const header of [
    { jwk },
    { jku: 'http://127.0.0.1:1/keys' },
    { x5u: 'http://127.0.0.1:1/cert' },
    { x5c: ['MIIB'] },
    { kid: '../../dev/null' },
    { kid: "' OR 1=1 --" },
    { kid: '__proto__' },
    { kid: 'x'.repeat(4000) },
  ]) {
    const forged = await new SignJWT(good).setProtectedHeader({ alg: 'ES256', ...header } as never).sign(own.privateKey)
    t.equal(await verdict(ES, forged), INVALID, JSON.stringify(header).slice(0, 60))
  }
  for (const kid of [1, null, {}, ['a']])
    t.equal(await verdict(HS, raw({ alg: 'HS256', kid }, good)), INVALID, JSON.stringify(kid))
})

t.test('3.5 keys with enough entropy', async (t) => {
  await t.rejects(new FilterBench().make(auth, { secret: 'short', required: true }), /needs at least 32/)
})

t.test('3.6 no compression: a token that says so is refused', async (t) => {
  t.equal(await verdict(HS, raw({ alg: 'HS256', zip: 'DEF', crit: ['zip'] }, good)), INVALID)
})

t.test('3.7 UTF-8 alone', async (t) => {
  const signed = `${b64({ alg: 'HS256' })}.${Buffer.from([0x7b, 0x22, 0x61, 0x22, 0x3a, 0x22, 0xff, 0x22, 0x7d]).toString('base64url')}`
  t.equal(await verdict(HS, `${signed}.${createHmac('sha256', SECRET).update(signed).digest('base64url')}`), INVALID)
})

t.test('3.8 the issuer', async (t) => {
  const options = { ...HS, issuer: 'https://id.example.com' }
  t.equal(await verdict(options, raw({ alg: 'HS256' }, { ...good, iss: 'https://id.example.com' })), undefined)
  for (const iss of [
    'https://id.example.com/',
    'HTTPS://id.example.com',
    undefined,
    null,
    ['https://id.example.com'],
    1,
  ])
    t.equal(await verdict(options, raw({ alg: 'HS256' }, { ...good, iss })), INVALID, JSON.stringify(iss))
})

t.test('3.9 the audience', async (t) => {
  const options = { ...HS, audience: ['api', 'web'] }
  for (const aud of ['api', 'web', ['x', 'web']])
    t.equal(await verdict(options, raw({ alg: 'HS256' }, { ...good, aud })), undefined, JSON.stringify(aud))
  for (const aud of ['x', undefined, [], {}, 'api web', [['api']]])
    t.equal(await verdict(options, raw({ alg: 'HS256' }, { ...good, aud })), INVALID, JSON.stringify(aud))
})

t.test('3.10 what a token says is not trusted: claims go through the same checks whoever signed them', async (t) => {
  const text = (claims: string): string => {
    const signed = `${b64({ alg: 'HS256' })}.${b64(claims)}`
    return `${signed}.${createHmac('sha256', SECRET).update(signed).digest('base64url')}`
  }
  const exp = String(NOW + 60)
  t.equal(await verdict(HS, text(`{"sub":"ann","exp":${exp}}`)), undefined)
  for (const claims of [
    `{"sub":"ann","sub":"eve","exp":${exp}}`,
    `{"sub":"ann","exp":${NOW - 600},"\\u0065xp":${exp}}`,
    `{"sub":"ann","exp":"${exp}"}`,
    `{"sub":"ann","exp":1e400}`,
    `{"sub":"ann","exp":null}`,
    `{"sub":"ann","exp":{}}`,
    `{"sub":"ann","exp":${exp},"nbf":"0"}`,
    `{"sub":"ann","exp":${exp},"iat":${NOW + 600}}`,
    `["sub"]`,
    `"sub"`,
    `null`,
    `{"sub":"ann"`,
  ])
    t.equal(await verdict(HS, text(claims)), INVALID, claims)
  t.equal(await verdict(HS, text('{"exp":-1}')), '401 token_expired')
  t.equal(await verdict(HS, text(`{"exp":${NOW - 6}.5}`)), '401 token_expired', 'a fraction')
  t.equal(await verdict(HS, text(`{"exp":${NOW + 60}.5}`)), undefined, 'a fraction')
  t.equal(await verdict(HS, text('{"exp":99999999999999}')), undefined, 'far in the future')
})

t.test('3.11 typ tells tokens for other uses apart', async (t) => {
  const options = { ...HS, token_type: 'at+jwt' }
  for (const typ of ['at+jwt', 'AT+JWT', 'application/at+jwt'])
    t.equal(await verdict(options, raw({ alg: 'HS256', typ }, good)), undefined, typ)
  for (const typ of ['JWT', undefined, 1, 'at+jwt '])
    t.equal(await verdict(options, raw({ alg: 'HS256', typ }, good)), INVALID, JSON.stringify(typ))
})

t.test('3.12 rules for each kind of token: required claims, values, age', async (t) => {
  const options = {
    ...HS,
    required_claims: ['sub', 'jti'],
    claims: { 'org.tenant': 'acme', amr: ['otp', 'hwk'] },
    max_age: '1h',
  }
  const all = { ...good, jti: '1', org: { tenant: 'acme' }, amr: ['pwd', 'otp'], iat: NOW - 60 }
  t.equal(await verdict(options, raw({ alg: 'HS256' }, all)), undefined)
  for (const other of [
    { jti: undefined },
    { org: { tenant: 'other' } },
    { org: 'acme' },
    { org: undefined, 'org.tenant': ['other'] },
    { amr: ['pwd'] },
    { amr: undefined },
    { iat: undefined },
  ])
    t.equal(await verdict(options, raw({ alg: 'HS256' }, { ...all, ...other })), INVALID, JSON.stringify(other))
  t.equal(await verdict(options, raw({ alg: 'HS256' }, { ...all, iat: NOW - 3700 })), '401 token_expired')
})

t.test('RFC 7515 §4.1.11: crit that is not understood, and RFC 7797: b64', async (t) => {
  for (const header of [
    { crit: ['x'], x: 1 },
    { crit: [] },
    { crit: 'x' },
    { crit: ['b64'], b64: false },
    { crit: ['exp'] },
  ])
    t.equal(await verdict(HS, raw({ alg: 'HS256', ...header }, good)), INVALID, JSON.stringify(header))
  t.equal(await verdict(HS, raw('{"alg":"none","alg":"HS256"}', good)), INVALID, 'two names in the header')
})
