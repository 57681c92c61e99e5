import t from 'tap'
import type { EndpointSpec } from '../../../core/control/gateway-spec.ts'
import { endpoint, parse, problems, warnings } from '../support.ts'

const first = (text: string): EndpointSpec => {
  const [spec] = parse(text).spec.endpoints
  if (spec === undefined) throw new Error('no endpoint')
  return spec
}

t.test('auth_type, roles and scopes decide whether a token is needed', async (t) => {
  const auth = (keys: string, rest = ''): unknown => {
    const spec = first(endpoint(keys, rest))
    const own = spec.filters.auth
    return [own === undefined || own === 'off' ? own : own.options, spec.endpoint.requires]
  }
  const bearer = ['authentication']
  t.same(auth('disabled: false'), [undefined, []])
  t.same(auth('auth_type: Bearer'), [{ required: true, accept: ['bearer'] }, bearer])
  t.same(auth('auth_type: [api_key, Bearer]'), [{ required: true, accept: ['api_key', 'bearer'] }, bearer])
  t.same(auth('auth_type: NONE'), [{ required: false }, []])
  t.same(auth('roles: [admin]'), [{ required: true, roles: ['admin'] }, bearer])
  t.same(auth('scopes: [read]'), [{ required: true, scopes: ['read'] }, bearer])
  t.same(auth('auth_type: bearer\nroles: [a]\nscopes: [b]'), [
    { required: true, accept: ['bearer'], roles: ['a'], scopes: ['b'] },
    bearer,
  ])
  t.same(auth('filters: { auth: { required: true } }'), [{ required: true }, bearer])
  t.same(auth('filters: { auth: off }'), ['off', []])
  t.same(auth('auth_type: none\nfilters: { auth: off }'), ['off', []])
  const strict = 'filters: [{ auth: { required: true } }, proxy]'
  t.same(auth('disabled: false', strict), [undefined, bearer])
  t.same(auth('auth_type: none', strict), [{ required: false }, []])
  t.same(auth('filters: { auth: off }', strict), ['off', []])
  t.same(auth('auth_type: bearer', 'filters: [proxy]'), [undefined, bearer], 'the runtime refuses what cannot be met')
  t.same(first(endpoint('roles: [a]')).filters.auth, {
    options: { required: true, roles: ['a'] },
    at: ['endpoints', 0],
    origins: { required: ['endpoints', 0, 'roles'], roles: ['endpoints', 0, 'roles'] },
  })
})

t.test('contradictions about tokens are problems', async (t) => {
  const one = (keys: string): string => problems(endpoint(keys)).join('\n')
  t.equal(
    one('auth_type: none\nroles: [a]'),
    '5:5 endpoints[0].roles: roles need a token, but auth_type is none: endpoints[0].auth_type (line 4)',
  )
  t.equal(
    one('auth_type: bearer\nfilters: { auth: off }'),
    '4:5 endpoints[0].auth_type: "auth_type" needs the filter "auth", but endpoints[0].filters.auth (line 5) turns it off',
  )
  t.match(one('scopes: [a]\nfilters: { auth: off }'), /"scopes" needs the filter "auth"/)
  t.match(
    one('auth_type: bearer\nfilters: { auth: { required: true } }'),
    /^4:5 endpoints\[0\]\.auth_type: given twice/,
  )
  t.match(one('roles: [a]\nfilters: { auth: { required: false } }'), /^4:5 endpoints\[0\]\.roles: given twice/)
  t.equal(one('roles: [a]\nfilters: { auth: { required: true } }'), '')
  t.match(
    one('roles: [a]\nfilters: { auth: { roles: [b] } }'),
    /given twice: endpoints\[0\]\.roles is the same as endpoints\[0\]\.filters\.auth\.roles \(line 5\)/,
  )
  t.match(one('auth_type: 3'), /expected a text in quotes .* or a list of texts, found 3/)
  t.match(
    one('auth_type: [bearer, none]'),
    /expected one of "bearer", "api_key", "basic", found "none"|or a list of the first three/,
  )
})

t.test('options of filters for one endpoint', async (t) => {
  const spec = first(
    endpoint(
      'timeout: 5s\nmethods: [GET]\nfilters: { breaker: { failure_threshold: 2 }, metrics: off, request-id: false, proxy: { retries: 1 }, auth: }',
    ),
  )
  t.same(spec.filters.breaker, { options: { failure_threshold: 2 }, at: ['endpoints', 0, 'filters', 'breaker'] })
  t.equal(spec.filters.metrics, 'off')
  t.equal(spec.filters['request-id'], 'off')
  t.same(spec.filters.proxy, {
    options: { retries: 1, timeout: '5s' },
    at: ['endpoints', 0, 'filters', 'proxy'],
    origins: { timeout: ['endpoints', 0, 'timeout'] },
  })
  t.same(spec.filters.auth, { options: {}, at: ['endpoints', 0, 'filters', 'auth'] })
  t.equal(Object.getPrototypeOf(spec.filters), null)
})

t.test('they go by the name in the chain; flat keys by the factory', async (t) => {
  const chain = 'filters: [{ filter: method-check, name: verbs }, { filter: proxy, name: out }]'
  t.same(Object.keys(first(endpoint('methods: [GET]\ntimeout: 1', chain)).filters), ['verbs', 'out'])
  t.same(problems(endpoint('filters: { verb: {}, proxy: off }', chain)), [
    '4:16 endpoints[0].filters.verb: the chain has no filter named "verb". Did you mean "verbs"?',
    '4:26 endpoints[0].filters.proxy: the chain has no filter named "proxy". Its filters: verbs, out',
  ])
  t.match(problems(endpoint('filters: { braeker: {} }')), [/Did you mean "breaker"\?$/])
  t.same(problems(endpoint('filters: { breaker: 3 }')), [
    '4:16 endpoints[0].filters.breaker: expected options (a mapping) or off, found 3',
  ])
  t.match(problems(endpoint('methods: [GET]\nfilters: { method-check: { methods: [PUT] } }')), [
    /^4:5 endpoints\[0\]\.methods: given twice/,
  ])
  t.match(problems(endpoint('methods: [GET]\nfilters: { method-check: off }')), [
    /"methods" needs the filter "method-check"/,
  ])
})

t.test('a flat key turns its filter on where that is off in the chain', async (t) => {
  const chain = 'filters: [{ filter: auth, name: tokens, off: true, options: { a: 1 } }, { method-check: off }, proxy]'
  const filters = (keys: string): unknown => {
    t.same(warnings(endpoint(keys, chain)), [], keys)
    return { ...first(endpoint(keys, chain)).filters }
  }
  for (const keys of ['auth_type: bearer', 'roles: [a]', 'scopes: [b]'])
    t.match(filters(keys), { tokens: { options: { required: true } } }, keys)
  t.match(filters('methods: [GET]'), { 'method-check': { options: { methods: ['GET'] } } })
  t.same(filters('auth_type: none'), {}, 'it needs no filter')
  t.match(filters('auth_type: none\nfilters: { tokens: on }'), { tokens: { options: { required: false } } })
  t.match(problems(endpoint('roles: [a]\nfilters: { tokens: off }', chain)), [
    /^4:5 .*"roles" needs the filter "tokens"/,
  ])
})

t.test('a flat key means the one filter of its kind that is on', async (t) => {
  const chain = 'filters: [{ filter: method-check, name: b, off: true }, method-check, proxy]'
  const named = (keys: string): string[] => Object.keys(first(endpoint(keys, chain)).filters)
  t.same(named('methods: [GET]'), ['method-check'])
  t.same(named('methods: [GET]\nfilters: { method-check: off, b: on }'), ['method-check', 'b'])
  t.match(problems(endpoint('methods: [GET]\nfilters: { b: on }', chain)), [/several method-check filters/])
  t.match(problems(endpoint('methods: [GET]\nfilters: { method-check: off }', chain)), [/turns it off/])
})

t.test('what is off requires nothing', async (t) => {
  const chain = 'filters: [{ filter: auth, off: true, options: { required: true } }, proxy]'
  t.same(first(endpoint('timeout: 1', chain)).endpoint.requires, [])
  t.same(first(endpoint('filters: { auth: on }', chain)).endpoint.requires, ['authentication'])
})

t.test('auth_type: none opens an endpoint under roles of the chain; roles in options demand a token', async (t) => {
  const { spec } = parse(`filters: [{ auth: { roles: [admin] } }, route-match, proxy]
endpoints:
  - { name: open, url: "http://a", auth_type: none }
  - { name: shut, url: "http://b" }
`)
  const [open, shut] = spec.endpoints
  t.strictSame(open?.endpoint.requires, [])
  t.match(open?.filters.auth, { options: { required: false, roles: [], scopes: [] } })
  t.strictSame(shut?.endpoint.requires, ['authentication'])
})
