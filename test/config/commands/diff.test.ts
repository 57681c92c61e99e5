import t from 'tap'
import { inFolder, weir } from './support.ts'

const OLD = `log_level: info
filters:
  - request-id
  - auth: { secret: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa }
  - route-match
  - method-check
  - breaker
  - proxy
  - metrics
endpoints:
  - { name: a, url: "http://a", timeout: 5s }
  - { name: b, url: "http://b", filters: { breaker: off } }
  - { name: c, url: "http://c" }
`

async function changed(t: Parameters<typeof inFolder>[0], next: string, old = OLD) {
  inFolder(t, { 'old.yaml': old, 'new.yaml': next })
  const { out, code, err } = await weir(['diff', 'old.yaml', 'new.yaml'])
  t.equal(code, 0, err)
  return out
}

t.test('how it is written does not matter', async (t) => {
  const same = `endpoints:
  - { name: c, url: "http://c" }
  - { name: b, url: "http://b", filters: { breaker: off } }
  - { name: a, url: "http://a", filters: { proxy: { timeout: 5s } } }
filters: [request-id, { auth: { secret: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa } }, route-match, method-check, breaker, proxy, metrics]
`
  t.match(
    await changed(t, same),
    /^\nMade anew:|^Made anew:/,
    'the order of endpoints is part of what route-match is made of',
  )
  t.equal(await changed(t, OLD), 'Nothing changes.\n')
})

t.test('endpoints', async (t) => {
  const out = await changed(
    t,
    OLD.replace('http://a", timeout: 5s', 'http://a2", timeout: 6s')
      .replace('name: c', 'name: d')
      .replace('breaker: off', 'proxy: { timeout: 1s }'),
  )
  t.match(out, /^- endpoint c$/m)
  t.match(out, /^\+ endpoint d$/m)
  t.match(out, /^~ endpoint a, targets: \[http:\/\/a\] → \[http:\/\/a2\]$/m)
  t.match(out, /^~ endpoint a, filter proxy, timeout: 5s → 6s$/m)
  t.match(out, /^~ endpoint b, filter breaker: on$/m)
  t.match(out, /^~ endpoint b, filter proxy, timeout: nothing → 1s$/m)
})

t.test('a version that is added may take the requests without a version', async (t) => {
  const version = (name: string, more = '') => `  - { name: o, version: ${name}, url: "http://${name}"${more} }\n`
  const of = (...versions: string[]) => `endpoints:\n${versions.join('')}`
  const route = '~ route /orchestrator/o, endpoint: '
  t.match(
    await changed(t, of(version('v1'), version('v2')), of(version('v1'))),
    `+ endpoint v2/o\n${route}v1/o → v2/o\n`,
  )
  const off = of(version('v1'), version('v2', ', disabled: true'))
  t.match(await changed(t, off, of(version('v1'), version('v2'))), `${route}v2/o → v1/o\n`)
  t.notMatch(await changed(t, of(version('v2'), version('v1')), of(version('v2'))), '~ route')
  t.notMatch(
    await changed(t, of(version('v2'), version('v11-beta')), of(version('v2'))),
    '~ route',
    'no pre-release does',
  )
  t.match(
    await changed(
      t,
      'endpoints:\n  - { name: b, url: "http://b", path: /x }\n',
      'endpoints:\n  - { name: a, url: "http://a", path: /x }\n',
    ),
    '~ route /x, endpoint: a → b\n',
  )
})

t.test('filters: added, removed, moved, changed', async (t) => {
  const next = OLD.replace('  - metrics\n', '')
    .replace('  - request-id\n', '')
    .replace('  - proxy\n', '  - request-id\n  - proxy: { preserve_host: true }\n')
  const out = await changed(t, next)
  t.match(out, /^- filter metrics of proxy$/m)
  t.match(out, /^~ filter request-id of proxy: first, now after breaker$/m)
  t.match(out, /^~ filter proxy of proxy, preserve_host: nothing → true$/m)
  t.equal(out.match(/now /g)?.length, 1, 'what only made room has not moved')
})

t.test('secrets are compared and not shown', async (t) => {
  const out = await changed(t, OLD.replace('aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa', 'bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb'))
  t.match(out, /^~ filter auth of proxy, secret: changed, not shown \(\*\*\*\)$/m)
  t.notMatch(out, /aaaa|bbbb/)
})

t.test('what a reload makes anew, and what it keeps', async (t) => {
  const out = await changed(t, OLD.replace('timeout: 5s', 'timeout: 6s'))
  t.match(out, /^Made anew:\n {2}a {2}proxy {2}carried over: request-id, .*, metrics\nCarried over whole: 4 chains\n$/m)
  const { reload } = (await weir(['diff', 'old.yaml', 'new.yaml', '--json'])).json() as { reload: object[] }
  t.match(reload[1], { listener: 'proxy', endpoint: 'a', made: ['proxy'], kept: ['request-id', 'auth', 'route-match'] })
  t.strictSame(reload.at(-1), { listener: 'admin', endpoint: null, made: [], kept: ['admin'] })
})

t.test('settings, and what needs a restart', async (t) => {
  const out = await changed(
    t,
    `listen: 9000\nshutdown: { timeout: 1m }\ntrusted_proxies: [10.0.0.0/8]\ntracing: { sample_ratio: 0.5 }\nhealth_check: { interval: 5s }\n${OLD.replace('info', 'debug')}`,
  )
  t.match(out, /^~ settings, log_level: info → debug$/m)
  t.match(out, /^~ settings, shutdown\.timeout: 30s → 60s$/m)
  t.match(out, /^~ settings, trusted_proxies: \[\] → \[10\.0\.0\.0\/8\]$/m)
  t.match(out, /^~ settings, health_check\.interval: nothing → 5s$/m)
  t.match(out, /^~ listener proxy, listen: 8000 → 9000$/m)
  t.match(out, /because these need a restart: the addresses of the listeners, tracing\n$/)
  t.match(await changed(t, `admin: off\n${OLD}`), /^- listener admin$/m)
})

t.test('the time limit of hooks', async (t) => {
  const limited = (limit: string) => OLD.replace('- method-check', `- { filter: method-check, hook_timeout: ${limit} }`)
  t.match(await changed(t, limited('2s')), /^~ filter method-check of proxy, hook_timeout: nothing → 2s$/m)
  t.match(await changed(t, limited('3s'), limited('2s')), /hook_timeout: 2s → 3s$/m)
})

t.test('off and on, in the chain, at an endpoint, by a group', async (t) => {
  const next = OLD.replace('- breaker\n', '- breaker: off\n')
  t.match(await changed(t, next), /^~ filter breaker of proxy: off$/m)
  t.match(await changed(t, OLD, next), /^~ filter breaker of proxy: on$/m)
  const on = next.replace('name: c, url: "http://c"', 'name: c, url: "http://c", use: [calm]')
  const group = `groups: { calm: { breaker: { failure_threshold: 7 } } }\n${on}`
  const out = await changed(t, group, next)
  t.match(out, /^~ endpoint c, filter breaker: on\n~ endpoint c, filter breaker, failure_threshold: nothing → 7$/m)
  t.match(out, /^ {2}c +breaker +carried over: /m)
  const other = `x-any: 3\n${group.replace('7', '8')}`
  t.match(await changed(t, other, group), /^~ endpoint c, filter breaker, failure_threshold: 7 → 8$/m)
})
