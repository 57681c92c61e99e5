import { once } from 'node:events'
import { Agent, type ServerResponse } from 'node:http'
import t, { type Test } from 'tap'
import { connectTo, send } from '../support/client.ts'
import { folder, startWeir, yamlFor } from '../support/process.ts'
import { startUpstream } from '../support/upstream.ts'

/** A gateway whose upstream answers half, and the rest when told. */
async function setUp(t: Test, rest = '') {
  const begun = Promise.withResolvers<ServerResponse>()
  const upstream = await startUpstream((request, response) => {
    if (request.url !== '/slow') return void response.end('quick')
    response.write('first half, ')
    begun.resolve(response)
  })
  t.teardown(() => upstream.close())
  const cwd = await folder(t, { 'weir.yaml': yamlFor(upstream.url, rest) })
  const started = await startWeir(t, { cwd })
  return { ...started, base: `${started.proxy}/orchestrator/v1/up`, begun: begun.promise }
}

const stopping = (line: Readonly<Record<string, unknown>>): boolean => String(line.msg).startsWith('stopping')

t.test('a request in flight gets its whole answer, and the exit code is 0', async (t) => {
  const { weir, base, begun } = await setUp(t)
  const slow = send(`${base}/slow`)
  const response = await begun
  weir.child.kill('SIGTERM')
  await weir.line(stopping)
  response.end('second half')
  const answer = await slow
  t.equal(answer.status, 200)
  t.equal(answer.body, 'first half, second half')
  const { code, stderr } = await weir.exited
  t.equal(code, 0)
  t.equal(stderr, '')
  t.match(weir.access, [{ status: 200 }], 'its line is in the log')
  t.equal(weir.lines.at(-1)?.msg, 'stopped')
})

t.test('during the grace period it still answers, and /readyz says 503', async (t) => {
  const { weir, base, admin } = await setUp(t, 'shutdown: { grace_period: 1s }\n')
  const agent = new Agent({ keepAlive: true })
  t.teardown(() => agent.destroy())
  t.equal((await send(`${base}/quick`, { agent })).headers.connection, 'keep-alive')
  weir.child.kill('SIGTERM')
  await weir.line(stopping)
  const ready = await send(`${admin}/readyz`)
  t.equal(ready.status, 503)
  t.match(ready.body, /\[-\]running failed/)
  t.equal((await send(`${admin}/livez`)).status, 200)
  const answer = await send(`${base}/quick`, { agent })
  t.equal(answer.body, 'quick')
  t.equal(answer.headers.connection, 'close', 'it asks clients not to keep their connections')
  t.equal((await weir.exited).code, 0)
})

t.test(
  'probes need no token where the admin listener does, and see the grace period (PrefectHQ/prefect#16726)',
  async (t) => {
    const upstream = await startUpstream((_request, response) => void response.end())
    t.teardown(() => upstream.close())
    const yaml = `listen: 127.0.0.1:0
admin: { listen: 0.0.0.0:0, probes_listen: 127.0.0.1:0, filters: [{ auth: { secret: ${'s'.repeat(40)} } }, admin] }
shutdown: { grace_period: 1s }
endpoints: [{ name: up, url: "${upstream.url}" }]
`
    const { weir, admin, proxy } = await startWeir(t, { cwd: await folder(t, { 'weir.yaml': yaml }) })
    const probes = `http://127.0.0.1:${(await weir.line((line) => line.listener === 'probes')).port}`
    t.equal((await send(`${admin}/readyz`)).status, 401)
    t.equal((await send(`${probes}/readyz`, { headers: { Host: 'a-load-balancer.test' } })).status, 200)
    t.equal((await send(`${probes}/metrics`)).status, 404)
    weir.child.kill('SIGTERM')
    await weir.line(stopping)
    t.equal((await send(`${probes}/readyz`)).status, 503)
    t.equal((await send(`${probes}/livez`)).status, 200)
    t.equal((await send(`${proxy}/orchestrator/up`)).status, 200, 'traffic that still comes is served')
    t.equal((await weir.exited).code, 0)
  },
)

t.test('a request on the connection of the last answer, begun before it was to stop, is answered', async (t) => {
  const { weir, base, begun } = await setUp(t)
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  t.teardown(() => agent.destroy())
  const first = send(`${base}/slow`, { agent })
  const second = send(`${base}/quick`, { agent })
  const response = await begun
  weir.child.kill('SIGTERM')
  await weir.line(stopping)
  response.end('second half')
  t.equal((await first).headers.connection, 'keep-alive')
  const answer = await second
  t.equal(answer.body, 'quick')
  t.equal(answer.headers.connection, 'close')
  t.equal((await weir.exited).code, 0)
})

t.test('idle connections hold it up for a moment only', async (t) => {
  const { weir, base } = await setUp(t)
  const agent = new Agent({ keepAlive: true })
  t.teardown(() => agent.destroy())
  await send(`${base}/quick`, { agent })
  const silent = await connectTo(Number(new URL(base).port))
  t.teardown(() => silent.destroy())
  const start = performance.now()
  t.equal((await weir.stop()).code, 0)
  t.ok(performance.now() - start < 10_000, 'not the 30 s of shutdown.timeout')
  t.notOk(weir.lines.some((line) => line.level === 40))
})

t.test('what is not over at the deadline is cut', async (t) => {
  const { weir, base, begun } = await setUp(t, 'shutdown: { timeout: 200ms }\n')
  const slow = t.rejects(send(`${base}/slow`))
  await begun
  t.equal((await weir.stop()).code, 0)
  await slow
  t.match(
    weir.lines.find((line) => line.level === 40),
    { msg: /were cut/ },
  )
})

t.test('a timeout beyond the 24.8 days of Node is no timeout of a millisecond', async (t) => {
  const { weir, base, begun } = await setUp(t, 'shutdown: { timeout: 800h }\n')
  const slow = send(`${base}/slow`)
  const response = await begun
  weir.child.kill('SIGTERM')
  await weir.line(stopping)
  // The listeners close in the turn after that line; with a timeout of 1 ms the request would be cut now.
  await new Promise((done) => setTimeout(done, 100))
  response.end('second half')
  t.equal((await slow).body, 'first half, second half')
  const { code, stderr } = await weir.exited
  t.equal(code, 0)
  t.notMatch(stderr, /TimeoutOverflowWarning/)
})

t.test('a second signal exits at once, and the log is whole', async (t) => {
  const { weir, base, begun } = await setUp(t)
  t.equal((await send(`${base}/quick`)).status, 200)
  const slow = t.rejects(send(`${base}/slow`))
  await begun
  weir.child.kill('SIGTERM')
  await weir.line(stopping)
  t.equal(weir.child.exitCode, null)
  const { code } = await weir.stop('SIGINT')
  t.equal(code, 1)
  await slow
  t.equal(weir.access[0]?.status, 200)
})

t.test('the log of the last requests is there however soon the end comes', async (t) => {
  const { weir, base } = await setUp(t)
  for (let i = 0; i < 50; i++) await send(`${base}/quick`)
  t.equal((await weir.stop()).code, 0)
  t.equal(weir.access.length, 50)
})

t.test('a reader of the log that goes away does not stop the gateway', async (t) => {
  const { weir, base } = await setUp(t)
  const exit = once(weir.child, 'exit')
  weir.child.stdout!.destroy()
  for (let i = 0; i < 50; i++) t.equal((await send(`${base}/quick`)).status, 200)
  weir.child.kill('SIGTERM')
  t.same(await exit, [0, null])
})
