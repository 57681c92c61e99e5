import t from 'tap'
import { filter, parse, problems } from '../support.ts'

const TOKENS = 'tokens: { issuer: "https://a.test", serve: { prefix: /login } }\n'
const chainOf = (yaml: string) => parse(yaml).spec.listeners[0]!.chain.map(({ name }) => name)

t.test('the section puts the filter behind auth, with its options', async (t) => {
  t.notOk(chainOf('listen: 8000\n').includes('tokens'))
  t.notOk(chainOf('tokens: off\n').includes('tokens'))
  t.strictSame(chainOf(TOKENS).slice(0, 4), ['request-id', 'auth', 'tokens', 'route-match'])
  t.match(filter(parse(TOKENS), 'tokens'), {
    factory: 'tokens',
    options: { prefix: '/login', issuer: 'https://a.test' },
    at: ['tokens'],
  })
  const admin = parse(TOKENS).spec.listeners.find(({ name }) => name === 'admin')
  t.notOk(admin?.chain.some(({ name }) => name === 'tokens'))
})

t.test('it stands before the route is known, whatever the chain has', async (t) => {
  for (const [filters, expected] of [
    [
      '[request-id, cors, auth: off, route-match, proxy]',
      ['request-id', 'cors', 'auth', 'tokens', 'route-match', 'proxy'],
    ],
    ['[request-id, route-match, auth, proxy]', ['request-id', 'tokens', 'route-match', 'auth', 'proxy']],
    ['[route-match, request-id, proxy]', ['tokens', 'route-match', 'request-id', 'proxy']],
    ['[{ filter: auth, name: who }, route-match, proxy]', ['who', 'tokens', 'route-match', 'proxy']],
    ['[request-id, admin]', ['request-id', 'tokens', 'admin']],
  ] as const)
    t.strictSame(chainOf(`${TOKENS}filters: ${filters}\n`), expected, filters)
})

t.test('a place in the document counts', async (t) => {
  const yaml = `${TOKENS}filters: [{ filter: tokens, name: login }, request-id, auth, route-match, proxy]\n`
  t.strictSame(chainOf(yaml), ['login', 'request-id', 'auth', 'route-match', 'proxy'])
  t.match(filter(parse(yaml), 'login')?.options, { prefix: '/login', issuer: 'https://a.test' })
})

t.test('what can not be is said where it stands', async (t) => {
  const of = (filters: string, tokens = TOKENS) => problems(`${tokens}filters: [${filters}, route-match, proxy]\n`)
  t.match(of('tokens', ''), [/filters.*serves what the section "tokens" says, and there is none/])
  t.match(of('tokens: { prefix: /x }'), [/its options are those of the section "tokens"/])
  t.match(of('tokens: off'), [/write "tokens: off" at the top instead/])
  t.match(of('tokens, { filter: tokens, name: second }'), [/the chain has "tokens" already/])
  t.match(of('{ filter: request-id, name: tokens }'), [/this name is that of the filter that serves tokens/])
})

t.test('an endpoint that no request would reach is an error', async (t) => {
  const of = (match: string, more = '') =>
    problems(`${TOKENS}endpoints:\n  - { name: api, url: "http://a.test", ${match} }\n${more}`)
  for (const match of [
    'path: /login',
    'path: /login/users',
    'path: /LOGIN/x',
    'match: [{ path: /a }, { path: { exact: /login/token } }]',
  ])
    t.match(of(match), [/no request reaches .*: tokens are served at "\/login" \(.*1\)/], match)
  for (const match of ['path: /', 'path: /logins', 'match: [{ path: { regex: "/login.*" } }]', 'version: v1'])
    t.strictSame(of(match), [], match)
  const tokens = 'tokens: { issuer: "https://a.test", serve: { prefix: /orchestrator } }\n'
  t.match(problems(`${tokens}endpoints: [{ name: api, url: "http://a.test" }]\n`), [
    /tokens.serve.prefix.*no request reaches endpoints by name/s,
  ])
  t.strictSame(problems(`${tokens}endpoints: [{ name: api, path: /a, url: "http://a.test" }]\n`), [])
})
