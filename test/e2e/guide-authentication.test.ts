// The guide for authentication: each of its configurations runs, and gets the requests that the page shows, sent by the programs that
// it names. Hosts and ports are those of real servers here.
import { generateKeyPairSync, type KeyObject } from 'node:crypto'
import { once } from 'node:events'
import { readFile, writeFile } from 'node:fs/promises'
import type { IncomingHttpHeaders } from 'node:http'
import { join } from 'node:path'
import { SignJWT } from 'jose'
import t, { type Test } from 'tap'
import { WebSocketServer } from 'ws'
import { startGateway } from '../../core/testing.ts'
import { KeyServer, type Signer, signer } from '../filters/auth/bearer/support.ts'
import { Guide, type Place } from '../support/guide.ts'
import { folder, LAUNCH, startWeir } from '../support/process.ts'
import { startUpstream } from '../support/upstream.ts'

const PASSWORD = 'correct horse'
/** As `htpasswd -nB` prints it, of PASSWORD. */
const HASH = '$2b$10$abcdefghijklmnopqrstuu23JPZtHcGhwXSF41f93o/7vBdDut3Xu'

const guide = new Guide('docs/guides/authentication.md')
const [MAKE_SECRET = '', TOKEN = '', FIRST_REQUESTS = ''] = guide.blocks('The first protected endpoint', 'sh')
guide.prelude = `
weir() { node '${LAUNCH}' "$@" --json > new-key.json; }
htpasswd() { echo '${`ann:${HASH}`}'; }
test -f secret || { ${MAKE_SECRET} }
${TOKEN}
`

const got: { url: string; headers: IncomingHttpHeaders }[] = []
const upstream = await startUpstream((req, res) => {
  got.push({ url: req.url!, headers: req.headers })
  res.end('an order')
})
const sockets = new WebSocketServer({ noServer: true, handleProtocols: (all) => (all.has('chat') ? 'chat' : false) })
upstream.server.on('upgrade', (req, socket, head) => {
  got.push({ url: req.url!, headers: req.headers })
  sockets.handleUpgrade(req, socket, head, (ws) => ws.send('an order'))
})
t.teardown(() => upstream.close())

/** The configuration of a section, with the hosts of this test. */
function yamlOf(heading: string, hosts: Readonly<Record<string, string>> = {}): string {
  const [yaml = ''] = guide.blocks(heading, 'yaml')
  return Object.entries(hosts)
    .reduce((text, [host, url]) => text.replaceAll(host, url), yaml)
    .replaceAll(/http:\/\/(?:\w+:8080|127\.0\.0\.1:8002)/g, upstream.url)
    .replace(/^echo: .*\n/m, '')
    .replace('0.0.0.0:8001', '0.0.0.0:0')
}

/** A gateway in this process. Its folder has the secret, and what the page tells the reader to make. */
async function start(t: Test, yaml: string, env: Record<string, string> = {}, files: Record<string, string> = {}) {
  const dir = await folder(t, files)
  const place: Place = { dir, proxy: '', env }
  await guide.run(t, '', place)
  const gateway = await startGateway(yaml, { dir })
  t.teardown(() => gateway.close())
  got.length = 0
  return { ...place, proxy: gateway.url, admin: gateway.adminUrl }
}

/** Starts the gateway of a section, and sends its requests. */
async function serve(t: Test, heading: string, env?: Record<string, string>, hosts?: Record<string, string>) {
  const place = await start(t, yamlOf(heading, hosts), env)
  for (const block of guide.blocks(heading, 'sh')) await guide.run(t, block, place)
  return place
}

const tokenOf = async ({ dir }: Place): Promise<string> => {
  const secret = (await readFile(join(dir, 'secret'), 'utf8')).trimEnd()
  return new SignJWT({ sub: 'ann' })
    .setProtectedHeader({ alg: 'HS256' })
    .setExpirationTime('1h')
    .sign(Buffer.from(secret))
}

function signed(by: { kid?: string; privateKey: KeyObject }, claims: Record<string, unknown>): Promise<string> {
  const alg = by.privateKey.asymmetricKeyType === 'rsa' ? 'RS256' : 'ES256'
  const header = { alg, ...(by.kid === undefined ? {} : { kid: by.kid }) }
  return new SignJWT({ sub: 'ann', ...claims }).setProtectedHeader(header).setExpirationTime('1h').sign(by.privateKey)
}

async function keyServer(t: Test, key: Signer = signer('k1')) {
  const server = await new KeyServer().start()
  server.signers = [key]
  t.teardown(() => server.stop())
  const token = (claims: Record<string, unknown>): Promise<string> => signed(key, { iss: server.issuer, ...claims })
  return { server, token }
}

t.test('the first protected endpoint', async (t) => {
  const place = await start(t, yamlOf('The first protected endpoint'))
  await guide.run(t, FIRST_REQUESTS, place)
})

t.test('an OpenID provider, which then goes away', async (t) => {
  const { server, token } = await keyServer(t)
  const hosts = { 'https://id.example.com': server.issuer }
  const env = { ID_TOKEN: await token({ aud: 'orders' }), ID_TOKEN_FOR_STOCK: await token({ aud: 'stock' }) }
  const place = await serve(t, 'An OpenID provider', env, hosts)
  await server.stop()
  const headers = { authorization: `Bearer ${await token({ aud: 'orders', sub: 'bob' })}` }
  t.equal((await fetch(`${place.proxy}/orders`, { headers })).status, 200)

  const away = await keyServer(t)
  await away.server.stop()
  const late = await start(t, yamlOf('An OpenID provider', { 'https://id.example.com': away.server.issuer }))
  const authorization = `Bearer ${await away.token({ aud: 'orders' })}`
  const response = await fetch(`${late.proxy}/orders`, { headers: { authorization } })
  t.match([response.status, await response.json()], [503, { code: 'issuer_unavailable' }])
})

/** Access tokens in the form that the providers document. */
const PROVIDERS: Readonly<Record<string, { token: Record<string, unknown>; refused: Record<string, unknown> }>> = {
  Keycloak: {
    token: {
      aud: ['ORDERS', 'account'],
      typ: 'Bearer',
      realm_access: { roles: ['offline_access'] },
      resource_access: { CLIENT: { roles: ['viewer'] } },
      scope: 'orders:read profile',
    },
    refused: { typ: 'ID' },
  },
  Auth0: {
    token: {
      aud: ['https://API', 'https://TENANT.eu.auth0.com/userinfo'],
      'https://NAMESPACE/roles': ['viewer'],
      permissions: ['orders:read'],
      scope: 'openid',
    },
    refused: { aud: 'CLIENT_ID' },
  },
  'Entra ID, v2.0 tokens': {
    token: { aud: 'CLIENT_ID', ver: '2.0', sub: 'pairwise', oid: 'ann', roles: ['viewer'], scp: 'orders:read' },
    refused: { aud: 'OTHER_CLIENT_ID' },
  },
}

t.test('the settings of providers fit their tokens', async (t) => {
  const rows = [...guide.text.matchAll(/^\| (?:option|`[a-z_]+`) \|.*Keycloak.*$|^\| `[a-z_]+` \| `.*$/gm)]
  const [head, ...table] = rows.map(([row]) => row.split(' | ').map((cell) => cell.replaceAll(/^\| | \|$|`/g, '')))
  t.strictSame(head?.slice(1), Object.keys(PROVIDERS))
  t.equal(table.length, 6)
  // As Entra ID publishes them: RSA, and without `alg`.
  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const key = { kid: 'k1', privateKey, jwk: { ...publicKey.export({ format: 'jwk' }), kid: 'k1', use: 'sig' } }
  for (const [i, [name, { token, refused }]] of Object.entries(PROVIDERS).entries()) {
    const { server } = await keyServer(t, key)
    const options = table.map((row) =>
      `${row[0]}: ${row[i + 1]}`.replace(/^(issuer: )https:\/\/[^/]+/, `$1${server.issuer}`),
    )
    const iss = options[0]!.slice('issuer: '.length)
    server.respond = (req, res) =>
      res.end(
        JSON.stringify(
          req.url!.endsWith('/keys') ? { keys: [key.jwk] } : { issuer: iss, jwks_uri: `${server.issuer}/keys` },
        ),
      )
    if (name === 'Auth0') server.metadata = { issuer: iss, jwks_uri: `${server.issuer}/keys` }
    const { proxy } = await start(
      t,
      `filters: [{ auth: { discovery: true, ${options.join(', ')}, identity_headers: { X-User: sub } } }, route-match, proxy]
endpoints: [{ name: orders, url: "${upstream.url}", path: /orders, roles: [viewer], scopes: [orders:read] }]`,
    )
    const ask = async (claims: Record<string, unknown>): Promise<number> => {
      const authorization = `Bearer ${await signed(key, { iss, ...token, ...claims })}`
      return (await fetch(`${proxy}/orders`, { headers: { authorization } })).status
    }
    t.equal(await ask({}), 200, name)
    t.equal(got[0]?.headers['x-user'], 'ann', name)
    t.equal(await ask(refused), 401, name)
  }
})

t.test('several issuers', async (t) => {
  const [own, partner, other] = await Promise.all([keyServer(t), keyServer(t), keyServer(t)])
  const env = {
    ID_TOKEN: await own.token({ aud: 'orders' }),
    PARTNER_TOKEN: await partner.token({ aud: 'orders' }),
    TOKEN_OF_ANOTHER_ISSUER: await other.token({ aud: 'orders' }),
  }
  const hosts = { 'https://id.example.com': own.server.issuer, 'https://partner.example.org': partner.server.issuer }
  await serve(t, 'Several issuers', env, hosts)
  t.strictSame(
    got.map(({ headers }) => headers['x-issuer']?.toString()),
    [own.server.issuer, partner.server.issuer],
  )
})

t.test('keys from files are rotated without a refused request', async (t) => {
  const pair = () => generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const [before, after] = [pair(), pair()]
  const pem = (key: KeyObject) => key.export({ type: 'spki', format: 'pem' }).toString()
  const heading = 'Keys from files, and their rotation'
  const cwd = await folder(t, {
    'weir.yaml': `listen: 127.0.0.1:0\nadmin: { listen: 127.0.0.1:0 }\n${yamlOf(heading)}`,
    'keys/issuer.pem': pem(before.publicKey),
    'old.pem': pem(before.publicKey),
    'new.pem': pem(after.publicKey),
  })
  const { weir, proxy } = await startWeir(t, { cwd })
  const claims = { iss: 'https://id.example.com' }
  const env = { TOKEN_OF_OLD_KEY: await signed(before, claims), TOKEN_OF_NEW_KEY: await signed(after, claims) }
  const [script = ''] = guide.blocks(heading, 'sh')
  const [rotate = '', ...requests] = script.split('\n')
  const place = { dir: cwd, proxy, env }
  await guide.run(
    t,
    'curl -H "Authorization: Bearer $TOKEN_OF_NEW_KEY" http://localhost:8000/orders # 401 token_invalid',
    place,
  )
  await guide.run(t, rotate, place)
  await weir.line(({ msg }) => msg === 'configuration reloaded')
  await guide.run(t, requests.join('\n'), place)
})

t.test('tokens from browsers', async (t) => {
  const heading = 'Tokens from browsers: cookie, query, WebSocket'
  const place = await serve(t, heading)
  t.strictSame(
    got.map(({ url, headers }) => [url, headers.cookie]),
    [
      ['/orders', undefined],
      ['/orders?page=2', undefined],
    ],
  )
  const [line = ''] = guide.blocks(heading, 'js')
  const open = new Function(
    'token',
    `return ${line.replace('http', 'ws').replace('ws://localhost:8000', place.proxy.replace('http', 'ws'))}`,
  )
  const socket = open(await tokenOf(place)) as WebSocket
  const [message] = (await once(socket as never, 'message')) as [MessageEvent]
  t.strictSame([message.data, socket.protocol], ['an order', 'chat'])
  socket.close()
  t.equal(got.at(-1)?.headers['sec-websocket-protocol'], 'chat')
})

t.test('API keys, passwords, several kinds', async (t) => {
  const heading = 'API keys, users with passwords, several kinds'
  const [make = '', requests = ''] = guide.blocks(heading, 'sh')
  const dir = await folder(t)
  await guide.run(t, make, { dir, proxy: '' })
  const { key, entry } = JSON.parse(await readFile(join(dir, 'new-key.json'), 'utf8'))
  await writeFile(join(dir, 'keys.yaml'), JSON.stringify([entry]))
  const gateway = await startGateway(yamlOf(heading), { dir })
  t.teardown(() => gateway.close())
  await guide.run(t, requests, { dir, proxy: gateway.url, env: { KEY: key, PASSWORD } })
})

t.test('roles, scopes and rules', (t) => serve(t, 'Roles, scopes and rules'))

t.test('a browser application', async (t) => {
  const heading = 'A browser application on another origin'
  const place = await serve(t, heading)
  const [line = ''] = guide.blocks(heading, 'js')
  const send = new Function(
    'token',
    `return ${line.replace('await ', '').replace('http://localhost:8000', place.proxy)}`,
  )
  t.equal(((await send(await tokenOf(place))) as Response).status, 200)
  const response = await fetch(`${place.proxy}/orders`, { headers: { origin: 'https://app.example.com' } })
  t.equal(response.headers.get('access-control-allow-origin'), 'https://app.example.com', 'the page can read the 401')
})

t.test('what goes upstream', async (t) => {
  await serve(t, 'What goes upstream')
  const [{ headers } = { headers: {} as IncomingHttpHeaders }] = got
  t.match(headers, { 'x-user': 'ann', 'x-roles': 'customer' })
  for (const name of ['authorization', 'x-tenant']) t.notHas(headers, name)
})

t.test('the admin listener', async (t) => {
  const files = { 'users.htpasswd': `ann:${HASH}\nbob:${HASH}\n` }
  const place = await start(t, yamlOf('The admin listener'), { PASSWORD }, files)
  for (const block of guide.blocks('The admin listener', 'sh')) await guide.run(t, block, place)
})

t.test('nothing of the page was left out', async (t) => t.strictSame(guide.unused, []))
