import t from 'tap'
import { ConfigLoader } from '../../../config/live/config-loader.ts'
import type { EndpointSpec } from '../../../core/control/gateway-spec.ts'
import { TextSource } from '../../../core/testing/text-source.ts'
import { endpoint, parse, problems, warnings } from '../support.ts'

const HEAD = `filters: [{ auth: off }, route-match, breaker, proxy]
groups:
  public: { breaker: { failure_threshold: 2, window: 5s }, proxy: { timeout: 1s } }
  strict: { auth: on, breaker: { failure_threshold: 9 }, proxy: off }
`
const own = (keys: string): EndpointSpec => parse(HEAD + endpoint(keys)).spec.endpoints[0]!
const optionsOf = (keys: string): unknown =>
  Object.fromEntries(Object.entries(own(keys).filters).map(([name, one]) => [name, one === 'off' ? one : one.options]))

t.test('the chain lies below, then the groups in their order, then the endpoint', async (t) => {
  t.same(optionsOf('use: [public, strict]'), {
    breaker: { failure_threshold: 9, window: '5s' },
    proxy: 'off',
    auth: {},
  })
  t.same(optionsOf('use: [strict, public]'), {
    auth: {},
    breaker: { failure_threshold: 2, window: '5s' },
    proxy: { timeout: '1s' },
  })
  t.same(optionsOf('use: [public, strict]\nfilters: { auth: off, breaker: { window: 7s }, proxy: on }'), {
    breaker: { failure_threshold: 9, window: '7s' },
    proxy: { timeout: '1s' },
    auth: 'off',
  })
  t.same(optionsOf('use: public'), optionsOf('use: [public]'))
})

t.test('each option has its place, and that of the use', async (t) => {
  const { filters } = own('use: [strict, public]\nfilters: { breaker: { window: 7s } }')
  t.same(filters.breaker, {
    options: { failure_threshold: 2, window: '7s' },
    at: ['endpoints', 0, 'filters', 'breaker'],
    origins: {
      failure_threshold: ['groups', 'public', 'breaker', 'failure_threshold'],
      window: ['endpoints', 0, 'filters', 'breaker', 'window'],
    },
    groups: [
      { group: ['groups', 'strict', 'breaker'], use: ['endpoints', 0, 'use', 0] },
      { group: ['groups', 'public', 'breaker'], use: ['endpoints', 0, 'use', 1] },
    ],
  })
  t.same(own('use: [strict]').offInGroups, {
    proxy: { group: ['groups', 'strict', 'proxy'], use: ['endpoints', 0, 'use', 0] },
  })
  t.equal(own('use: [strict]\nfilters: { proxy: off }').offInGroups, undefined, 'the endpoint says it itself')
})

t.test('flat keys lie over groups, and turn on what a group turns off', async (t) => {
  t.same(optionsOf('use: [public]\ntimeout: 3'), {
    breaker: { failure_threshold: 2, window: '5s' },
    proxy: { timeout: 3 },
  })
  t.match(optionsOf('use: [strict]\ntimeout: 3'), { proxy: { timeout: 3 } })
  const chain = 'filters: [auth, proxy]\ngroups: { open: { auth: off }, staff: { auth: { roles: [a] } } }\n'
  const auth = (keys: string): unknown => parse(chain + endpoint(keys)).spec.endpoints[0]
  t.match(auth('use: [open, staff]\nroles: [b]'), {
    filters: { auth: { options: { roles: ['b'], required: true } } },
    endpoint: { requires: ['authentication'] },
  })
  t.match(auth('use: [open]\nroles: [b]'), { filters: { auth: { options: { roles: ['b'] } } } })
  t.match(auth('use: [open]\nauth_type: none'), { filters: { auth: 'off' }, endpoint: { requires: [] } })
  t.match(auth('use: [staff]'), { endpoint: { requires: ['authentication'] } })
  t.match(auth('use: [staff]\nauth_type: none'), {
    filters: { auth: { options: { roles: [], required: false } } },
    endpoint: { requires: [] },
  })
})

t.test('what is wrong is said with its place', async (t) => {
  const wrong = (groups: string, keys = 'disabled: true'): string[] =>
    problems(`groups: ${groups}\n${endpoint(keys)}`).map((line) => line.replace(/ Its filters: .*/, ''))
  t.same(wrong('[a]'), ['1:1 groups: expected groups by their names, such as { public: { auth: off } }, found a list'])
  t.same(wrong('{ a: 3 }', 'use: [a, b]'), [
    '1:11 groups.a: expected options by filter, such as { auth: off }, found 3',
  ])
  t.match(wrong('{ a: { breaker: 3, braeker: {} } }', 'use: [a]'), [
    /^1:16 groups\.a\.breaker: expected options \(a mapping\) or off, found 3$/,
    /^1:28 groups\.a\.braeker: the chain has no filter named "braeker"\. Did you mean "breaker"\?$/,
  ])
  t.match(wrong('{ "a b": {} }', 'use: ["a b"]'), [/^1:11 groups\["a b"\]: .*letters, digits/])
  t.same(wrong('{ public: {} }', 'use: [publik]'), [
    '5:11 endpoints[0].use[0]: there is no group "publik". Did you mean "public"?',
  ])
  t.same(wrong('{ public: {} }', 'use: publik'), [
    '5:5 endpoints[0].use: there is no group "publik". Did you mean "public"?',
  ])
  t.match(wrong('', 'use: [x]'), [/there is no group "x"\. Define it under "groups"\.$/])
  t.match(wrong('{ a: {} }', 'use: [a, a]'), [/^5:14 endpoints\[0\]\.use\[1\]: the group "a" is listed already/])
  t.match(wrong('{ a: {} }', 'use: [constructor]'), [/there is no group "constructor"/])
})

t.test('a group that no endpoint uses is a warning', async (t) => {
  t.same(warnings(`groups: { a: {}, b: { auth: off } }\n${endpoint('use: [a]')}`), [
    '1:18 groups.b: no endpoint uses this group: add "use: [b]" to one, or remove it',
  ])
})

t.test('endpoints that are not read again use their groups nevertheless, and see a group that changes', async (t) => {
  const text = (a: string): string =>
    `groups: { a: { auth: ${a} } }\nendpoints:\n  - name: api\n    url: http://upstream\n    use: [a]\n`
  const source = new TextSource('weir.yaml', text('off'))
  const loader = new ConfigLoader(source, {})
  const first = await loader.load()
  const again = await loader.load()
  t.equal(again.spec.endpoints[0], first.spec.endpoints[0])
  t.same(again.warnings, [])
  source.text = text('on ')
  t.match((await loader.load()).spec.endpoints[0]?.filters, { auth: { options: {} } })
})
