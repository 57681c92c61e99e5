// A gateway that starts while its issuer is away: it serves, refuses tokens, says so on /readyz, and heals by itself.
import { SignJWT } from 'jose'
import t from 'tap'
import { startGateway } from '../../../core/testing.ts'
import { startUpstream } from '../../support/upstream.ts'
import { KeyServer, signer } from './bearer/support.ts'

t.test('/readyz waits for the keys of the issuer, once', async (t) => {
  const issuer = await new KeyServer().start()
  issuer.signers = [signer('a')]
  const { jwks } = issuer
  await issuer.stop()
  const upstream = await startUpstream((_req, res) => void res.end('ok'))
  t.teardown(() => upstream.close())
  const gateway = await startGateway(`
listen: 127.0.0.1:0
admin: {}
filters:
  - auth: { jwks_url: "${jwks}", algorithms: [ES256] }
  - route-match
  - proxy
endpoints:
  - { name: orders, url: "${upstream.url}", auth_type: bearer }
  - { name: open, url: "${upstream.url}" }
`)
  t.teardown(() => gateway.close())
  const [{ kid, privateKey }] = issuer.signers as [ReturnType<typeof signer>]
  const token = await new SignJWT({ sub: 'ann' }).setProtectedHeader({ alg: 'ES256', kid }).sign(privateKey)
  const get = async (url: string): Promise<[number, string]> => {
    const response = await fetch(url, { headers: { authorization: `Bearer ${token}` } })
    return [response.status, await response.text()]
  }
  const [status, text] = await get(`${gateway.adminUrl}/readyz`)
  t.equal(status, 503)
  t.match(text, `[-]keys of ${jwks} failed`)
  t.equal((await get(`${gateway.url}/orchestrator/orders/`))[0], 503)
  t.equal((await get(`${gateway.url}/orchestrator/open/`))[0], 200)
  await issuer.start()
  const until = Date.now() + 20_000
  while ((await get(`${gateway.adminUrl}/readyz`))[0] !== 200 && Date.now() < until)
    await new Promise((done) => setTimeout(done, 50))
  t.equal((await get(`${gateway.adminUrl}/readyz`))[0], 200)
  t.equal((await get(`${gateway.url}/orchestrator/orders/`))[0], 200)
  await issuer.stop()
  t.equal((await get(`${gateway.adminUrl}/readyz`))[0], 200, 'a running gateway stays in traffic')
})
