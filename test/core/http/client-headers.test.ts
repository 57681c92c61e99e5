import t from 'tap'
import { CLIENT_CLAIMS, CONNECTION_FIELDS } from '../../../core/api/connection-fields.ts'
import type { SetField } from '../../../core/api/set-field.ts'
import {
  type ClientHeaderRules,
  ClientHeaders,
  DEFAULT_CLIENT_HEADERS,
  type ReceivedFields,
} from '../../../core/http/client-headers.ts'
import { unreadHead } from '../../../core/http/request-head.ts'

interface Setting extends Partial<ClientHeaderRules> {
  readonly trusted?: boolean
  readonly sets?: readonly SetField[]
}

function clean(fields: readonly string[], { trusted = false, sets = [], ...rules }: Setting = {}) {
  return cleanedBy(new ClientHeaders({ ...DEFAULT_CLIENT_HEADERS, ...rules }, sets), [...fields], trusted)
}

function cleanedBy(cleaning: ClientHeaders, raw: string[], trusted = false): ReceivedFields {
  const head = unreadHead(raw)
  cleaning.read(raw, trusted, head)
  return head
}

/** Names of what is left of fields with these names. */
const left = (names: readonly string[], setting?: Setting): string[] =>
  clean(
    names.flatMap((name) => [name, 'x']),
    setting,
  ).fields.filter((_, i) => i % 2 === 0)

const claims = CLIENT_CLAIMS.flatMap((name) =>
  name.endsWith('*') ? [name.slice(0, -1), name.replace('*', 'x')] : [name],
)
const upper = (names: readonly string[]): string[] => names.map((name) => name.toUpperCase())

t.test('a request without any of it keeps its array', async (t) => {
  const raw = ['Host', 'a.test', 'Accept', '*/*', 'Cookie', 'a=b', 'Content-Length', '3', 'X-Custom', '1']
  const cleaning = new ClientHeaders(DEFAULT_CLIENT_HEADERS, [])
  const read = cleanedBy(cleaning, raw)
  t.equal(read.fields, raw)
  t.match(read, { host: 'a.test', hosts: 1, length: 3, codings: 0, expected: true, takesTrailers: false })
  const more = [...raw, 'Connection', 'close']
  t.same(cleanedBy(cleaning, more).fields, raw)
  t.equal(more.length, raw.length + 2, 'what came stays as it came')
})

t.test('what belongs to one connection, and what nobody may say', async (t) => {
  const names = [...CONNECTION_FIELDS, 'proxy', 'proxy-authorization']
  for (const trusted of [false, true])
    t.same(left(['Host', ...names, ...upper(names), 'Accept'], { trusted }), ['Host', 'Accept'])
})

t.test('what only a trusted proxy may say', async (t) => {
  t.same(left([...claims, ...upper(claims), 'X-Forward', 'X-Clients']), ['X-Forward', 'X-Clients'])
  t.same(left(claims, { trusted: true }), claims)
})

t.test('what frameworks and platforms take for the address or the scheme of the client (rack/rack#705)', async (t) => {
  const names = [
    ...['Client-IP', 'Forwarded-For', 'X-Forwarded', 'Proxy-Client-IP', 'WL-Proxy-Client-IP', 'WL-Proxy-SSL'],
    ...['CF-Connecting-IPv6', 'CF-Pseudo-IPv4', 'CloudFront-Viewer-Address', 'Fly-Client-IP', 'X-Vercel-Forwarded-For'],
    ...['X-Appengine-User-IP', 'Appengine-User-IP', 'X-Envoy-External-Address', 'X-Envoy-Original-Path'],
    ...['X-ProxyUser-IP', 'X-ARR-SSL'],
  ]
  t.same(left(names), [])
  t.same(left(names, { trusted: true }), names)
})

t.test('keep lets a field of that list pass, but none that the gateway writes', async (t) => {
  t.same(left([...claims, 'x-forwarded-prefix'], { keep: ['X-Forwarded-Prefix', 'CF-Connecting-IP'] }), [
    'cf-connecting-ip',
    'x-forwarded-prefix',
  ])
  const names = ['x-forwarded-for', 'x-forwarded-host', 'x-forwarded-proto', 'x-forwarded-port']
  t.same(left(names, { keep: ['X-Forwarded-*'] }), ['x-forwarded-port'])
  t.same(left(['x-ssl-client-dn'], { keep: ['X-SSL-Client-*'] }), ['x-ssl-client-dn'])
})

t.test('remove takes more, from trusted proxies too', async (t) => {
  const remove = ['X-Internal-*', 'Forwarded', 'Content-*']
  const names = ['X-INTERNAL-a', 'X-Internal', 'Forwarded', 'X-Forwarded-For', 'Content-Length', 'Content-Type']
  t.same(left(names, { remove, trusted: true }), ['X-Internal', 'X-Forwarded-For', 'Content-Length'])
})

t.test('what is removed by its beginning is removed whatever else names it', async (t) => {
  const names = ['X-Forwarded-For', 'X-Forwarded-Port', 'X-Real-IP', 'X-Id', 'Forwarded', 'Host']
  const setting = { trusted: true, sets: [{ name: 'X-Id', keep: 'anyone' }] } as const
  t.same(left(names, { ...setting, remove: ['X-Forwarded-*'] }), ['X-Real-IP', 'X-Id', 'Forwarded', 'Host'])
  t.same(left(names, { ...setting, remove: ['x-*', 'Ho*'] }), ['Forwarded', 'Host'])
  t.same(left(names, { trusted: true, sets: [{ name: 'X-*' }] }), ['Forwarded', 'Host'])
})

t.test('what the gateway needs is never removed', async (t) => {
  const needed = ['Host', 'Via', 'Content-Length']
  t.same(left([...needed, 'Vary', 'Hosts'], { remove: ['V*', 'Ho*', 'C*'], sets: [{ name: 'Vi*' }] }), needed)
})

t.test('what Connection nominates', async (t) => {
  const nominated = (value: string, setting?: Setting): string[] =>
    clean(['X-A', '1', 'Connection', value, 'X-B', '2', 'x-a', '3', 'Via', '1.1 a', 'Host', 'h'], setting).fields
  t.same(nominated('x-A'), ['X-B', '2', 'Via', '1.1 a', 'Host', 'h'], 'before and after it')
  t.same(nominated('close, via, host'), ['X-A', '1', 'X-B', '2', 'x-a', '3', 'Via', '1.1 a', 'Host', 'h'])
  const sets: SetField[] = [{ name: 'X-B', keep: 'anyone' }]
  t.same(nominated('x-a, x-b', { sets }), ['X-B', '2', 'Via', '1.1 a', 'Host', 'h'], 'a field of a filter stays')
})

t.test('fields of filters', async (t) => {
  const sets: SetField[] = [{ name: 'X-User' }, { name: 'X-Id', keep: 'anyone' }, { name: 'X-Org', keep: 'trusted' }]
  const names = ['x-user', 'X-USER', 'X-Id', 'X-Org', 'X_User']
  t.same(left(names, { sets }), ['X-Id'])
  t.same(left(names, { sets, trusted: true }), ['X-Id', 'X-Org'])
  t.same(left(names, { sets: [...sets, { name: 'x-id' }] }), [], 'the strictest filter counts')
  const claim: SetField[] = [{ name: 'X-Remote-User' }]
  t.same(left(['X-Remote-User'], { sets: claim, trusted: true }), [], 'a filter that sets it believes no proxy')
  t.same(left(['x_id', 'X-Id'], { sets: [{ name: 'X_Id', keep: 'anyone' }] }), ['x_id'], 'its own underscore')
})

t.test('names with underscores (benoitc/gunicorn#2799, caddyserver/caddy#7808)', async (t) => {
  const names = ['X_Tenant', 'access_key', 'Accept']
  t.same(left(names), ['Accept'])
  t.same(left(names, { underscores: 'allow' }), names)
  t.equal(clean(['a_b', '1'], { underscores: 'refuse' }).underscore, true)
  t.equal(clean(['a-b', '1'], { underscores: 'refuse' }).underscore, false)
})

t.test('twins do not survive where underscores are allowed', async (t) => {
  const allow = { underscores: 'allow' } as const
  const real = [
    ...claims,
    ...CONNECTION_FIELDS,
    'proxy-authorization',
    'content-length',
    'x-request-id',
    'content-type',
  ]
  const twins = real.filter((name) => name.includes('-')).map((name) => name.replaceAll('-', '_'))
  for (const trusted of [false, true]) t.same(left([...twins, ...upper(twins)], { ...allow, trusted }), [])
  t.same(left(['X-Tenant', 'X_Tenant', 'y_z'], allow), ['X-Tenant', 'y_z'], 'the twin of a field that came beside it')
  t.same(left(['x_y-z', 'X-Y_Z', 'x_y-Z', 'a_b'], allow), ['a_b'], 'nobody knows which of two is meant')
  t.same(left(['X_User', 'x-tenant', 'X_Tenant'], { ...allow, sets: [{ name: 'X-User' }] }), ['x-tenant'])
  const many = Array.from({ length: 5000 }, (_, i) => `a_${i}`)
  t.same(left(many, allow), many)
})

t.test('twins by other characters, which some servers read as hyphens (GrahamDumpleton/mod_wsgi#45)', async (t) => {
  const names = ['X.Forwarded.For', 'remote.user', 'Remote+User', 'X!Real!IP', 'X~Forwarded-Host', 'X*Forwarded*For']
  const more = [
    'Content.Length',
    'Proxy.Authorization',
    'Transfer.Encoding',
    'X^Request`Id',
    "x|b3'traceid",
    'X-Forwarded#X',
  ]
  const allow = { underscores: 'allow' } as const
  for (const trusted of [false, true]) {
    t.same(left([...names, ...more], { trusted }), [])
    t.same(left([...names, ...more, 'X.Forwarded_For'], { ...allow, trusted }), [])
  }
  const harmless = ['X.Tenant', 'a!b', 'A.B.C', 'x-y*']
  t.same(left(harmless), harmless)
  t.equal(clean(['X.Tenant', '1'], { underscores: 'refuse' }).underscore, false)
  t.same(left(['X-Tenant', 'X.Tenant', 'a.b', 'a!b', 'c.d']), ['X-Tenant', 'c.d'], 'of one that came beside it')
  t.same(left(['X.Internal.Id', 'X.User', 'X.Other'], { remove: ['X-Internal-*'], sets: [{ name: 'X-User' }] }), [
    'X.Other',
  ])
  t.same(left(['X.User', 'X-User'], { sets: [{ name: 'X.User', keep: 'anyone' }] }), ['X.User'], 'its own spelling')
  t.same(left(['X.Forwarded.Port', 'X-Forwarded-Port'], { keep: ['X-Forwarded-*'] }), ['X-Forwarded-Port'])
})

t.test('what the engine needs of them', async (t) => {
  t.match(clean(['Transfer-Encoding', 'chunked', 'Content-Length', '3']), {
    coding: 'chunked',
    codings: 1,
    length: undefined,
    fields: ['Content-Length', '3'],
  })
  t.equal(clean(['TE', 'gzip;q=0.5, Trailers']).takesTrailers, true)
  t.equal(clean(['TE', 'gzip']).takesTrailers, false)
  t.equal(clean(['Expect', '100-Continue']).expected, true)
  t.equal(clean(['Expect', 'foo', 'Expect', '100-continue']).expected, false, 'one that is unknown is enough')
  t.match(clean(['Host', 'a', 'host', 'b']), { host: 'b', hosts: 2 })
})
