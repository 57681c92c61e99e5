// biome-ignore-all lint/suspicious/noTemplateCurlyInString: references look like this
import fc from 'fast-check'
import t from 'tap'
import { isMasked, isSecret, isSecretQueryKey, MASK, maskText } from '../../../core/base/masking.ts'

t.test('names of secrets', async (t) => {
  for (const name of [
    'secret',
    'clientSecret',
    'secret_file',
    'password',
    'Passwd',
    'passphrase',
    'X-API-Key',
    'apikey',
    'access_token',
    'credentials',
    'Authorization',
    'Proxy-Authorization',
    'Set-Cookie',
    'x-amz-signature',
    'basic_auth',
    'X-Auth',
    'db_pwd',
    'pass',
    'user.pass',
    'psk',
    'pin',
    'otp',
    'sig',
  ])
    t.ok(isSecret(name), name)
  for (const name of [
    '',
    'auth',
    'auth_type',
    'issuer',
    'bypass',
    'compass',
    'url',
    'spin',
    'code',
    'session',
    'optional',
  ])
    t.notOk(isSecret(name), name)
})

t.test('names of secrets in a query, however they are encoded', async (t) => {
  for (const key of [
    'token',
    'to%6ben',
    '%74oken',
    ' token+',
    'X-Goog-Signature',
    'code',
    'AUTH',
    'jwt',
    'sid',
    '%',
    '%ff',
  ])
    t.ok(isSecretQueryKey(key), key)
  for (const key of ['', 'a', 'page', 'zipcode', 'sort']) t.notOk(isSecretQueryKey(key), key)
})

/** Each holds `hunter2` where nobody may see it. */
const HOSTILE: readonly [text: string, masked: string][] = [
  ['http://user:hunter2@host/x', 'http://…@host/x'],
  ['http://hunter2@host', 'http://…@host'],
  ['http://:hunter2@host', 'http://…@host'],
  ['http://user:pa/hunter2@host/x', 'http://…@host/x'],
  ['http://user:pa@hunter2@host/x', 'http://…@host/x'],
  ['http://user:pa?hunter2@host/x', 'http://…@host/x'],
  ['http://user:pa#hunter2@host/x', 'http://…@host/x'],
  ['http://user:pa hunter2@host/x', 'http://…@host/x'],
  ['http://user:pa\\hunter2@host/x', 'http://…@host/x'],
  ['http://user:pa\nhunter2@host/x', 'http://…@host/x'],
  ['http://user:pa//hunter2@host/x', 'http://…@host/x'],
  ['http://user:%68unter2%40hunter2@host', 'http://…@host'],
  ['http://user:ÿ😀hunter2@host', 'http://…@host'],
  ['HTTPS://User:hunter2@HOST', 'HTTPS://…@HOST'],
  ['redis+tls://u:hunter2@h:6379/0', 'redis+tls://…@h:6379/0'],
  ['//user:hunter2@host', '//…@host'],
  ['user:hunter2@host:6379', '…@host:6379'],
  ['user:pa hunter2@host', '…@host'],
  ['user:pa//hunter2@host', '…@host'],
  ['http:/user:hunter2@host', '…@host'],
  ['http:user:hunter2@host', '…@host'],
  ['http:\\\\user:hunter2@host', '…@host'],
  ['http//user:hunter2@host', 'http//…@host'],
  ['http%3A%2F%2Fu%3Ahunter2%40h', 'http%3A//…@h'],
  ['https://h/?to=http%3A%2F%2Fu%3Ahunter2%40h', 'https://…@h'],
  ['http://a:hunter2@b http://c:hunter2@d', 'http://…@d'],
  ['${URL:-http://u:hunter2@h}', '${URL:-http://…@h}'],
  ['http://u:${PASSWORD:-hunter2}@h', 'http://…@h'],
  ['${API_TOKEN:-hunter2}', '${API_TOKEN:-***}'],
  ['a ${DB_PASSWORD:-hunter2} b', 'a ${DB_PASSWORD:-***} b'],
  ['https://h/x?token=hunter2', 'https://h/x?token=***'],
  ['https://h/x?a=1&to%6Ben=hunter2&b=2', 'https://h/x?a=1&to%6Ben=***&b=2'],
  ['?password=a&hunter2&c=1', '?password=***&c=1'],
  ['?password=a&hunter2', '?password=***'],
  ['?password=a#hunter2', '?password=***'],
  ['?password=a;hunter2', '?password=***'],
  ['?password=a hunter2', '?password=***'],
  ['?password==hunter2', '?password=***'],
  ['?a=1;sig=hunter2', '?a=1;sig=***'],
  ['/cb#access_token=hunter2', '/cb#access_token=***'],
  ['sid=hunter2; a=1', 'sid=***'],
  ['a=1; session=hunter2', 'a=1; session=***'],
  ['?%zz=hunter2', '?%zz=***'],
  ['Authorization: Basic hunter2', 'Authorization: ***'],
  ['x-api-key: hunter2', 'x-api-key: ***'],
  ['{"secret":"hunter2","x":1}', '{"secret":***'],
  ['{ issuer: a, secret: hunter2 }', '{ issuer: a, secret: ***'],
  ['Bearer hunter2', 'Bearer ***'],
  ['say bearer  hunter2, please', 'say bearer  ***, please'],
  ['-----BEGIN EC PRIVATE KEY-----\nhunter2\n-----END EC PRIVATE KEY-----', MASK],
  ['{"kty":"oct","k":"hunter2"}', MASK],
]

t.test('secrets of every kind', async (t) => {
  for (const [text, masked] of HOSTILE) {
    t.equal(maskText(text), masked, JSON.stringify(text))
    t.ok(isMasked(masked), 'is known to be masked')
    t.notOk(isMasked(text), 'and is not before')
  }
})

t.test('what is no secret stays', async (t) => {
  for (const text of [
    '',
    'a',
    'https://api.example.com:8443/base?page=2#top',
    'http://token-service:8080/x',
    'http://host/token/key',
    'someone@example.com',
    '@scope/package',
    './plugins/@own/filter.ts',
    '${URL}',
    '${URL:-http://localhost:8000}',
    '${file:/run/secrets/token}',
    '127.0.0.1:8001',
    '[::1]:8000',
    'urn:example:token:a',
    '?token=&a=1',
    'secret:',
    '10:00',
    'GET',
    '5s',
  ])
    t.equal(maskText(text), text)
})

t.test('no password of a URL comes through, whatever it is made of', async (t) => {
  const part = fc.string({ unit: fc.constantFrom(...'/@?#:;&=%\\ \n"\'${}a1é😀'), maxLength: 12 })
  fc.assert(
    fc.property(part, part, part, (user, before, after) => {
      const text = `http://${user}:${before}hunter2${after}@host/x`
      t.notMatch(maskText(text), 'hunter2', text)
      t.notMatch(maskText(`?a=1&password=${before.replaceAll(/[&=]/g, '')}hunter2${after}`), 'hunter2', text)
    }),
    { numRuns: 500 },
  )
})

// Work that grows with the square of the length would not end before the test's time limit.
t.test('a key of a megabyte', async (t) => {
  for (const key of [`a${'!'.repeat(1_000_000)}a`, '!'.repeat(1_000_000), `token${'!'.repeat(1_000_000)}`]) {
    const secret = key.startsWith('token')
    t.equal(isSecretQueryKey(key), secret)
    t.equal(maskText(`?${key}=1`) === `?${key}=1`, !secret)
  }
})

t.test('the time grows with the length, and no faster', async (t) => {
  const n = 100_000
  for (const piece of [
    'a:',
    '@',
    'a:@',
    '/',
    '//',
    '%40',
    '${',
    '${a',
    '${a:-',
    '?a=',
    '&',
    '=',
    'token=a&',
    'token=a&b',
    'a : ',
    ' ',
    '"',
    'bearer ',
    '-----BEGIN ',
  ]) {
    const text = piece.repeat(n)
    const start = performance.now()
    for (const one of [text, `${text}@`, `@${text}`, `token=${text}`, `a${text}: x@b`]) maskText(one)
    t.ok(performance.now() - start < 2000, piece)
  }
})
