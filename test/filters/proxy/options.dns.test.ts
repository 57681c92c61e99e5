import t from 'tap'
import { endpoint, FilterBench, targetOf } from '../../../core/testing.ts'
import { proxy } from '../../../filters/proxy/filter.ts'

const at = endpoint('api', { targets: [targetOf('http://up.test'), targetOf('http://[::1]:8080')] })

for (const [what, dns, problem] of [
  ['bounds that cross', { max_ttl: '2s' }, /min_ttl to be at most max_ttl/],
  ['no TTL at all', { min_ttl: 0 }, /above zero/],
  ['a name as name server', { servers: ['dns.test'] }, /expected an IP address/],
] as const)
  t.test(`refused: ${what}`, (t) => t.rejects(new FilterBench([at]).make(proxy, { dns }, { endpoint: at }), problem))

t.test('one address book a name and settings, kept as long as an instance has it', async (t) => {
  const bench = new FilterBench([at])
  const options = { dns: { servers: ['192.0.2.1', '[2001:db8::1]:5353'] } }
  const first = await bench.make(proxy, options, { endpoint: at })
  const { size } = bench.shared
  t.equal(
    size,
    9,
    'two pools and their gauges, those of their checks, one name, the count of upgrades, the shortages, the name in Via',
  )
  const second = await bench.make(proxy, { ...options, timeout: '9s', connect_timeout: '10s' }, { endpoint: at })
  t.equal(bench.shared.size, size)
  await first.dispose()
  t.equal(bench.shared.size, size)
  await second.dispose()
  t.equal(bench.shared.size, 0)
})
