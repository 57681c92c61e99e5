// Workers as processes: what their failures do to requests, and who goes when the primary goes.

import { writeFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import t from 'tap'
import { inject } from '../../core/testing/inject.ts'
import { folder, spawnWeir, startWeir, type WeirProcess, weirCommand, yamlFor } from '../support/process.ts'
import { startUpstream } from '../support/upstream.ts'

interface Cleaner {
  teardown(fn: () => unknown): void
}

const upstream = await startUpstream((_, res) => void res.end('up'))
t.teardown(() => upstream.close())

/** Calls of the endpoint, until stopped. Each opens a connection, so that any worker may get it. */
function keepCalling(url: string, path = '/orchestrator/v1/up/') {
  const outcomes: (number | string)[] = []
  let on = true
  const call = async (): Promise<void> => {
    while (on)
      outcomes.push(
        await inject(url, { path, headers: { Connection: 'close' } }).then(
          ({ status }) => status,
          (error: NodeJS.ErrnoException) => error.code ?? String(error),
        ),
      )
  }
  const calls = Promise.all(Array.from({ length: 4 }, call))
  return async () => {
    on = false
    await calls
    return outcomes
  }
}

async function start(t: Cleaner, { rest = 'workers: 2\n', files = {}, url = upstream.url } = {}) {
  const cwd = await folder(t, { 'weir.yaml': yamlFor(url, rest), ...files })
  const started = await startWeir(t, { cwd, env: { WEIR_WORKERS: '' } })
  const write = (yaml: string): Promise<void> => writeFile(join(cwd, 'weir.yaml'), yaml)
  const counted = async (): Promise<number> => {
    const { body: text } = await inject(started.admin, { path: '/metrics' })
    const lines = text.matchAll(/^http_server_request_duration_seconds_count\{.*endpoint="v1\/up".*\} (\d+)$/gm)
    return [...lines].reduce((sum, [, count]) => sum + Number(count), 0)
  }
  return { ...started, write, counted, cwd }
}

/** The processes that are workers now, by number. */
function workersOf(weir: WeirProcess): Map<number, number> {
  const ready = weir.lines.filter((line) => / is ready$/.test(String(line.msg)))
  return new Map(ready.map((line) => [line.worker as number, line.pid as number]))
}

const isAlive = (pid: number): boolean => {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}

async function gone(pids: Iterable<number>): Promise<void> {
  for (const pid of pids) while (isAlive(pid)) await setTimeout(20)
}

const ready = (weir: WeirProcess, times: number): Promise<unknown> =>
  weir.line(() => weir.lines.filter((line) => / is ready$/.test(String(line.msg))).length >= times)

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

t.test('a worker that is killed takes its own requests along, and is replaced', async (t) => {
  const { weir, proxy, counted } = await start(t)
  const stop = keepCalling(proxy)
  let before = 0
  for (let kills = 1; kills <= 5; kills++) {
    await setTimeout(1100)
    const now = await counted()
    t.ok(now >= before, `${before} → ${now}`)
    before = now
    process.kill(workersOf(weir).get(1 + (kills % 2))!, 'SIGKILL')
    await ready(weir, 2 + kills)
  }
  const outcomes = await stop()
  const failed = outcomes.filter((outcome) => outcome !== 200)
  // At most the four requests that were in flight at each kill.
  t.ok(failed.length <= 20, `${failed.length} of ${outcomes.length} failed: ${failed.slice(0, 5)}`)
  t.notOk(failed.includes('ECONNREFUSED'))
  t.ok(failed.every((outcome) => outcome === 'ECONNRESET'))
  t.ok((await counted()) >= before)
  t.match(await weir.stop(), { code: 0 })
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

// apache/apisix#1663: with a socket per worker, a second start shared the port with the first.
t.test('a second gateway on the same port is told so', async (t) => {
  const { proxy, cwd } = await start(t)
  const { port } = new URL(proxy)
  const yaml = `listen: 127.0.0.1:${port}\nadmin: off\nworkers: 2\nendpoints: []\n`
  await writeFile(join(cwd, 'second.yaml'), yaml)
  const exit = await weirCommand(t, { cwd, args: ['run', '--config', 'second.yaml'], env: { WEIR_WORKERS: '' } })
  t.equal(exit.code, 1)
  t.match(exit.stderr, /EADDRINUSE/)
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

t.test('a worker that hangs in a loop is killed and replaced', async (t) => {
  const plugin = `export default { name: 'hang', apiVersion: 1, create: () => ({ request(x) {
    if (x.request.path.endsWith('/hang')) for (;;);
  } }) }`
  const rest = 'workers: { count: 2, timeout: 500ms }\nplugins: [./hang.js]\nfilters: [hang, route-match, proxy]\n'
  const { weir, proxy } = await start(t, { rest, files: { 'hang.js': plugin } })
  await t.rejects(inject(proxy, { path: '/orchestrator/v1/up/hang' }), { code: 'ECONNRESET' })
  await weir.line(({ msg }) => /does not respond and is killed/.test(String(msg)))
  await ready(weir, 3)
  t.match(await inject(proxy, { path: '/orchestrator/v1/up/' }), { status: 200 })
})

t.test('a worker that leaks ends at its limit, and is replaced', async (t) => {
  const plugin = `const kept = []
  export default { name: 'leak', apiVersion: 1, create: () => ({ async request(x) {
    if (!x.request.path.endsWith('/leak')) return
    for (;;) { kept.push(Array.from({ length: 100_000 }, (_, i) => ({ i }))); await new Promise(setImmediate) }
  } }) }`
  const rest = 'workers: { count: 2, max_heap: 96MiB }\nplugins: [./leak.js]\nfilters: [leak, route-match, proxy]\n'
  const { weir, proxy } = await start(t, { rest, files: { 'leak.js': plugin } })
  await t.rejects(inject(proxy, { path: '/orchestrator/v1/up/leak' }), { code: 'ECONNRESET' })
  t.match(await weir.line(({ msg }) => /ended and is replaced/.test(String(msg))), { how: /SIGABRT|SIGTRAP|exit code/ })
  t.match(weir.stderr, /heap out of memory/)
  await ready(weir, 3)
  t.match(await inject(proxy, { path: '/orchestrator/v1/up/' }), { status: 200 })
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

t.test('signals to a worker are not for it', async (t) => {
  const { weir, proxy } = await start(t)
  for (const pid of workersOf(weir).values())
    for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP', 'SIGUSR1'] as const) process.kill(pid, signal)
  await setTimeout(300)
  for (let i = 0; i < 10; i++)
    t.match(await inject(proxy, { path: '/orchestrator/v1/up/', headers: { Connection: 'close' } }), { status: 200 })
  t.notMatch(weir.stdout, /ended and is replaced/)
})

t.test('requests in flight finish when the gateway is stopped', async (t) => {
  const slow = await startUpstream((_, res) => void setTimeout(800).then(() => res.end('late')))
  t.teardown(() => slow.close())
  const { weir, proxy } = await start(t, { url: slow.url })
  const calls = Array.from({ length: 6 }, () => inject(proxy, { path: '/orchestrator/v1/up/' }))
  await setTimeout(300)
  const exit = weir.stop()
  for (const { status, body } of await Promise.all(calls)) t.match([status, body], [200, 'late'])
  t.match(await exit, { code: 0 })
})

t.test('when the primary is killed nothing is left listening', async (t) => {
  const slow = await startUpstream((_, res) => void setTimeout(800).then(() => res.end('late')))
  t.teardown(() => slow.close())
  const { weir, proxy } = await start(t, { url: slow.url })
  const pids = [...workersOf(weir).values()]
  const call = inject(proxy, { path: '/orchestrator/v1/up/' })
  await setTimeout(300)
  weir.child.kill('SIGKILL')
  t.match(await call, { status: 200, body: 'late' }, 'a request in flight finishes')
  await gone(pids)
  const { port } = new URL(proxy)
  const code = await new Promise((resolve) => {
    connect(Number(port), '127.0.0.1')
      .on('error', (error: NodeJS.ErrnoException) => resolve(error.code))
      .on('connect', () => resolve('connected'))
  })
  t.equal(code, 'ECONNREFUSED')
})

t.test('the second signal ends everything at once', async (t) => {
  const never = await startUpstream(() => {})
  t.teardown(() => never.close())
  const { weir, proxy } = await start(t, { url: never.url })
  const pids = [...workersOf(weir).values()]
  inject(proxy, { path: '/orchestrator/v1/up/' }).catch(() => {})
  await setTimeout(200)
  weir.child.kill('SIGTERM')
  await weir.line(({ msg }) => /^stopping/.test(String(msg)))
  t.match(await weir.stop('SIGTERM'), { code: 1 })
  await gone(pids)
})

t.test('workers that can not start end the start, with the reason', async (t) => {
  const files = {
    'weir.yaml': yamlFor(upstream.url, 'workers: 2\nplugins: [./exit.js]\n'),
    'exit.js': "console.error('no license'); process.exit(3)",
  }
  const exit = await weirCommand(t, { cwd: await folder(t, files), env: { WEIR_WORKERS: '' } })
  t.match(exit, { code: 1, stderr: /no worker can start; the last one ended: exit code 3/ })
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
