import t from 'tap'
import { ClientRanges, clientRanges } from '../../../filters/auth/client-ranges.ts'

const isIn = (address: string, ...ranges: string[]): boolean =>
  new ClientRanges(clientRanges().parse(ranges)).has(address)

t.test('addresses and ranges', async (t) => {
  t.ok(isIn('10.1.2.3', '10.0.0.0/8'))
  t.notOk(isIn('11.1.2.3', '10.0.0.0/8'))
  t.ok(isIn('192.0.2.1', '10.0.0.0/8', '192.0.2.1'))
  t.ok(isIn('fd00::1', 'fd00::/8'))
  t.notOk(isIn('fe80::1', 'fd00::/8'))
  t.ok(isIn('8.8.8.8', '0.0.0.0/0'))
  t.ok(isIn('2001:db8::1', '::/0'))
  t.ok(isIn('fe80::1%eth0', 'fe80::/10'), 'a zone does not count')
})

t.test('what is no address is in no range', async (t) => {
  for (const text of ['', 'unknown', '_hidden', '10.0.0', '%', 'a.test']) t.notOk(isIn(text, '0.0.0.0/0', '::/0'), text)
})

t.test('results are remembered, each for its address, however many there are', async (t) => {
  const ranges = new ClientRanges(['10.0.0.0/8'])
  for (let round = 0; round < 2; round++)
    for (let i = 0; i < 300; i++) {
      t.equal(ranges.has(`10.0.${i >> 8}.${i & 255}`), true)
      t.equal(ranges.has(`11.0.${i >> 8}.${i & 255}`), false)
    }
})

t.test('mistakes', async (t) => {
  const wrong = ['10.0.0.0/33', '10.0.0/8', 'fd00::/129', '10.0.0.0/', '10.0.0.0/8/8', 'a.test', '', 'fe80::1%eth0']
  for (const range of wrong)
    t.match(clientRanges().safeParse([range]).error?.issues[0], {
      path: [0],
      message: 'expected an IP address or a range such as 10.0.0.0/8 or fd00::/8',
    })
  t.notOk(clientRanges().safeParse([]).success)
  t.notOk(clientRanges().safeParse(Array.from({ length: 101 }, () => '10.0.0.1')).success)
})
