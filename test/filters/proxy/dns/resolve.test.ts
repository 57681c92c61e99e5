import { Resolver } from 'node:dns/promises'
import t from 'tap'
import { resolveAt, systemResolve } from '../../../../filters/proxy/dns/resolve.ts'
import { type Records, startDns } from '../../../support/dns.ts'

async function server(t: { teardown(fn: () => unknown): unknown }, names: Record<string, Records>) {
  const dns = await startDns(names)
  t.teardown(() => dns.close())
  return { dns, resolve: resolveAt([dns.address]) }
}

t.test('name servers: both families, and the shortest TTL', async (t) => {
  const { dns, resolve } = await server(t, {
    'both.test': { addresses: ['192.0.2.1', '2001:db8::1', '192.0.2.2'], ttl: 77 },
    'four.test': { addresses: ['192.0.2.1'], ttl: 0 },
  })
  const { addresses, ttl } = await resolve('both.test')
  t.same(addresses, [
    { address: '192.0.2.1', family: 4, ttl: 77 },
    { address: '192.0.2.2', family: 4, ttl: 77 },
    { address: '2001:db8::1', family: 6, ttl: 77 },
  ])
  t.equal(await ttl, 77_000)
  t.same([...dns.asked].sort(), ['A both.test', 'AAAA both.test'])
  t.equal(await (await resolve('four.test')).ttl, 0)
})

t.test('name servers: failures', async (t) => {
  const { resolve } = await server(t, {
    'fails.test': { failure: 'SERVFAIL' },
    'empty.test': { addresses: [] },
  })
  await t.rejects(resolve('nowhere.test'), { code: 'ENOTFOUND' })
  await t.rejects(resolve('fails.test'), { code: 'ESERVFAIL' })
  await t.rejects(resolve('empty.test'), { code: 'ENODATA' })
})

t.test('the system: the hosts file counts, and tells no TTL', async (t) => {
  const { addresses, ttl } = await systemResolve()('localhost')
  t.ok(addresses.some(({ address }) => address === '127.0.0.1' || address === '::1'))
  t.equal(await ttl, undefined)
})

t.test('the system: the TTL is that of records with the same addresses', async (t) => {
  const { dns } = await server(t, { 'up.test': { addresses: ['192.0.2.1', '192.0.2.2'], ttl: 60 } })
  const resolver = new Resolver()
  resolver.setServers([dns.address])
  const found = (...addresses: string[]): ReturnType<typeof systemResolve> =>
    systemResolve(async () => addresses.map((address) => ({ address, family: 4 })), resolver)
  t.equal(await (await found('192.0.2.2', '192.0.2.1')('up.test')).ttl, 60_000)
  t.equal(await (await found('192.0.2.2')('up.test')).ttl, 60_000, 'a part of them')
  t.equal(await (await found('192.0.2.1', '10.0.0.1')('up.test')).ttl, undefined, 'a hosts file says otherwise')
  t.equal(await (await found('192.0.2.1')('up')).ttl, undefined, 'a search domain completes it')
  t.notOk(
    dns.asked.some((question) => question.startsWith('AAAA')),
    'families that there are',
  )
  await t.rejects(found()('up.test'), { code: 'ENODATA' })
})
