// A real issuer: discovery, its JWK set, rotation of its keys while requests run, and its absence.
import { generateKeyPairSync } from 'node:crypto'
import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import Provider from 'oidc-provider'
import t from 'tap'
import { startGateway } from '../../../core/testing.ts'
import { startUpstream } from '../../support/upstream.ts'

const AUDIENCE = 'urn:orders'

function key(kid: string) {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  return { ...privateKey.export({ format: 'jwk' }), kid, alg: 'RS256', use: 'sig' }
}

/** An OpenID provider that gives access tokens as JWT to one client. */
async function issuer() {
  let listener: RequestListener = (_req, res) => void res.writeHead(503).end()
  const server = createServer((req, res) => listener(req, res))
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const use = (keys: object[]): void => {
    const provider = new Provider(url, {
      clients: [
        {
          client_id: 'shop',
          client_secret: 'a secret of the client',
          grant_types: ['client_credentials'],
          redirect_uris: [],
          response_types: [],
        },
      ],
      jwks: { keys } as never,
      features: {
        devInteractions: { enabled: false },
        clientCredentials: { enabled: true },
        resourceIndicators: {
          enabled: true,
          defaultResource: () => AUDIENCE,
          getResourceServerInfo: () => ({
            scope: 'orders:read orders:write',
            audience: AUDIENCE,
            accessTokenFormat: 'jwt',
            accessTokenTTL: 600,
            jwt: { sign: { alg: 'RS256' } },
          }),
        },
      },
    })
    listener = provider.callback()
  }
  const token = async (scope = 'orders:read'): Promise<string> => {
    const response = await fetch(`${url}/token`, {
      method: 'POST',
      headers: { authorization: `Basic ${Buffer.from('shop:a+secret+of+the+client').toString('base64')}` },
      body: new URLSearchParams({ grant_type: 'client_credentials', scope, resource: AUDIENCE }),
    })
    const { access_token: accessToken } = (await response.json()) as { access_token?: string }
    if (accessToken === undefined) throw new Error(`no token: ${response.status}`)
    return accessToken
  }
  const close = async (): Promise<void> => {
    server.closeAllConnections()
    await new Promise((done) => server.close(done))
  }
  return { url, use, token, close }
}

t.test('tokens of an OpenID provider, found by discovery, while it rotates its keys', async (t) => {
  const provider = await issuer()
  t.teardown(() => provider.close())
  const first = key('first')
  provider.use([first])
  const upstream = await startUpstream((_req, res) => void res.end('orders'))
  t.teardown(() => upstream.close())
  const gateway = await startGateway(`
listen: 127.0.0.1:0
admin: off
filters:
  - auth:
      issuer: ${provider.url}
      discovery: true
      audience: ${AUDIENCE}
      token_type: at+jwt
      subject_claim: client_id
      identity_headers: { X-Client: sub }
  - route-match
  - proxy
endpoints:
  - { name: orders, url: "${upstream.url}", auth_type: bearer, scopes: [orders:read] }
`)
  t.teardown(() => gateway.close())
  const ask = async (token: string): Promise<number> => {
    const response = await fetch(`${gateway.url}/orchestrator/orders/`, {
      headers: { authorization: `Bearer ${token}` },
    })
    await response.text()
    return response.status
  }
  t.equal(await ask(await provider.token()), 200)
  t.equal(await ask(await provider.token('orders:write')), 403)

  // Requests go on while the provider signs with a new key: before, between and after.
  const statuses: number[] = []
  const second = key('second')
  for (let i = 0; i < 30; i++) {
    if (i === 10) provider.use([second, first])
    statuses.push(...(await Promise.all([ask(await provider.token()), ask(await provider.token())])))
  }
  t.strictSame([...new Set(statuses)], [200])

  // Without the provider, tokens that it has signed before still count.
  const last = await provider.token()
  await provider.close()
  t.equal(await ask(last), 200)
})
