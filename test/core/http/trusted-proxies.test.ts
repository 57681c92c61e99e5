import t from 'tap'
import { bareAddress, plainAddress, TrustedProxies } from '../../../core/http/trusted-proxies.ts'

t.test('addresses and ranges of both families', async (t) => {
  const trusted = new TrustedProxies(['10.0.0.0/8', '192.0.2.7', '2001:db8::/32', '::1'])
  for (const address of ['10.0.0.1', '10.255.255.255', '192.0.2.7', '2001:db8:1::2', '::1'])
    t.ok(trusted.has(address), address)
  for (const address of ['11.0.0.1', '192.0.2.8', '2001:db9::1', '::2', '', 'a.test', '10.0.0', '10.0.0.1:80'])
    t.notOk(trusted.has(address), address)
  t.notOk(new TrustedProxies([]).has('10.0.0.1'), 'none')
  t.strictSame([trusted.routeByHost, new TrustedProxies([], true).routeByHost], [false, true])
})

t.test('an IPv4 address that a socket of both families names', async (t) => {
  for (const [address, plain] of [
    ['::ffff:1.2.3.4', '1.2.3.4'],
    ['1.2.3.4', '1.2.3.4'],
    ['::ffff:102:304', '::ffff:102:304'],
    ['2001:db8::1.2.3.4', '2001:db8::1.2.3.4'],
    ['::1', '::1'],
    [undefined, ''],
  ] as const)
    t.equal(plainAddress(address), plain, String(address))
})

t.test('an address without port and brackets', async (t) => {
  for (const [hop, address] of [
    ['1.2.3.4', '1.2.3.4'],
    ['1.2.3.4:80', '1.2.3.4'],
    ['::1', '::1'],
    ['[::1]', '::1'],
    ['[::1]:8080', '::1'],
    ['::ffff:1.2.3.4', '1.2.3.4'],
    ['[::ffff:1.2.3.4]:80', '1.2.3.4'],
    ['', undefined],
    ['unknown', undefined],
    ['_hidden', undefined],
    ['1.2.3:80', undefined],
    ['1.2.3.4:', undefined],
    ['1.2.3.4:80x', undefined],
    ['x1.2.3.4:80', undefined],
    ['[1.2.3.4', undefined],
    ['[::1]x', undefined],
    ['x[::1]', undefined],
    ['[::1]:x', undefined],
    ['[a.test]:80', undefined],
  ] as const)
    t.equal(bareAddress(hop), address, hop)
})
