import t from 'tap'
import { AUTHENTICATION, IdentitySlot, RouteSlot } from '../../../core/api/endpoint.ts'
import { endpoint, exchange, FilterBench } from '../../../core/testing.ts'
import { auth } from '../../../filters/auth/filter.ts'
import { rsaPem, SECRET } from './support.ts'

const explained = async (options: Record<string, unknown>, x = exchange()): Promise<string[]> => {
  const { filter } = await new FilterBench().make(auth, options)
  return [...filter.explain!(x)]
}
const demand = async (options: Record<string, unknown>, x?: ReturnType<typeof exchange>): Promise<string> =>
  (await explained({ secret: SECRET, ...options }, x))[0]!

t.test('what it demands, without the names of roles and scopes', async (t) => {
  const token = 'demands a token signed with HS256'
  t.equal(await demand({}), 'demands nothing, but verifies a token if there is one')
  t.equal(await demand({ required: true }), token)
  t.equal(await demand({ roles: ['a'] }), `${token} with one of the roles`)
  t.equal(await demand({ scopes: ['r'] }), `${token} with every one of the scopes`)
  t.equal(
    await demand({ roles: ['a'], scopes: ['r'] }),
    `${token} with one of the roles and with every one of the scopes`,
  )
  const guarded = exchange()
  guarded.set(RouteSlot, { endpoint: endpoint('v1/a', { requires: [AUTHENTICATION] }), path: '', template: '/' })
  t.equal(await demand({}, guarded), token, 'the endpoint requires it')
  guarded.set(IdentitySlot, { subject: 'key', scheme: 'api-key', roles: [], scopes: [], claims: {} })
  t.match(await demand({}, guarded), /^demands nothing/, 'another filter has identified the caller')
  const open = exchange()
  open.set(RouteSlot, { endpoint: endpoint('v1/a'), path: '', template: '/' })
  t.match(await demand({}, open), /^demands nothing/)
})

t.test('each kind of credentials that is accepted', async (t) => {
  const dir = t.testdir({ keys: '[]' })
  const of = async (options: Record<string, unknown>): Promise<string> => {
    const { filter } = await new FilterBench().make(auth, { api_keys: { file: 'keys' }, ...options }, { baseDir: dir })
    return [...filter.explain!(exchange())][0]!
  }
  t.equal(await of({ required: true }), 'demands an API key')
  t.equal(await of({}), 'demands nothing, but verifies an API key if there is one')
  t.equal(await of({ required: true, secret: SECRET }), 'demands a token signed with HS256, or an API key')
  t.equal(await of({ required: true, secret: SECRET, accept: ['api_key'] }), 'demands an API key')
})

t.test('where the key comes from', async (t) => {
  const dir = t.testdir({ secret: SECRET, 'rsa.pem': rsaPem })
  const source = async (options: Record<string, unknown>): Promise<string> => {
    const { filter } = await new FilterBench().make(auth, options, { baseDir: dir })
    return [...filter.explain!(exchange())][1]!
  }
  delete process.env.WEIR_JWT_SECRET
  delete process.env.JWT_SECRET
  t.equal(await source({}), 'key: none, no token is valid')
  t.equal(await source({ secret: SECRET }), 'key: the option secret')
  t.equal(await source({ secret_file: 'secret' }), 'key: the option secret_file')
  t.equal(await source({ algorithm: 'RS256', public_key: rsaPem }), 'key: the option public_key')
  t.equal(await source({ algorithm: 'RS256', public_key_file: 'rsa.pem' }), 'key: the option public_key_file')
  // Other files may run in this process.
  t.teardown(() => {
    delete process.env.JWT_SECRET
    delete process.env.WEIR_JWT_SECRET
  })
  process.env.JWT_SECRET = SECRET
  t.equal(await source({}), 'key: JWT_SECRET of the environment')
  process.env.WEIR_JWT_SECRET = SECRET
  t.equal(await source({}), 'key: WEIR_JWT_SECRET of the environment')
})

t.test('a missing key is warned about where a token is demanded, with the options that give one', async (t) => {
  delete process.env.WEIR_JWT_SECRET
  delete process.env.JWT_SECRET
  const warnings = async (options: Record<string, unknown>) => (await new FilterBench().make(auth, options)).warnings
  t.same(await warnings({}), [])
  t.same(await warnings({ secret: SECRET, required: true }), [])
  for (const demanded of [{ required: true }, { roles: ['a'] }, { scopes: ['r'] }]) {
    t.match(await warnings(demanded), [/set secret, secret_file or WEIR_JWT_SECRET$/])
    t.match(await warnings({ algorithm: 'ES256', ...demanded }), [
      /set public_key, public_key_file, jwks_url or discovery$/,
    ])
  }
})
