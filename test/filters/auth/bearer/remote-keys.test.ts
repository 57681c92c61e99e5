import { execFileSync, spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import type { ServerResponse } from 'node:http'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { SignJWT } from 'jose'
import t from 'tap'
import { FilterBench } from '../../../../core/testing.ts'
import { RemoteKeys } from '../../../../filters/auth/bearer/remote-keys.ts'
import { auth } from '../../../../filters/auth/filter.ts'
import { pass, request } from '../support.ts'
import { KeyServer, type Signer, signer } from './support.ts'

const openssl = spawnSync('openssl', ['version']).status === 0
if (!openssl && process.env.CI !== undefined) t.fail('openssl is needed here, and must be installed in CI')
const NO_OPENSSL = openssl ? false : 'NOT TESTED: openssl is not installed'

const MINUTE = 60_000
const HOUR = 60 * MINUTE

/** A filter whose issuer publishes its keys on a real socket; time is in the test's hand. */
async function setUp(t: { teardown(fn: () => unknown): void }, options: Record<string, unknown> = {}) {
  const server = await new KeyServer().start()
  t.teardown(() => server.stop().catch(() => {}))
  server.signers = [signer('a')]
  const bench = new FilterBench()
  const made = await bench.make(auth, { jwks_url: server.jwks, algorithms: ['ES256'], required: true, ...options })
  t.teardown(() => made.dispose())
  const sign = ({ kid, privateKey }: Signer, claims: Record<string, unknown> = {}): Promise<string> =>
    new SignJWT({ sub: 'ann', exp: bench.clock.wall() / 1000 + 100 * 3600, jti: String(Math.random()), ...claims })
      .setProtectedHeader({ alg: 'ES256', kid })
      .sign(privateKey)
  const ask = async (by: Signer, claims?: Record<string, unknown>): Promise<unknown> =>
    pass(request(await sign(by, claims)), made)
  /** Moves time; what is due then runs to its end. */
  const later = async (ms: number): Promise<void> => {
    bench.clock.advance(ms)
    bench.timers.advance()
    await settled()
  }
  return { server, bench, made, sign, ask, later }
}

/** Long enough for a fetch over loopback that nobody waits for. */
const settled = (): Promise<void> => new Promise((done) => setTimeout(done, 60))

t.test('the first token waits for the keys', async (t) => {
  const { server, ask } = await setUp(t)
  t.equal(await ask(server.signers[0]!), undefined)
  t.equal(await ask(server.signers[0]!), undefined)
  t.equal(server.fetches, 1)
})

t.test('a new key is fetched once, for all the tokens that name it', async (t) => {
  const { server, ask } = await setUp(t)
  const [old] = server.signers
  t.equal(await ask(old!), undefined)
  const next = signer('b')
  server.signers = [old!, next]
  t.strictSame(await Promise.all(Array.from({ length: 20 }, () => ask(next))), Array(20).fill(undefined))
  t.equal(server.fetches, 2)
  t.equal(await ask(old!), undefined)
})

t.test('a key that replaces another is fetched with the first token that is younger', async (t) => {
  for (const named of [true, false]) {
    const { server, ask, bench, later } = await setUp(t)
    const publish = (one: Signer): void => {
      server.signers = [named ? one : { ...one, jwk: { ...one.jwk, kid: undefined } }]
    }
    const [first, second, other] = [signer('a'), signer('a'), signer('a')]
    const now = () => ({ iat: bench.clock.wall() / 1000 })
    publish(first)
    t.equal(await ask(first, now()), undefined)
    await later(1000)
    publish(second)
    t.equal(await ask(second, { iat: now().iat - 60 }), '401 token_invalid', 'it is older than the keys')
    t.equal(server.fetches, 1)
    t.strictSame(await Promise.all(Array.from({ length: 20 }, () => ask(second, now()))), Array(20).fill(undefined))
    t.equal(server.fetches, 2)
    await later(1000)
    for (let i = 0; i < 20; i++) t.equal(await ask(other, now()), '401 token_invalid', 'in the cool-down')
    t.equal(server.fetches, 2)
    await later(31_000)
    t.equal(await ask(other, now()), '401 token_invalid')
    t.equal(server.fetches, 3, 'one in vain')
    t.equal(await ask(second, now()), undefined)
  }
})

t.test('10,000 invented key ids cause one fetch per cool-down', async (t) => {
  const { server, made, ask, later } = await setUp(t)
  t.equal(await ask(server.signers[0]!), undefined)
  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url')
  const invented = (kid: string) => request(`${part({ alg: 'ES256', kid })}.${part({ sub: 'eve' })}.AAAA`)
  const verdicts = new Set<unknown>()
  for (let i = 0; i < 10_000; i++) verdicts.add(await pass(invented(`x${i}`), made))
  t.strictSame([...verdicts], ['401 token_invalid'])
  t.equal(server.fetches, 2)
  await later(31_000)
  for (let i = 0; i < 1000; i++) await pass(invented(`y${i}`), made)
  t.equal(server.fetches, 3)
  t.equal(await ask(server.signers[0]!), undefined)
})

t.test('during the cool-down a token that is younger than the keys may be good: 503, not 401', async (t) => {
  const { server, bench, ask, later } = await setUp(t)
  t.equal(await ask(server.signers[0]!), undefined)
  await ask({ ...signer('x'), kid: 'x' })
  await later(1000)
  const next = signer('b')
  server.signers = [next]
  const iat = bench.clock.wall() / 1000
  t.equal(await ask(next, { iat }), '503 issuer_unavailable')
  await later(31_000)
  t.equal(await ask(next, { iat }), undefined)
})

t.test('an issuer that is away: known keys count for a day, and no longer', async (t) => {
  const { server, ask, later } = await setUp(t)
  const [known] = server.signers
  t.equal(await ask(known!), undefined)
  await server.stop()
  for (let minutes = 0; minutes < 60; minutes += 5) {
    await later(5 * MINUTE)
    t.equal(await ask(known!), undefined, `after ${minutes + 5} minutes`)
  }
  await later(24 * HOUR)
  t.equal(await ask(known!), '503 issuer_unavailable')
  await server.start()
  await later(MINUTE)
  t.equal(await ask(known!), undefined, 'it heals by itself')
})

t.test('it starts without the issuer, refuses, and heals without a request', async (t) => {
  const server = await new KeyServer().start()
  server.signers = [signer('a')]
  const { jwks } = server
  await server.stop()
  const bench = new FilterBench()
  const made = await bench.make(auth, { jwks_url: jwks, algorithms: ['ES256'], required: true })
  t.teardown(() => made.dispose())
  const sign = async (): Promise<string> =>
    new SignJWT({ sub: 'ann', jti: String(Math.random()) })
      .setProtectedHeader({ alg: 'ES256', kid: 'a' })
      .sign(server.signers[0]!.privateKey)
  t.equal(await pass(request(await sign()), made), '503 issuer_unavailable')
  t.equal(await pass(request(undefined), made), '401 token_missing')
  await server.start()
  t.teardown(() => server.stop())
  bench.clock.advance(2000)
  bench.timers.advance()
  await settled()
  t.equal(await pass(request(await sign()), made), undefined)
  t.match(
    bench.log.lines.map(({ message }) => message),
    [/can't be fetched, no token of it is accepted/, /can be fetched again/],
  )
})

t.test('a key that is withdrawn takes the tokens with it that it has signed, cached ones too', async (t) => {
  const { server, made, sign, ask, later } = await setUp(t)
  const [old] = server.signers
  const token = await sign(old!)
  t.equal(await pass(request(token), made), undefined)
  server.signers = [signer('b')]
  await later(11 * MINUTE)
  t.equal(await pass(request(token), made), '401 token_invalid')
  t.equal(await ask(old!), '401 token_invalid')
})

t.test('Cache-Control says when to fetch again, within bounds', async (t) => {
  const { server, ask, later } = await setUp(t)
  server.cacheControl = 'public, max-age=120'
  t.equal(await ask(server.signers[0]!), undefined)
  await later(119_000)
  t.equal(server.fetches, 1)
  server.cacheControl = 'no-store'
  await later(2000)
  t.equal(server.fetches, 2)
  await later(59_000)
  t.equal(server.fetches, 2, 'not more often than once a minute')
  await later(2000)
  t.equal(server.fetches, 3)
})

t.test('where nothing is demanded, nobody waits for an issuer that is away', async (t) => {
  const { server, bench, sign, later } = await setUp(t)
  const options = { jwks_url: server.jwks, algorithms: ['ES256'] }
  const held: ServerResponse[] = []
  server.respond = (_req, res) => void held.push(res)
  const open = await bench.make(auth, options)
  t.teardown(() => open.dispose())
  const bearer = await sign(server.signers[0]!)
  const first = request(bearer)
  t.equal(await pass(first, open), undefined)
  t.equal(first.identity, undefined)
  const demanding = await bench.make(auth, { ...options, required: true })
  t.teardown(() => demanding.dispose())
  const waiting = pass(request(bearer), demanding)
  await settled()
  server.respond = undefined
  for (const res of held) res.end(JSON.stringify({ keys: server.signers.map(({ jwk }) => jwk) }))
  t.equal(await waiting, undefined, 'but it is waited for where a token is demanded')
  const next = signer('b')
  server.signers = [next]
  await later(31_000)
  const rotated = request(await sign(next))
  t.equal(await pass(rotated, open), undefined)
  t.equal(rotated.identity?.subject, 'ann', 'and for a new key of an issuer that is known')
})

t.test('keys that count for a short time are fetched again before it is over', async (t) => {
  const { server, ask, later } = await setUp(t, { keys_stale_for: '5m' })
  server.cacheControl = 'max-age=3600'
  t.equal(await ask(server.signers[0]!), undefined)
  for (let minutes = 1; minutes < 20; minutes++) {
    await later(MINUTE)
    t.equal(await ask(server.signers[0]!), undefined, `after ${minutes} minutes`)
  }
})

t.test('a token that comes while a fetch ends does not stop the timer of the next one', async (t) => {
  const server = await new KeyServer().start()
  t.teardown(() => server.stop())
  server.signers = [signer('a')]
  const { clock, timers, log } = new FilterBench()
  const options = {
    jwksUrl: server.jwks,
    issuer: undefined,
    ca: undefined,
    verify: true,
    serverName: undefined,
    staleMs: HOUR,
  }
  // Runs after the end of the fetch, before its promise says so.
  const fetched = (): void =>
    queueMicrotask(() => void keys.candidates({ kid: 'unknown', algorithm: 'ES256', issuedAt: 0 }))
  const keys: RemoteKeys = new RemoteKeys(options, { clock, timers, log, fetched })
  t.teardown(() => keys.close())
  await keys.candidates({ kid: 'a', algorithm: 'ES256', issuedAt: 0 })
  await settled()
  const before = server.fetches
  clock.advance(11 * MINUTE)
  timers.advance()
  await settled()
  t.ok(server.fetches > before)
})

const json = (res: ServerResponse, text: string, status = 200): void =>
  void res.writeHead(status, { 'content-type': 'application/json' }).end(text)

const compressed = (res: ServerResponse, bytes: Buffer): void =>
  void res.writeHead(200, { 'content-encoding': 'gzip' }).end(bytes)

for (const [what, respond] of Object.entries<(res: ServerResponse) => void>({
  'a status of 500': (res) => json(res, '{}', 500),
  'a redirect': (res) => void res.writeHead(302, { location: 'http://127.0.0.1:1/' }).end(),
  nothing: (res) => json(res, ''),
  HTML: (res) => void res.writeHead(200, { 'content-type': 'text/html' }).end('<html>log in</html>'),
  'another type': (res) => json(res, '{"keys":"none"}'),
  'a list': (res) => json(res, '[]'),
  'no keys': (res) => json(res, '{"keys":[]}'),
  'secrets alone': (res) => json(res, '{"keys":[{"kty":"oct","kid":"a","k":"c2VjcmV0"}]}'),
  'more than 100 keys': (res) => json(res, JSON.stringify({ keys: Array(101).fill(signer('a').jwk) })),
  'more than 1 MiB, compressed': (res) =>
    compressed(res, gzipSync(JSON.stringify({ keys: [signer('b').jwk], padding: 'x'.repeat(1024 * 1024) }))),
  'what is no gzip, but says so': (res) => compressed(res, Buffer.from('{}')),
  'more than 1 MiB': (res) => json(res, JSON.stringify({ keys: [], padding: 'x'.repeat(1024 * 1024) })),
  'half a response': (res) => {
    res.writeHead(200, { 'content-length': '1000' }).write('{"keys":[')
    setTimeout(() => res.destroy(), 5)
  },
}))
  t.test(`an issuer that sends ${what} changes nothing`, async (t) => {
    const { server, ask, later } = await setUp(t)
    const [known] = server.signers
    t.equal(await ask(known!), undefined)
    server.respond = (_req, res) => respond(res)
    await later(11 * MINUTE)
    t.equal(server.fetches, 2)
    t.equal(await ask(known!), undefined)
    server.respond = undefined
    const next = signer('b')
    server.signers = [known!, next]
    await later(2000)
    t.equal(await ask(next), undefined, 'it heals by itself')
  })

t.test('an issuer that never ends its response is away after 5 s, and more than wait for it are refused', async (t) => {
  const { server, bench, sign } = await setUp(t)
  const slow = await new KeyServer().start()
  t.teardown(() => slow.stop())
  slow.respond = (_req, res) => void res.writeHead(200).write('{"keys":[')
  const options = { jwks_url: slow.jwks, algorithms: ['ES256'], required: true }
  const made = await bench.make(auth, options)
  t.teardown(() => made.dispose())
  const tokens = await Promise.all(Array.from({ length: 300 }, () => sign(server.signers[0]!)))
  const started = performance.now()
  const verdicts = await Promise.all(tokens.map((token) => pass(request(token), made)))
  t.strictSame([...new Set(verdicts)], ['503 issuer_unavailable'])
  t.ok(performance.now() - started < 8000)
})

t.test('keys over TLS, by an authority of the options', { skip: NO_OPENSSL }, async (t) => {
  const dir = t.testdir({})
  const [key, cert] = [join(dir, 'key.pem'), join(dir, 'cert.pem')]
  const args = `req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -keyout ${key} -out ${cert}`
  const names = ['-subj', '/CN=issuer', '-addext', 'subjectAltName=IP:127.0.0.1,DNS:id.test']
  execFileSync('openssl', [...args.split(' '), ...names], { stdio: 'ignore' })
  const by = signer('a')
  const server = createServer({ key: readFileSync(key), cert: readFileSync(cert) }, (_req, res) =>
    res.end(JSON.stringify({ keys: [by.jwk] })),
  )
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  t.teardown(() => {
    server.closeAllConnections()
    server.close()
  })
  const url = `https://127.0.0.1:${(server.address() as AddressInfo).port}/jwks`
  const ask = async (tls: object): Promise<[unknown, readonly string[]]> => {
    const bench = new FilterBench()
    const options = { jwks_url: url, algorithms: ['ES256'], required: true, tls }
    const made = await bench.make(auth, options, { baseDir: dir })
    const token = await new SignJWT({}).setProtectedHeader({ alg: 'ES256', kid: 'a' }).sign(by.privateKey)
    const verdict = await pass(request(token), made)
    await made.dispose()
    return [verdict, made.warnings]
  }
  t.strictSame(await ask({}), ['503 issuer_unavailable', []])
  t.strictSame(await ask({ ca_file: 'cert.pem' }), [undefined, []])
  t.strictSame(await ask({ ca_file: 'cert.pem', server_name: 'id.test' }), [undefined, []])
  t.equal((await ask({ ca_file: 'cert.pem', server_name: 'other.test' }))[0], '503 issuer_unavailable')
  const [verdict, warnings] = await ask({ verify: false })
  t.equal(verdict, undefined)
  t.match(warnings, [/tls.verify is false/])
})

t.test('discovery: the metadata name the keys, and must be the own ones', async (t) => {
  const server = await new KeyServer().start()
  t.teardown(() => server.stop())
  server.signers = [signer('a')]
  const bench = new FilterBench()
  const options = { issuer: server.issuer, discovery: true, algorithms: ['ES256'], required: true }
  const sign = (iss: string): Promise<string> =>
    new SignJWT({ iss }).setProtectedHeader({ alg: 'ES256', kid: 'a' }).sign(server.signers[0]!.privateKey)
  const made = await bench.make(auth, options)
  t.teardown(() => made.dispose())
  t.equal(await pass(request(await sign(server.issuer)), made), undefined)
  t.equal(await pass(request(await sign(`${server.issuer}/`)), made), '401 token_invalid')
  for (const metadata of [
    { issuer: `${server.issuer}/`, jwks_uri: server.jwks },
    { issuer: server.issuer },
    { issuer: server.issuer, jwks_uri: 'file:///etc/passwd' },
  ]) {
    server.metadata = metadata
    const other = await new FilterBench().make(auth, options)
    t.equal(await pass(request(await sign(server.issuer)), other), '503 issuer_unavailable', JSON.stringify(metadata))
    await other.dispose()
  }
})

t.test('a load keeps the keys; the last instance closes them', async (t) => {
  const { server, bench, made, ask } = await setUp(t)
  t.equal(await ask(server.signers[0]!), undefined)
  const options = { jwks_url: server.jwks, algorithms: ['ES256'], required: true, roles: ['admin'] }
  const next = await bench.make(auth, options)
  t.equal(await pass(request(await setUpToken(server, bench)), next), '403 role_missing')
  t.equal(server.fetches, 1)
  await next.dispose()
  await made.dispose()
  t.equal(bench.shared.size, 0)
})

const setUpToken = (server: KeyServer, bench: FilterBench): Promise<string> =>
  new SignJWT({ sub: 'bob', exp: bench.clock.wall() / 1000 + 60 })
    .setProtectedHeader({ alg: 'ES256', kid: server.signers[0]!.kid })
    .sign(server.signers[0]!.privateKey)
