import t from 'tap'
import { endpoint, filter, parse, problems, warnings } from '../support.ts'

t.test('flat keys of the document go to the filters that own them', async (t) => {
  const config =
    parse(`filters: [{ filter: auth, name: jwt }, route-match, { filter: breaker, name: b, options: { x: 1 } }, proxy]
circuit_breaker: { reset_timeout: 60 }
auth_algorithm: HS256
auth_issuer: me
auth_audience: [a, b]
debug: true
`)
  t.same(filter(config, 'jwt')?.options, {
    debug: true,
    algorithm: 'HS256',
    issuer: 'me',
    audience: ['a', 'b'],
  })
  t.same(filter(config, 'jwt')?.origins, {
    debug: ['debug'],
    algorithm: ['auth_algorithm'],
    issuer: ['auth_issuer'],
    audience: ['auth_audience'],
  })
  t.same(filter(config, 'b')?.options, { x: 1, reset_timeout: 60 })
  t.same(filter(config, 'b')?.at, ['filters', 2, 'options'])
  t.same(filter(config, 'b')?.origins, { reset_timeout: ['circuit_breaker', 'reset_timeout'] })
  t.same(filter(config, 'route-match')?.options, { debug: true })
})

t.test('given twice, naming both places', async (t) => {
  t.same(problems('filters:\n  - breaker: { a: 1, b: 2 }\n  - proxy\ncircuit_breaker:\n  b: 3\n  c: 4\n'), [
    '5:3 circuit_breaker.b: given twice: circuit_breaker.b is the same as filters[0].breaker.b (line 2). Remove one of them',
  ])
})

t.test('a flat key without its filter is a warning', async (t) => {
  const rest = endpoint('timeout: 30\nmethods: [GET]')
  t.same(
    warnings(
      `filters: [route-match, { breaker: off }, { admin: { probes_only: true } }]\ncircuit_breaker: { a: 1 }\nauth_issuer: x\nmetrics_enabled: true\n${rest}`,
    ),
    [
      '2:1 circuit_breaker: this has no effect: filters[1].breaker (line 1) turns breaker off',
      '3:1 auth_issuer: this has no effect: the chain has no auth filter',
      '4:1 metrics_enabled: this has no effect: the chain has no metrics filter',
      '8:5 endpoints[0].timeout: this has no effect: the chain has no proxy filter',
      '9:5 endpoints[0].methods: this has no effect: the chain has no method-check filter',
    ],
  )
})

t.test('a flat key that could mean several filters is a problem', async (t) => {
  t.same(problems('filters: [breaker, { filter: breaker, name: b2 }, proxy]\ncircuit_breaker: { a: 1 }'), [
    '2:1 circuit_breaker: the chain has several breaker filters ("breaker" and "b2"): write the option at one of them',
  ])
})

t.test('metrics_enabled: false leaves metrics out', async (t) => {
  t.same(filter(parse('metrics_enabled: false'), 'metrics')?.off, ['metrics_enabled'])
  t.equal(filter(parse('metrics_enabled: true'), 'metrics')?.off, undefined)
  for (const own of ['off', '{ a: 1 }', 'on'])
    t.same(warnings(`metrics_enabled: false\n${endpoint(`filters: { metrics: ${own} }`)}`), [], own)
  t.same(
    warnings(`metrics_enabled: true\nfilters: [{ metrics: off }, route-match, proxy]\n${endpoint('disabled: true')}`),
    ['1:1 metrics_enabled: this has no effect: filters[0].metrics (line 2) turns metrics off'],
  )
})

t.test('a flat key of the document for a filter that is off counts where an endpoint turns it on', async (t) => {
  const head = 'filters: [{ breaker: off }, route-match, proxy]\ncircuit_breaker: { a: 1 }\n'
  const config = parse(head + endpoint('filters: { breaker: on }'))
  t.same(config.warnings, [])
  t.same(filter(config, 'breaker')?.options, { a: 1 })
  t.match(warnings(head + endpoint('disabled: true')), [/^2:1 circuit_breaker: this has no effect: /])
})

t.test('what the document says of tokens holds for the admin listener too', async (t) => {
  const options = (text: string): unknown => parse(text).spec.listeners[1]?.chain[0]?.options
  t.same(options('admin: { filters: [auth, admin] }\nauth_algorithm: ES256\nauth_audience: a'), {
    algorithm: 'ES256',
    audience: 'a',
    required: true,
  })
  t.same(options('admin: { filters: [{ auth: { audience: b } }, admin] }\nauth_audience: a'), {
    audience: 'b',
    required: true,
  })
  t.same(
    warnings(`filters: [proxy]\nadmin: { filters: [auth, admin] }\nauth_issuer: x\n${endpoint('disabled: true')}`),
    [],
  )
})
