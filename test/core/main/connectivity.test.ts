import { execFileSync, spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { type TargetTest, testTarget } from '../../../core/main/connectivity.ts'
import { startDns } from '../../support/dns.ts'
import { startRawUpstream, startUpstream } from '../../support/upstream.ts'

const PLAIN: TargetTest = {
  url: 'http://127.0.0.1:1',
  ca: () => undefined,
  serverName: undefined,
  verify: true,
  servers: undefined,
  method: 'HEAD',
  path: '/base',
  headers: {},
  statuses: undefined,
}
const run = (given: Partial<TargetTest>, ms?: number) => testTarget({ ...PLAIN, ...given }, ms)
const stepsOf = async (given: Partial<TargetTest>, ms?: number): Promise<string[]> =>
  (await run(given, ms)).steps.map(({ step, passed, detail }) => `${step} ${passed ? 'ok' : 'failed'} ${detail}`)

t.test('each step of a target that is there', async (t) => {
  const seen: string[] = []
  const upstream = await startUpstream((req, res) => {
    seen.push(`${req.method} ${req.url} ${req.headers['x-check']} ${req.headers.authorization}`)
    res.writeHead(302, { Location: `${upstream.url}/elsewhere` }).end('secret')
  })
  t.teardown(() => upstream.close())
  const url = upstream.url.replace('//', '//user:hidden@')
  const result = await run({ url, method: 'GET', headers: { 'x-check': 'yes' } })
  t.match(result, {
    target: upstream.url,
    passed: true,
    steps: [
      { step: 'dns', passed: true, detail: '127.0.0.1' },
      { step: 'tcp', passed: true, detail: `127.0.0.1:${upstream.port}` },
      { step: 'http', passed: true, detail: 'GET /base: 302' },
    ],
  })
  t.ok(result.steps.every(({ duration_ms: ms }) => ms >= 0))
  t.notMatch(JSON.stringify(result), /hidden|secret|elsewhere/)
  t.strictSame(seen, ['GET /base yes undefined'], 'a redirect is not followed')
  t.equal(upstream.connections(), 1, 'one connection does for all steps')
  t.match(await run({ url, statuses: [200] }), { passed: false })
})

t.test('why a step failed', async (t) => {
  const closed = await startUpstream(() => {})
  await closed.close()
  t.strictSame(await stepsOf({ url: closed.url }), [
    'dns ok 127.0.0.1',
    'tcp failed nobody listens there (ECONNREFUSED)',
  ])
  const dns = await startDns({ 'up.test': { addresses: ['127.0.0.1'] } })
  t.teardown(() => dns.close())
  const servers = [dns.address]
  t.match(await stepsOf({ url: 'http://no.test', servers }), [/^dns failed the name does not resolve/])
  const silent = await startRawUpstream(() => {})
  const babbling = await startRawUpstream((socket) => void socket.end('secret bytes\r\n\r\n'))
  const hangingUp = await startRawUpstream((socket) => socket.destroy())
  t.teardown(() => Promise.all([silent.close(), babbling.close(), hangingUp.close()]))
  const last = async (url: string): Promise<string | undefined> => (await stepsOf({ url, servers }, 300)).at(-1)
  t.match(await last(silent.url.replace('127.0.0.1', 'up.test')), /http failed (it took longer than 0.3 s|no response)/)
  t.match(await last(babbling.url), /^http failed the response is not HTTP$/)
  t.match(await last(hangingUp.url), /^http failed the connection was/)
  t.match(await last(silent.url.replace('http:', 'https:')), /^tls failed it took longer than 0.3 s$/)
  const down = await startUpstream((_, res) => void res.writeHead(503).end())
  t.teardown(() => down.close())
  t.equal(await last(down.url), 'http failed HEAD /base: 503')
})

const openssl = spawnSync('openssl', ['version']).status === 0
if (!openssl && process.env.CI !== undefined) t.fail('openssl is needed here, and must be installed in CI')

t.test('certificates', { skip: openssl ? false : 'NOT TESTED: openssl is not installed' }, async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'weir-tls-'))
  t.teardown(() => rmSync(folder, { recursive: true }))
  const [key, cert] = [join(folder, 'key.pem'), join(folder, 'cert.pem')]
  const args = `req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -keyout ${key} -out ${cert}`
  const names = ['-subj', '/CN=weir-test', '-addext', 'subjectAltName=IP:127.0.0.1,DNS:up.test']
  execFileSync('openssl', [...args.split(' '), ...names], { stdio: 'ignore' })
  const asked: (string | false | null)[] = []
  const server = createServer({ key: readFileSync(key), cert: readFileSync(cert) }, (_, res) => void res.end())
  server.on('secureConnection', (socket) => asked.push(socket.servername))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => {
    server.closeAllConnections()
    server.close()
  })
  const url = `https://127.0.0.1:${(server.address() as AddressInfo).port}`
  const ca = (): string => readFileSync(cert, 'utf8')
  const tlsOf = async (given: Partial<TargetTest>) => (await run({ url, ...given })).steps[2]
  const known = await run({ url, ca })
  t.match(known, { passed: true, steps: [{}, {}, { step: 'tls', detail: /^TLSv1\.3, .*valid$/ }, { step: 'http' }] })
  const days = (Date.parse(known.steps[2]!.valid_to!) - Date.parse(known.steps[2]!.valid_from!)) / 86_400_000
  t.equal(Math.round(days), 2)
  t.match(await tlsOf({}), { passed: false, detail: /not valid: DEPTH_ZERO_SELF_SIGNED_CERT/, valid_to: /Z$/ })
  t.match(await tlsOf({ verify: false }), { passed: true, detail: /SELF_SIGNED.*tls\.verify is off/ })
  t.match(await tlsOf({ ca, serverName: 'up.test' }), { passed: true })
  t.match(await tlsOf({ ca, serverName: 'other.test' }), { passed: false, detail: /ALTNAME/ })
  const unreadable = (): never => {
    throw new Error('cannot read "ca.pem"')
  }
  t.match(await tlsOf({ ca: unreadable }), { passed: false, detail: 'cannot read "ca.pem"' })
  t.ok(asked.includes('up.test'), 'the name is sent')
})
