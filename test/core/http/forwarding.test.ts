import t from 'tap'
import { readForwarding } from '../../../core/http/forwarding.ts'
import { TrustedProxies } from '../../../core/http/trusted-proxies.ts'

const proxies = new TrustedProxies(['10.0.0.0/8', 'fd00::/8'])
const PEER = '10.0.0.1'
const read = (...fields: readonly string[]) => readForwarding(fields, PEER, proxies)
const NOTHING = { hops: [], address: PEER, scheme: undefined, host: undefined }

t.test('nothing is forwarded', async (t) => {
  t.same(read(), NOTHING)
  t.same(read('X-Forwarded-For', '', 'X-Forwarded-Proto', ' , ', 'X-Forwarded-Host', ''), NOTHING)
})

t.test('the client is the last that is no trusted proxy', async (t) => {
  const client = (value: string): string => read('X-Forwarded-For', value).address
  t.equal(client('203.0.113.9'), '203.0.113.9')
  t.equal(client('192.0.2.1, 203.0.113.9, 10.0.0.7'), '203.0.113.9')
  t.equal(client('10.0.0.8, 10.0.0.7'), '10.0.0.8', 'all of them are trusted')
  t.equal(client('192.0.2.1, unknown, 10.0.0.7'), '10.0.0.7', 'what is no address ends the search')
  t.equal(client('nonsense'), PEER)
  t.equal(client('203.0.113.9:4711, [fd00::1]:80'), '203.0.113.9', 'ports do not count')
})

t.test('hops are addresses, unknown or obfuscated', async (t) => {
  t.same(
    read('X-Forwarded-For', '1.2.3.4:80, [2001:db8::1]:9, <script>, _secret', 'x-forwarded-for', '10.0.0.2').hops,
    ['1.2.3.4', '2001:db8::1', 'unknown', '_secret', '10.0.0.2'],
  )
  const many = Array.from({ length: 1000 }, (_, i) => `1.2.${i >> 8}.${i & 255}`)
  t.same(read('X-Forwarded-For', many.join()).hops, many.slice(-50), 'the nearest count')
  t.same(read('Forwarded', many.map((one) => `for=${one}`).join()).hops, many.slice(-50))
})

t.test('X-Forwarded-Proto and -Host: the first of a list, valid, in any case (traefik/traefik#6388)', async (t) => {
  for (const [value, scheme] of [
    ['https', 'https'],
    ['HTTPS', 'https'],
    ['wss', 'https'],
    ['ws', 'http'],
    ['https,http', 'https'],
    [' , http, https', 'http'],
    ['ftp, https', undefined],
    ['"https"', undefined],
  ] as const)
    t.equal(read('X-Forwarded-Proto', value).scheme, scheme, value)
  for (const [value, host] of [
    ['a.test', 'a.test'],
    ['a.test:8443, b.test', 'a.test:8443'],
    [', b.test', 'b.test'],
    ['[::1]:80', '[::1]:80'],
    ['a b', undefined],
    ['a/b, b.test', undefined],
    ['user@a.test', undefined],
    ['a.test:99999', undefined],
  ] as const)
    t.equal(read('X-Forwarded-Host', value).host, host, value)
  t.equal(read('X-Forwarded-Host', '', 'x-forwarded-host', 'b.test').host, 'b.test')
})

t.test('Forwarded alone counts (RFC 7239 §4)', async (t) => {
  t.same(read('Forwarded', 'for=203.0.113.9;host="a.test:80";proto=HTTPS;by=_x'), {
    hops: ['203.0.113.9'],
    address: '203.0.113.9',
    scheme: 'https',
    host: 'a.test:80',
  })
  t.same(read('forwarded', 'For="[2001:db8::1]:47011" , for=10.0.0.3', 'Forwarded', 'for=_x;proto=http').hops, [
    '2001:db8::1',
    '10.0.0.3',
    '_x',
  ])
  t.same(read('Forwarded', 'proto=https, for=unknown').hops, ['unknown', 'unknown'], 'a hop that does not name itself')
  t.equal(read('Forwarded', 'for="1.2.3.4\\"";;host=a,').address, PEER)
})

t.test('elements of strangers say nothing of host and scheme', async (t) => {
  t.match(
    read('Forwarded', 'for=1.2.3.4;host=evil.test;proto=https, for=203.0.113.9;host=a.test;proto=http, for=10.0.0.2'),
    {
      address: '203.0.113.9',
      host: 'a.test',
      scheme: 'http',
    },
  )
  t.match(read('Forwarded', 'host=evil.test;proto=https, for=203.0.113.9'), { host: undefined, scheme: undefined })
})

t.test('a malformed Forwarded says nothing', async (t) => {
  for (const wrong of [
    'for="',
    'for=1.2.3.4 host=a',
    'for=1.2.3.4;for=1.2.3.5',
    'for',
    '=1.2.3.4',
    'for=1.2.3.4;"x"=y',
    'for=1.2.3.4, host="a',
    '1.2.3.4',
    ',;, ;',
    `${' '.repeat(16_000)}x`,
    `${'a'.repeat(16_000)}`,
    `for="${'\\'.repeat(15_999)}`,
  ])
    t.same(read('Forwarded', wrong), NOTHING, wrong.slice(0, 40))
})

t.test('what a stranger began does not reach what proxies appended (lpinca/forwarded-parse#6)', async (t) => {
  const own = 'for=203.0.113.9;host="a.test:80";proto=https'
  const seen = { address: '203.0.113.9', host: 'a.test:80', scheme: 'https' }
  for (const lie of [
    'for="192.0.2.1',
    'for=192.0.2.1;for=192.0.2.2',
    'for',
    '"',
    '\\',
    'x="\\',
    '"a"="b',
    'for=192.0.2.1;x="',
    ';;"',
  ])
    t.match(read('Forwarded', `${lie}, ${own}`), { ...seen, hops: ['203.0.113.9'] }, lie)
  t.match(read('Forwarded', 'for="', 'Forwarded', `${own}, for=10.0.0.2`), {
    ...seen,
    hops: ['203.0.113.9', '10.0.0.2'],
  })
  t.same(read('Forwarded', 'for=192.0.2.1;x=", for=203.0.113.9;host=";for=192.0.2.2;z="'), {
    hops: ['203.0.113.9'],
    address: '203.0.113.9',
    scheme: undefined,
    host: ';for=192.0.2.2;z=',
  })
  t.same(read('Forwarded', 'for=192.0.2.1, for="[fd00::9]";x="a, \\"b\\\\"').hops, ['192.0.2.1', 'fd00::9'])
  t.same(read('Forwarded', `for=1.2.3.4${',"'.repeat(8000)}, for=203.0.113.9`).hops, ['203.0.113.9'])
  t.same(read('Forwarded', `for=1.2.3.4;x="${'\\"'.repeat(8000)}`).hops, [])
})

t.test('X-Forwarded-Host and -Proto: of a list, what trusted proxies appended', async (t) => {
  const told = (hops: string, hosts: string, protos: string) =>
    read('X-Forwarded-For', hops, 'X-Forwarded-Host', hosts, 'X-Forwarded-Proto', protos)
  t.match(told('203.0.113.9', 'evil.test, a.test', 'https, http'), { host: 'a.test', scheme: 'http' })
  t.match(told('192.0.2.1, 203.0.113.9', 'evil.test, a.test', 'https, http'), { host: 'a.test', scheme: 'http' })
  t.match(told('203.0.113.9, 10.0.0.2', 'evil.test, a.test, inner.test', 'http, https, http'), {
    host: 'a.test',
    scheme: 'https',
  })
  t.match(told('203.0.113.9, 10.0.0.2', 'a.test, inner.test', 'https'), { host: 'a.test', scheme: 'https' })
  t.match(
    read('X-Forwarded-Host', 'evil.test', 'X-Forwarded-For', '203.0.113.9', 'X-Forwarded-Host', 'a.test'),
    { host: 'a.test' },
    'a proxy that appends a field',
  )
})

t.test('where both families came, X-Forwarded-* alone count', async (t) => {
  const lie = ['Forwarded', 'for=1.2.3.4;host=evil.test;proto=https'] as const
  t.same(read(...lie, 'X-Forwarded-For', '203.0.113.9'), { ...NOTHING, hops: ['203.0.113.9'], address: '203.0.113.9' })
  t.same(read('X-Forwarded-Proto', 'http', ...lie), { ...NOTHING, scheme: 'http' })
  t.same(read('X-Forwarded-Host', 'a.test', ...lie), { ...NOTHING, host: 'a.test' })
})
