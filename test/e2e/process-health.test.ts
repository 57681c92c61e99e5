import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { send } from '../support/client.ts'
import { folder, type LogLine, startWeir, type WeirProcess } from '../support/process.ts'
import { until } from '../support/reload.ts'
import { startUpstream } from '../support/upstream.ts'

/** Answers with the status that it was told last, by `/tell/{status}`. */
const UPSTREAM = `
let status = 200
const server = require('node:http').createServer((request, response) => {
  const told = /^\\/tell\\/(\\d+)/.exec(request.url)
  if (told !== null) status = Number(told[1])
  response.writeHead(told === null ? status : 200).end('I am well')
}).listen(Number(process.argv[1]), '127.0.0.1', () => require('node:fs').writeSync(1, String(server.address().port)))`

/** An upstream in a process of its own, which may be killed, stopped, and started again at the same port. */
class Upstream {
  port = 0
  #child: ChildProcess | undefined

  async start(): Promise<void> {
    const child = spawn(process.execPath, ['-e', UPSTREAM, String(this.port)], { stdio: ['ignore', 'pipe', 'inherit'] })
    this.#child = child
    const [port] = (await once(child.stdout!, 'data')) as [Buffer]
    this.port = Number(port)
  }

  async kill(): Promise<void> {
    const gone = once(this.#child!, 'exit')
    this.#child!.kill('SIGKILL')
    await gone
  }

  signal(signal: NodeJS.Signals): void {
    this.#child!.kill(signal)
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`
  }
}

async function startUpstreams(t: Test, count: number): Promise<Upstream[]> {
  const upstreams = Array.from({ length: count }, () => new Upstream())
  for (const upstream of upstreams) {
    await upstream.start()
    t.teardown(() => upstream.signal('SIGKILL'))
  }
  return upstreams
}

const CHECKS =
  'health_check: { path: /well, interval: 100ms, timeout: 500ms, unhealthy_threshold: 3, healthy_threshold: 2 }'

/** Waits for changes of a target's health, one after the other: each is looked for behind the last. */
function changes(weir: WeirProcess): (to: string) => Promise<LogLine> {
  let seen = 0
  return async (to) => {
    const wanted = (line: LogLine): boolean =>
      line.msg === 'target changed its health' && line.to === to && weir.lines.indexOf(line) >= seen
    const line = await weir.line(wanted)
    seen = weir.lines.indexOf(line) + 1
    return line
  }
}

t.test('an upstream that is killed, stopped, failing, and back', async (t) => {
  const [upstream] = (await startUpstreams(t, 1)) as [Upstream]
  const cwd = await folder(t, {
    'weir.yaml': `listen: 127.0.0.1:0\nadmin: { listen: 127.0.0.1:0 }\nlog_level: debug\n${CHECKS}\nendpoints:\n  - { name: up, version: v1, url: "${upstream.url}/base" }\n`,
  })
  const { weir, admin } = await startWeir(t, { cwd })
  const change = changes(weir)
  const metrics = async (): Promise<string> => (await send(`${admin}/metrics`)).body
  const count = async (result: string): Promise<number> =>
    Number(new RegExp(`weir_health_checks_total\\{.*result="${result}"\\} (\\d+)`).exec(await metrics())![1])

  t.match(await change('healthy'), { from: 'unknown', endpoint: 'v1/up', reason: /^2 in a row/ })
  t.equal(await count('failure'), 0)

  await upstream.kill()
  t.match(await change('unhealthy'), {
    level: 40,
    from: 'healthy',
    reason: '3 in a row: The upstream could not be reached',
  })
  t.match(await weir.line((line) => line.msg === 'endpoint changed its status'), { from: 'active', to: 'unhealthy' })
  t.match(await metrics(), `weir_endpoint_health{endpoint="v1/up",target="${upstream.url}/base"} 0\n`)
  await upstream.start()
  t.match(await change('healthy'), { from: 'unhealthy', reason: /^2 in a row/ })
  t.match(await metrics(), `weir_endpoint_health{endpoint="v1/up",target="${upstream.url}/base"} 1\n`)

  upstream.signal('SIGSTOP')
  t.match(await change('unhealthy'), { reason: '3 in a row: The upstream took too long to respond' })
  upstream.signal('SIGCONT')
  await change('healthy')

  await send(`${upstream.url}/tell/500`)
  t.match(await change('unhealthy'), { reason: '3 in a row: status 500' })
  await send(`${upstream.url}/tell/204`)
  await change('healthy')
  t.ok((await count('failure')) >= 9)

  const from = performance.now()
  const { code } = await weir.stop()
  t.equal(code, 0)
  t.ok(performance.now() - from < 5000)
  t.notOk(weir.lines.some(({ level }) => level === 50))
})

t.test('while the gateway is stopped for longer than the timeout, nobody is held to have failed', async (t) => {
  const upstream = await startUpstream((_request, response) => setTimeout(() => response.end('well'), 200))
  t.teardown(() => upstream.close())
  const cwd = await folder(t, {
    'weir.yaml': `listen: 127.0.0.1:0\nadmin: { listen: 127.0.0.1:0 }\n${CHECKS}\nendpoints:\n  - { name: up, url: "${upstream.url}" }\n`,
  })
  const { weir, admin } = await startWeir(t, { cwd })
  const metrics = async (): Promise<string> => (await send(`${admin}/metrics`)).body
  const passed = async (): Promise<number> => Number(/result="success"\} (\d+)/.exec(await metrics())?.[1])
  await until(passed, (count) => count >= 3)
  for (let i = 0; i < 3; i++) {
    weir.child.kill('SIGSTOP')
    await new Promise((done) => setTimeout(done, 1500))
    weir.child.kill('SIGCONT')
    const before = await passed()
    await until(passed, (count) => count >= before + 2)
  }
  t.match(await metrics(), 'result="failure"} 0\n')
})

t.test('a reload: what did not change is neither forgotten nor checked anew; what went is left alone', async (t) => {
  const [bad, good] = (await startUpstreams(t, 2)) as [Upstream, Upstream]
  await send(`${bad.url}/tell/500`)
  const text = (checks: string, more: string): string =>
    `listen: 127.0.0.1:0\nadmin: { listen: 127.0.0.1:0 }\n${checks}\nendpoints:\n  - { name: bad, url: "${bad.url}" }\n${more}`
  const cwd = await folder(t, { 'weir.yaml': text(CHECKS, '') })
  const { weir, admin } = await startWeir(t, { cwd })
  const change = changes(weir)
  await change('unhealthy')
  const more = `  - { name: good, url: "${good.url}", health_check: { body_match: "/I am (well|ok)/" } }\n`
  await writeFile(join(cwd, 'weir.yaml'), text(CHECKS, more))
  const metrics = async (): Promise<string> => (await send(`${admin}/metrics`)).body
  const row = /weir_health_checks_total\{endpoint="good".*result="success"\} [2-9]/
  t.match(await until(metrics, (now) => row.test(now)), `weir_endpoint_health{endpoint="bad",target="${bad.url}"} 0\n`)
  t.notOk(weir.lines.some((line) => line.to === 'unknown'))
  await writeFile(join(cwd, 'weir.yaml'), text('', more.replace('body_match: "/I am (well|ok)/"', 'enabled: true')))
  t.match(await change('unknown'), { endpoint: 'bad', reason: 'it is no longer checked' })
  t.notMatch(await metrics(), 'weir_health_checks_total{endpoint="bad"')
  t.match(await metrics(), `weir_endpoint_health{endpoint="bad",target="${bad.url}"} 1\n`)
})

const openssl = spawnSync('openssl', ['version']).status === 0
if (!openssl && process.env.CI !== undefined) t.fail('openssl is needed here, and must be installed in CI')

t.test(
  "an upstream with TLS is checked with the endpoint's authorities",
  { skip: openssl ? false : 'NOT TESTED: openssl is not installed' },
  async (t) => {
    const cwd = await folder(t)
    const [key, cert] = [join(cwd, 'key.pem'), join(cwd, 'ca.pem')]
    const args = `req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -keyout ${key} -out ${cert}`
    const names = ['-subj', '/CN=weir-test', '-addext', 'subjectAltName=IP:127.0.0.1']
    execFileSync('openssl', [...args.split(' '), ...names], { stdio: 'ignore' })
    const server = createServer({ key: readFileSync(key), cert: readFileSync(cert) }, (_req, res) => res.end('secret'))
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    t.teardown(() => {
      server.closeAllConnections()
      server.close()
    })
    const url = `https://127.0.0.1:${(server.address() as AddressInfo).port}`
    const text = `listen: 127.0.0.1:0
admin: { listen: 127.0.0.1:0 }
log_level: debug
${CHECKS}
endpoints:
  - { name: known, url: "${url}", filters: { proxy: { tls: { ca_file: ca.pem } } } }
  - { name: strange, url: "${url}" }
`
    await writeFile(join(cwd, 'weir.yaml'), text)
    const { weir } = await startWeir(t, { cwd })
    const of = (endpoint: string) =>
      weir.line((line) => line.msg === 'target changed its health' && line.endpoint === endpoint)
    t.match(await of('known'), { to: 'healthy' })
    t.match(await of('strange'), {
      to: 'unhealthy',
      reason: "3 in a row: The upstream's certificate could not be verified",
    })
  },
)
