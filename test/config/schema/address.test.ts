import t from 'tap'
import { parse, problems } from '../support.ts'

t.test('a listen key is a port, or a host and a port', async (t) => {
  const read = (listen: string): unknown => {
    const proxy = parse(`listen: ${listen}`).spec.listeners[0]
    return [proxy?.host, proxy?.port]
  }
  t.same(read('8080'), [undefined, 8080])
  t.same(read('"8080"'), [undefined, 8080])
  t.same(read('":8080"'), [undefined, 8080])
  t.same(read('"*:8080"'), [undefined, 8080])
  t.same(read('127.0.0.1:8080'), ['127.0.0.1', 8080])
  t.same(read('Example.com:8080'), ['example.com', 8080])
  t.same(read('"[::1]:8080"'), ['::1', 8080])
  t.same(read('0'), [undefined, 0])
})

t.test('anything else is a problem', async (t) => {
  for (const listen of [
    'localhost',
    '"a b:1"',
    'http://x:1',
    '"[x]:1"',
    '"1.2.3.4:"',
    '"/run/sock"',
    'x:y',
    '"a..b:1"',
    'true',
  ])
    t.match(problems(`listen: ${listen}`), [/^1:1 listen: expected a port/], listen)
  t.match(problems('listen: host:70000'), [/expected a port from 0 to 65535/])
  t.match(problems('listen: "::1"'), [/expected an IPv6 address in brackets/])
  t.match(problems('listen: "::1:8000"'), [/expected an IPv6 address in brackets/])
  t.match(problems('listen: -1'), [/expected at least 0, found -1/])
})

t.test('ranges are addresses with a prefix that fits', async (t) => {
  const read = (range: string): number => problems(`trusted_proxies: [${JSON.stringify(range)}]`).length
  for (const range of ['10.0.0.0/8', '10.0.0.1', '::/1', '::1', 'fd00::/8', '1.2.3.4/32'])
    t.equal(read(range), 0, range)
  for (const range of [
    '',
    '10.0.0/8',
    '10.0.0.0/',
    '10.0.0.0/33',
    '::/129',
    '1.2.3.4/8/8',
    'fe80::1%eth0',
    'x',
    '1.2.3.4/-1',
  ])
    t.equal(read(range), 1, range)
})
