import type { LookupAddress, LookupOptions } from 'node:dns'
import { setImmediate as turn } from 'node:timers/promises'
import t from 'tap'
import { TimerWheel } from '../../../../core/base/timer-wheel.ts'
import { ManualClock } from '../../../../core/testing.ts'
import { Addresses } from '../../../../filters/proxy/dns/addresses.ts'
import type { Resolution } from '../../../../filters/proxy/dns/resolve.ts'

const familyOf = (address: string): number => (address.includes(':') ? 6 : 4)

function setUp(first: readonly string[] | Error = ['10.0.0.1'], ttl?: number | Promise<number>) {
  const clock = new ManualClock()
  const timers = new TimerWheel({ manual: true, now: () => clock.now() })
  const log: string[] = []
  const at = (level: string) => (fields: object, message: string) =>
    void log.push(`${level} ${message} ${JSON.stringify(fields)}`)
  const logger = { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error'), child: () => logger }
  const upstream = { now: first, ttl, asked: 0, answer: undefined as Promise<void> | undefined }
  const resolve = async (): Promise<Resolution> => {
    upstream.asked++
    await upstream.answer
    if (upstream.now instanceof Error) throw upstream.now
    const addresses = upstream.now.map((address) => ({ address, family: familyOf(address) }))
    return { addresses, ttl: Promise.resolve(upstream.ttl) }
  }
  const bounds = { min: 5000, max: 300_000, default: 30_000 }
  const addresses = new Addresses('up.test', bounds, { resolve, clock, timers, log: logger })
  const lookup = (options: LookupOptions = { all: true }): Promise<readonly string[]> =>
    new Promise((resolve, reject) =>
      addresses.lookup('up.test', options, (error, found) => {
        if (error !== null) reject(error)
        else resolve(typeof found === 'string' ? [found] : (found as LookupAddress[]).map(({ address }) => address))
      }),
    )
  /** Lets time pass, a tick at a time, and what hangs on it happen. */
  const pass = async (ms: number): Promise<void> => {
    for (let left = ms; left > 0; left -= 100) {
      clock.advance(Math.min(left, 100))
      timers.advance()
      await turn()
    }
  }
  return { addresses, upstream, lookup, pass, log, timers, use: () => addresses.touch() }
}

const refused = (code: string): Error => Object.assign(new Error(code), { code })

t.test('a name is asked for when it is first used, and once for all who wait', async (t) => {
  const { upstream, lookup, use } = setUp()
  t.equal(upstream.asked, 0)
  use()
  t.same(await Promise.all([lookup(), lookup()]), [['10.0.0.1'], ['10.0.0.1']])
  t.same(await lookup({}), ['10.0.0.1'], 'one alone, for those who want no more')
  t.equal(upstream.asked, 1)
})

for (const [what, ttl, expected] of [
  ['its TTL', 60_000, 60_000],
  ['a TTL below min', 0, 5000],
  ['a TTL above max', 86_400_000, 300_000],
  ['no TTL', undefined, 30_000],
] as const) {
  t.test(`asked anew by ${what}, while it is used`, async (t) => {
    const { upstream, lookup, pass, use } = setUp(['10.0.0.1'], ttl)
    use()
    await lookup()
    use()
    await pass(expected - 200)
    t.equal(upstream.asked, 1)
    upstream.now = ['10.0.0.2']
    await pass(400)
    t.equal(upstream.asked, 2)
    t.same(await lookup(), ['10.0.0.2'])
  })
}

t.test('a name that nobody uses is not asked for; who then comes waits for the new addresses', async (t) => {
  const { upstream, lookup, pass, use, timers } = setUp()
  use()
  await lookup()
  await pass(100_000)
  t.equal(upstream.asked, 1)
  t.equal(timers.size, 0)
  upstream.now = ['10.0.0.9']
  use()
  t.same(await lookup(), ['10.0.0.9'])
  t.equal(upstream.asked, 2)
})

t.test('while it is asked for anew the old addresses are used', async (t) => {
  const { upstream, lookup, pass, use } = setUp()
  use()
  await lookup()
  use()
  const { promise, resolve } = Promise.withResolvers<void>()
  upstream.answer = promise
  upstream.now = ['10.0.0.2']
  await pass(30_200)
  t.equal(upstream.asked, 2)
  t.same(await lookup(), ['10.0.0.1'])
  resolve()
  await turn()
  t.same(await lookup(), ['10.0.0.2'])
})

t.test('a resolution that fails keeps the old addresses, and is logged once', async (t) => {
  const { upstream, lookup, pass, use, log } = setUp()
  use()
  await lookup()
  upstream.now = refused('ESERVFAIL')
  for (let i = 0; i < 5; i++) {
    use()
    await pass(i === 0 ? 30_200 : 5200)
    t.equal(upstream.asked, i + 2, 'asked again after min_ttl')
    t.same(await lookup(), ['10.0.0.1'])
  }
  upstream.now = ['10.0.0.1']
  use()
  await pass(5200)
  t.same(log, [
    'warn the name of an upstream does not resolve {"name":"up.test","code":"ESERVFAIL","kept":1}',
    'info the name of an upstream resolves again {"name":"up.test"}',
  ])
})

t.test('a name that never resolved fails those who use it, and is asked for once a second at most', async (t) => {
  const { upstream, lookup, pass, use } = setUp(refused('ENOTFOUND'))
  use()
  await t.rejects(lookup(), { code: 'ENOTFOUND' })
  for (let i = 0; i < 10; i++) {
    use()
    await t.rejects(lookup(), { code: 'ENOTFOUND' })
  }
  t.equal(upstream.asked, 1)
  upstream.now = ['10.0.0.1']
  await pass(1200)
  t.equal(upstream.asked, 2)
  t.same(await lookup(), ['10.0.0.1'])
})

t.test('addresses are taken in turn, those of the first family first', async (t) => {
  const { lookup } = setUp(['10.0.0.1', '10.0.0.2', '2001:db8::1', '2001:db8::2'])
  t.same(await lookup(), ['10.0.0.1', '10.0.0.2', '2001:db8::1', '2001:db8::2'])
  t.same(await lookup(), ['10.0.0.2', '10.0.0.1', '2001:db8::2', '2001:db8::1'])
  t.same(await lookup(), ['10.0.0.1', '10.0.0.2', '2001:db8::1', '2001:db8::2'])
})

t.test('connections to addresses that are gone are told, the others not', async (t) => {
  const { addresses, upstream, lookup, pass, use, log } = setUp(['10.0.0.1', '10.0.0.2'])
  use()
  await lookup()
  const retired: string[] = []
  const connections = ['10.0.0.1', '10.0.0.2', '10.0.0.1'].map((address, i) => ({
    address,
    retire: () => void retired.push(`${i} ${address}`),
  }))
  for (const connection of connections) addresses.join(connection)
  addresses.leave(connections[2]!)
  upstream.now = ['10.0.0.2', '10.0.0.3']
  use()
  await pass(30_200)
  t.same(retired, ['0 10.0.0.1'])
  t.same([addresses.has('10.0.0.1'), addresses.has('10.0.0.3')], [false, true])
  t.match(log, [
    /the addresses of an upstream changed .*"from":\["10.0.0.1","10.0.0.2"\],"to":\["10.0.0.2","10.0.0.3"\]/,
  ])
  upstream.now = ['10.0.0.3', '10.0.0.2']
  use()
  await pass(30_200)
  t.equal(log.length, 1, 'another order is no move')
})

t.test('when no connection can be made the name is asked for anew, but not before min_ttl', async (t) => {
  const { addresses, upstream, lookup, pass, use } = setUp(['10.0.0.1'], 300_000)
  use()
  await lookup()
  upstream.now = ['10.0.0.2']
  await pass(1000)
  for (let i = 0; i < 3; i++) {
    use()
    addresses.suspect()
  }
  await pass(3800)
  t.equal(upstream.asked, 1)
  await pass(400)
  t.equal(upstream.asked, 2)
  t.same(await lookup(), ['10.0.0.2'])
  await pass(60_000)
  use()
  addresses.suspect()
  await pass(200)
  t.equal(upstream.asked, 3, 'at once, if min_ttl is over')
})

t.test('a TTL that comes late says nothing about a later resolution', async (t) => {
  const late = Promise.withResolvers<number>()
  const { upstream, lookup, pass, use } = setUp(['10.0.0.1'], late.promise)
  use()
  await lookup()
  use()
  upstream.ttl = undefined
  await pass(30_200)
  t.equal(upstream.asked, 2)
  late.resolve(5000)
  use()
  await pass(10_000)
  t.equal(upstream.asked, 2)
})

t.test('what is closed while it asks sets no timer afterwards', async (t) => {
  const { addresses, upstream, lookup, timers } = setUp()
  const answer = Promise.withResolvers<void>()
  upstream.answer = answer.promise
  const found = lookup()
  addresses.close()
  answer.resolve()
  t.same(await found, ['10.0.0.1'])
  await turn()
  t.equal(timers.size, 0)
})

t.test('what is closed asks no more', async (t) => {
  const { addresses, upstream, lookup, pass, use, timers } = setUp()
  use()
  await lookup()
  use()
  addresses.close()
  t.equal(timers.size, 0)
  await pass(60_000)
  t.equal(upstream.asked, 1)
})
