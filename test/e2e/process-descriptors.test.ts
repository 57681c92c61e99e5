import { execFileSync, spawnSync } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { Agent } from 'node:http'
import { connect, type Socket } from 'node:net'
import t from 'tap'
import { send } from '../support/client.ts'
import { folder, LAUNCH, startWeir } from '../support/process.ts'
import { until } from '../support/reload.ts'
import { startUpstream } from '../support/upstream.ts'

const skip =
  process.platform === 'linux' && spawnSync('prlimit', ['--version']).status === 0 ? false : 'NOT TESTED: no prlimit'

// http-party/node-http-proxy#567, envoyproxy/envoy#980, ozontech/pg_doorman#262
t.test('without descriptors the gateway blames itself, not the upstream', { skip }, async (t) => {
  const upstream = await startUpstream((_req, res) => void res.setHeader('Connection', 'close').end('ok'))
  t.teardown(() => upstream.close())
  const cwd = await folder(t, {
    'weir.yaml': `listen: 127.0.0.1:0
admin: { listen: 127.0.0.1:0 }
overload: { max_memory: 2GiB, max_lag: 1m }
health_check: { interval: 200ms, unhealthy_threshold: 1 }
endpoints:
  - { name: addressed, url: "${upstream.url}", filters: { breaker: { failure_threshold: 2 } } }
  - { name: named, url: "${upstream.url.replace('127.0.0.1', 'localhost')}", filters: { breaker: { failure_threshold: 2 } } }
`,
  })
  const { weir, proxy, admin } = await startWeir(t, { cwd })
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  const adminAgent = new Agent({ keepAlive: true, maxSockets: 1 })
  t.teardown(() => [agent, adminAgent].forEach((each) => void each.destroy()))
  const ask = (name: string) => send(`${proxy}/orchestrator/${name}`, { agent })
  const metrics = async (): Promise<string> => (await send(`${admin}/metrics`, { agent: adminAgent })).body
  t.equal((await ask('addressed')).status, 200)
  await until(metrics, (text) => (text.match(/^weir_endpoint_health\{.*\} 1$/gm)?.length ?? 0) >= 2)
  const pid = String(weir.child.pid)
  const limit = (count: number): void => void execFileSync('prlimit', ['--pid', pid, `--nofile=${count}:${4096}`])
  limit(3)
  await until(
    () => ask('addressed'),
    ({ status }) => status === 503,
  )
  for (let i = 0; i < 6; i++)
    for (const name of ['addressed', 'named']) {
      const { status, headers, json } = await ask(name)
      t.match(json(), { code: 'gateway_exhausted' }, `${name} ${i}`)
      t.equal(status, 503)
      t.equal(headers['retry-after'], '1')
    }
  await new Promise((resolve) => setTimeout(resolve, 1000))
  const text = await metrics()
  t.match(text, /^weir_shortages_total\{code="EMFILE"\} [1-9]\d+$/m)
  t.notMatch(text, /^weir_endpoint_health\{.*\} 0$/m, 'no target is unhealthy')
  t.notMatch(text, /^weir_breaker_state\{.*state="open".*\} 1$/m, 'no breaker opened')
  t.equal(weir.lines.filter(({ code }) => code === 'EMFILE').length, 1, 'one line')
  limit(4096)
  await until(
    () => ask('named'),
    ({ status }) => status === 200,
  )
  t.equal((await ask('addressed')).status, 200)
  t.equal(weir.child.exitCode, null)
})

t.test('under ulimit -n 64 a crowd of clients leaves descriptors for upstreams', { skip }, async (t) => {
  const upstream = await startUpstream((_req, res) => res.end('ok'))
  t.teardown(() => upstream.close())
  const cwd = await folder(t, {
    'weir.yaml': `listen: 127.0.0.1:0
admin: { listen: 127.0.0.1:0 }
endpoints: [{ name: up, url: "${upstream.url}" }]
`,
  })
  const program = ['bash', '-c', 'ulimit -n 64; exec "$0" "$@"', process.execPath, LAUNCH] as const
  const { weir, proxy, admin } = await startWeir(t, { cwd, program })
  const port = Number(new URL(proxy).port)
  const sockets: Socket[] = []
  t.teardown(() => sockets.forEach((socket) => void socket.destroy()))
  const results = await Promise.all(
    Array.from(
      { length: 100 },
      () =>
        new Promise<string>((resolve) => {
          const socket = connect(port, '127.0.0.1')
          sockets.push(socket)
          let received = ''
          socket.on('error', () => {})
          socket.on('data', (chunk) => {
            received += chunk.toString()
            if (received.endsWith('ok')) resolve(received.slice(9, 12))
          })
          socket.on('close', () => resolve(received === '' ? 'refused' : received.slice(9, 12)))
          socket.write('GET /orchestrator/up HTTP/1.1\r\nHost: a\r\n\r\n')
        }),
    ),
  )
  const served = results.filter((each) => each === '200').length
  t.equal(served, 16, 'half of what is left of 64 without 32')
  t.equal(results.filter((each) => each === 'refused').length, 84, 'the others are refused, and none fails')
  t.equal((await send(`${admin}/readyz`)).status, 200, 'the admin listener has its own')
  t.ok(readdirSync(`/proc/${weir.child.pid}/fd`).length < 64)
})

t.test('the limits on connections of clients do not lock the operator out', async (t) => {
  const cwd = await folder(t, {
    'weir.yaml': `listen: 127.0.0.1:0
admin: { listen: 127.0.0.1:0 }
downstream: { max_connections: 1, max_connections_per_address: 1 }
endpoints: [{ name: a, url: "http://127.0.0.1:1" }]
`,
  })
  const { weir, proxy, admin } = await startWeir(t, { cwd })
  const agent = (): Agent => {
    const each = new Agent({ keepAlive: true, maxSockets: 1 })
    t.teardown(() => each.destroy())
    return each
  }
  for (let i = 0; i < 3; i++) t.equal((await send(`${admin}/livez`, { agent: agent() })).status, 200)
  t.equal((await send(`${proxy}/`, { agent: agent() })).status, 404)
  await t.rejects(send(`${proxy}/`, { agent: agent() }), 'they hold for clients')
  t.same(
    weir.lines.filter(({ level }) => Number(level) >= 50),
    [],
    'and nothing fails',
  )
})
