import t from 'tap'
import {
  digestOfKey,
  hashText,
  isKey,
  KEY_HASH,
  parseKeyHash,
  secretOf,
} from '../../../../filters/auth/api-key/key-hash.ts'

const HEX = 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad'
const DIGEST = Buffer.from(HEX, 'hex')

t.test('SHA-256 (FIPS 180-4) and HMAC-SHA-256 (RFC 4231)', async (t) => {
  t.equal(digestOfKey('abc', 'sha256', undefined).toString('hex'), HEX)
  t.equal(hashText('abc', undefined), `sha256:${DIGEST.toString('base64url')}`)
  const secret = secretOf(Buffer.alloc(131, 0xaa))
  const text = 'Test Using Larger Than Block-Size Key - Hash Key First'
  const expected = '60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54'
  t.equal(digestOfKey(text, 'hmac-sha256', secret).toString('hex'), expected)
  t.equal(hashText(text, secret), `hmac-sha256:${Buffer.from(expected, 'hex').toString('base64url')}`)
})

t.test('a hash in hexadecimal or base64', async (t) => {
  const base64 = 'T3v/T3v/T3v/T3v/T3v+T3v/T3v/T3v/T3v/T3v/T3s='
  const url = base64.replaceAll('/', '_').replaceAll('+', '-')
  for (const text of [HEX, HEX.toUpperCase(), DIGEST.toString('base64'), DIGEST.toString('base64url')])
    t.strictSame(parseKeyHash(`sha256:${text}`), { kind: 'sha256', digest: DIGEST }, text)
  t.strictSame(parseKeyHash(`hmac-sha256:${HEX}`), { kind: 'hmac-sha256', digest: DIGEST })
  t.strictSame(parseKeyHash(`sha256:${base64}`), parseKeyHash(`sha256:${url}`), 'of either alphabet')
  const none = [
    '',
    HEX,
    'weir_0123456789',
    `sha512:${HEX}`,
    `SHA256:${HEX}`,
    `sha256: ${HEX}`,
    `sha256:${HEX}0`,
    `sha256:${HEX.slice(2)}`,
    `sha256:${HEX}\n`,
    `sha256:${'a'.repeat(42)}`,
  ]
  for (const text of none) {
    t.equal(parseKeyHash(text), undefined, text)
    t.notOk(KEY_HASH.test(text), text)
  }
})

t.test('the characters of a key', async (t) => {
  for (const text of ['12345678', '!~'.repeat(256)]) t.ok(isKey(text), text)
  for (const text of ['', '1234567', 'a'.repeat(513), 'with space', 'with\ttab', '12345678\n', 'caf\u00e9-cafe'])
    t.notOk(isKey(text), JSON.stringify(text))
})

t.test('the secret of a file', async (t) => {
  const secret = 's'.repeat(32)
  const bytes = (text: string) => secretOf(Buffer.from(text)).export().toString()
  t.equal(bytes(secret), secret)
  t.equal(bytes(`${secret}\n`), secret)
  t.equal(bytes(`${secret}\r\n`), secret)
  t.equal(bytes(`${secret}\n\n`), `${secret}\n`, 'one line break alone')
  for (const [text, length] of [
    ['', 0],
    ['\n', 0],
    ['\r\n', 0],
    [`${'s'.repeat(31)}\n`, 31],
  ] as const)
    t.throws(() => secretOf(Buffer.from(text)), {
      message: `the secret has ${length} bytes and needs at least 32: make one with "openssl rand -base64 48"`,
    })
})
