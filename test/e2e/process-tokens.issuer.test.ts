// Tokens from nothing: an application gets one, and revokes it; the same after the gateway was killed. One process and three.
import { chmod, readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { createLocalJWKSet, type JSONWebKeySet, jwtVerify } from 'jose'
import t, { type Test } from 'tap'
import { inject } from '../../core/testing/inject.ts'
import { folder, startWeir, weirCommand } from '../support/process.ts'

t.setTimeout(240_000)

const PLUGIN = fileURLToPath(new URL('../support/known-tokens-filter.ts', import.meta.url))
const ISSUER = 'http://127.0.0.1:8000'
const SECRET = '0123456789abcdef0123456789abcdef'
const BASIC = `Basic ${Buffer.from(`batch:${SECRET}`).toString('base64')}`

const yaml = (workers: number): string => `listen: 127.0.0.1:0
admin: { listen: 127.0.0.1:0 }
workers: ${workers}
plugins: ["${PLUGIN}"]
filters: [request-id, known-tokens, route-match, proxy]
tokens: { issuer: "${ISSUER}", clients: [{ id: batch, secret_file: batch.secret, scopes: ["orders:read"] }] }
endpoints: [{ name: up, version: v1, url: "http://127.0.0.1:9" }]
`

async function prepared(t: Test, workers: number) {
  const cwd = await folder(t, { 'weir.yaml': yaml(workers), 'batch.secret': `${SECRET}\n` })
  await chmod(join(cwd, 'batch.secret'), 0o600)
  const env = { WEIR_WORKERS: '' }
  return {
    cwd,
    env,
    async start() {
      const { weir, proxy } = await startWeir(t, { cwd, env })
      const get = (path: string) => inject(proxy, { path, headers: { Connection: 'close' } })
      return {
        weir,
        get,
        post: (path: string, body: string) =>
          inject(proxy, {
            method: 'POST',
            path,
            body,
            headers: {
              Connection: 'close',
              Authorization: BASIC,
              'Content-Type': 'application/x-www-form-urlencoded',
            },
          }),
        /** What `count` requests on connections of their own are told of a token. */
        revoked: async (jti: string, count: number): Promise<readonly boolean[]> =>
          Promise.all(
            Array.from({ length: count }, async () => (await get(`/known?${jti}`)).json().revoked as boolean),
          ),
      }
    },
  }
}

for (const workers of [1, 3])
  t.test(`${workers === 1 ? 'one process' : `${workers} workers`}: issued, verified, revoked, killed`, async (t) => {
    const { cwd, env, start } = await prepared(t, workers)
    const checked = await weirCommand(t, { cwd, env, args: ['validate'] })
    t.equal(checked.code, 0, checked.stderr)
    t.strictSame((await readdir(cwd)).sort(), ['batch.secret', 'weir.yaml'], 'looking makes nothing')

    const { weir, get, post, revoked } = await start()
    t.equal((await stat(join(cwd, 'keys'))).mode & 0o777, 0o700)
    const tokens: { readonly text: string; readonly jti: string }[] = []
    const keys = createLocalJWKSet((await get('/auth/jwks.json')).json() as JSONWebKeySet)
    for (let i = 0; i < 2 * workers; i++) {
      const got = await post('/auth/token', 'grant_type=client_credentials')
      t.match([got.status, got.headers.get('cache-control')], [200, 'no-store'])
      const text = got.json().access_token as string
      const { payload } = await jwtVerify(text, keys, { issuer: ISSUER, audience: ISSUER, typ: 'at+jwt' })
      t.match(payload, { sub: 'batch', scope: 'orders:read' })
      tokens.push({ text, jti: payload.jti! })
    }
    const [first, second] = [tokens[0]!, tokens[1]!]
    t.match((await get('/.well-known/oauth-authorization-server')).json(), { issuer: ISSUER })
    t.equal((await post('/auth/revoke', `token=${first.text}`)).status, 200)
    t.ok((await revoked(first.jti, 4 * workers)).every(Boolean))
    t.notOk((await revoked(second.jti, 4 * workers)).some(Boolean))
    t.match((await post('/auth/validate', `token=${first.text}`)).json(), { active: false })
    t.match((await post('/auth/validate', `token=${second.text}`)).json(), { active: true, sub: 'batch' })
    t.equal((await post('/auth/token?grant_type=client_credentials', '')).status, 400, 'nothing goes into the URL')

    await weir.stop('SIGKILL')
    const again = await start()
    t.ok((await again.revoked(first.jti, 4 * workers)).every(Boolean), 'it is known from the first request on')
    t.match((await again.post('/auth/validate', `token=${second.text}`)).json(), { active: true }, 'keys stay')
    t.equal((await again.weir.stop()).code, 0)
  })
