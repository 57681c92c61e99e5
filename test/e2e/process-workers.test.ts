// Workers as one gateway: traffic, metrics, loads, breakers.
import { writeFile } from 'node:fs/promises'
import { type AddressInfo, createServer } from 'node:net'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import t from 'tap'
import { inject } from '../../core/testing/inject.ts'
import { folder, spawnWeir, weirCommand, yamlFor } from '../support/process.ts'
import { startUpstream } from '../support/upstream.ts'
import { gone, keepCalling, ready, startWorkers, workersOf } from '../support/workers.ts'

t.setTimeout(400_000) // 43 s on two cores that are free; it starts dozens of processes, beside those of other tests

const upstream = await startUpstream((_, res) => void res.end('up'))
t.teardown(() => upstream.close())

const start = (t: Parameters<typeof startWorkers>[0], given: Partial<Parameters<typeof startWorkers>[1]> = {}) =>
  startWorkers(t, { url: upstream.url, ...given })

t.test('two workers share the traffic, and are one gateway to the admin side', async (t) => {
  const { weir, proxy, admin, counted } = await start(t)
  const pids = [...workersOf(weir).values()]
  t.equal(new Set([...pids, weir.child.pid]).size, 3)
  for (let i = 0; i < 40; i++) {
    const { status } = await inject(proxy, { path: '/orchestrator/v1/up/', headers: { Connection: 'close' } })
    t.equal(status, 200)
  }
  t.equal(await counted(), 40)
  const { body: text } = await inject(admin, { path: '/readyz?verbose' })
  t.match(text, '[+]workers ok')
  t.match(await inject(admin, { path: '/livez' }), { status: 200 })
  const exit = await weir.stop()
  t.match(exit, { code: 0, signal: null, stderr: '' })
  const served = weir.access.filter(({ endpoint }) => endpoint === 'v1/up')
  t.ok(served.length === 40 && served.every(({ worker }) => worker === 1 || worker === 2))
  await gone(pids)
})

t.test('a reload reaches every worker, or none', async (t) => {
  const { weir, proxy, write } = await start(t, { rest: 'workers: 3\n' })
  const stop = keepCalling(proxy)
  await write(`${yamlFor(upstream.url, 'workers: 3\n')}  - { name: [\n`)
  await weir.line(({ level, msg }) => level === 50 && /not reloaded/.test(String(msg)))
  await write(yamlFor(upstream.url, '  - { name: two, url: "http://127.0.0.1:1", methods: [PUT] }\nworkers: 3\n'))
  await weir.line(({ msg }) => msg === 'configuration reloaded')
  for (let i = 0; i < 20; i++) {
    const { status } = await inject(proxy, { path: '/orchestrator/two/', headers: { Connection: 'close' } })
    t.equal(status, 405)
  }
  t.ok((await stop()).every((outcome) => outcome === 200))
  // Kong/kong#5799, #9090: a replacement served the configuration of before.
  for (const number of [1, 2, 3]) process.kill(workersOf(weir).get(number)!, 'SIGKILL')
  await ready(weir, 6)
  for (let i = 0; i < 20; i++) {
    const { status } = await inject(proxy, { path: '/orchestrator/two/', headers: { Connection: 'close' } })
    t.equal(status, 405)
  }
})

t.test('a second gateway on the same port is told so', async (t) => {
  const { proxy, cwd } = await start(t)
  const { port } = new URL(proxy)
  const yaml = `listen: 127.0.0.1:${port}\nadmin: off\nworkers: 2\nendpoints: []\n`
  await writeFile(join(cwd, 'second.yaml'), yaml)
  const exit = await weirCommand(t, { cwd, args: ['run', '--config', 'second.yaml'], env: { WEIR_WORKERS: '' } })
  t.equal(exit.code, 1)
  t.match(exit.stderr, /EADDRINUSE/)
})

t.test('of two gateways that start at the same time on one port, one ends', async (t) => {
  const free = createServer()
  await new Promise<void>((resolve) => free.listen(0, '127.0.0.1', resolve))
  const { port } = free.address() as AddressInfo
  free.close()
  const yaml = yamlFor(upstream.url, 'workers: { count: 2, timeout: 500ms }\n').replace(':0', `:${port}`)
  const cwd = await folder(t, { 'weir.yaml': yaml })
  const both = [1, 2].map(() => spawnWeir(t, { cwd, env: { WEIR_WORKERS: '' } }))
  const exit = await Promise.race(both.map(({ exited }) => exited))
  t.match(exit, { code: 1, stderr: /EADDRINUSE/ })
  await Promise.any(both.map((weir) => weir.url()))
  t.match(await inject(`http://127.0.0.1:${port}`, { path: '/orchestrator/v1/up/' }), { status: 200 })
})

t.test('a configuration that one worker can not build runs in none', async (t) => {
  const plugin = `export default { name: 'picky', apiVersion: 1, create({}, env) {
    if (env.name === 'bad' && JSON.parse(process.argv.at(-1)).number === 2) throw new Error('not here')
    if (env.name === 'deadly') process.exit(9)
    return {}
  } }`
  const chain = (name: string): string => `workers: 2
plugins: [./picky.js]
filters: [route-match, { name: ${name}, filter: picky }, proxy]
`
  const { weir, proxy, write } = await start(t, { rest: chain('good'), files: { 'picky.js': plugin } })
  await write(yamlFor(upstream.url, chain('bad')))
  const failure = await weir.line(({ msg }) => /not here/.test(String(msg)) || /not applied|failed/.test(String(msg)))
  t.match(JSON.stringify(failure), /not here/)
  await write(yamlFor(upstream.url, chain('deadly')))
  await weir.line((line) => /ended while it loaded this configuration: exit code 9/.test(JSON.stringify(line)))
  await ready(weir, 4)
  t.match(await inject(proxy, { path: '/orchestrator/v1/up/' }), { status: 200 })
  t.match(await weir.stop(), { code: 0 })
})

t.test('a breaker that opens in one worker is open in all, and closes in all', async (t) => {
  let broken = true
  const flaky = await startUpstream((_, res) => {
    res.statusCode = broken ? 503 : 200
    res.end()
  })
  t.teardown(() => flaky.close())
  const rest =
    'workers: 3\nfilters: [route-match, { name: b, filter: breaker, options: { failure_threshold: 3, reset_timeout: 2s } }, proxy]\n'
  const { weir, proxy } = await start(t, { url: flaky.url, rest })
  const call = (): Promise<{ status: number; body: string }> =>
    inject(proxy, { path: '/orchestrator/v1/up/', headers: { Connection: 'close' } })
  const reasonOf = ({ body }: { body: string }): string => (body === '' ? 'upstream' : JSON.parse(body).code)
  let calls = 0
  while (reasonOf(await call()) !== 'breaker_open' && calls < 30) calls++
  await setTimeout(100)
  for (let i = 0; i < 12; i++) t.equal(reasonOf(await call()), 'breaker_open')
  broken = false
  await setTimeout(2000)
  while ((await call()).status !== 200 && calls < 60) calls++
  await setTimeout(100)
  for (let i = 0; i < 12; i++) t.equal((await call()).status, 200)
  t.match(await weir.line((line) => line.msg === 'breaker changed its state' && line.to === 'closed'), { filter: 'b' })
})

t.test('a half-open breaker sends as many probes as it may, over all workers', async (t) => {
  let broken = true
  let calls = 0
  let atOnce = 0
  let held = Promise.withResolvers<void>()
  const flaky = await startUpstream(async (_, res) => {
    calls++
    res.statusCode = broken ? 503 : 200
    if (!broken) {
      atOnce++
      await held.promise
    }
    res.end()
  })
  t.teardown(() => flaky.close())
  for (const scope of ['endpoint', 'target']) {
    broken = true
    calls = 0
    atOnce = 0
    held = Promise.withResolvers()
    const options = `{ failure_threshold: 3, reset_timeout: 1s, half_open_max_calls: 3, scope: ${scope} }`
    const rest = `workers: 4\nfilters: [route-match, { name: b, filter: breaker, options: ${options} }, proxy]\n`
    const { weir, proxy } = await start(t, { url: flaky.url, rest })
    const call = (): Promise<{ status: number }> =>
      inject(proxy, { path: '/orchestrator/v1/up/', headers: { Connection: 'close' } })
    const opened = weir.line((line) => line.msg === 'breaker changed its state' && line.to === 'open')
    while (calls < 12 && weir.lines.every(({ to }) => to !== 'open')) await call()
    await opened
    broken = false
    await setTimeout(1100)
    let refused = 0
    const results = Array.from({ length: 256 }, () =>
      call().then(({ status }) => {
        if (status !== 200) refused++
      }),
    )
    while (refused + atOnce < 256) await setTimeout(10)
    // Fewer where the machine is so busy that an answer of the primary comes too late; never more.
    t.ok(atOnce >= 1 && atOnce <= 3, `${scope}: ${atOnce}`)
    held.resolve()
    await Promise.all(results)
    const isClosed = (): boolean =>
      weir.lines.some(({ msg, to }) => msg === 'breaker changed its state' && to === 'closed')
    while (!isClosed()) await call()
    await setTimeout(50)
    for (let i = 0; i < 12; i++) t.equal((await call()).status, 200)
    await weir.stop()
  }
})

t.test('numbers of workers', async (t) => {
  const run = async (rest: string, env: Record<string, string> = {}) =>
    weirCommand(t, {
      cwd: await folder(t, { 'weir.yaml': yamlFor(upstream.url, rest) }),
      env: { WEIR_WORKERS: '', ...env },
    })
  for (const wrong of ['0', '-1', '1.5', 'many', '[2]', '{ count: 0 }', '1000'])
    t.match(await run(`workers: ${wrong}\n`), { code: 78, stderr: /workers\S*: expected / }, wrong)
  for (const wrong of ['0', 'two'])
    t.match(await run('', { WEIR_WORKERS: wrong }), { code: 1, stderr: /WEIR_WORKERS is ".*"; expected/ })
  const cwd = await folder(t, { 'weir.yaml': yamlFor(upstream.url, 'workers: 2\n') })
  const weir = spawnWeir(t, { cwd, env: { WEIR_WORKERS: '1' } })
  await weir.url()
  t.equal(workersOf(weir).size, 0, 'the variable wins')
})
