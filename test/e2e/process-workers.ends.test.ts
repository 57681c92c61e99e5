import { connect } from 'node:net'
import { setTimeout } from 'node:timers/promises'
import t from 'tap'
import { inject } from '../../core/testing/inject.ts'
import { folder, weirCommand, yamlFor } from '../support/process.ts'
import { startUpstream } from '../support/upstream.ts'
import { gone, keepCalling, ready, startWorkers, workersOf } from '../support/workers.ts'

t.setTimeout(400_000) // 36 s on two cores that are free; it starts dozens of processes, beside those of other tests

const upstream = await startUpstream((_, res) => void res.end('up'))
t.teardown(() => upstream.close())

const start = (t: Parameters<typeof startWorkers>[0], given: Partial<Parameters<typeof startWorkers>[1]> = {}) =>
  startWorkers(t, { url: upstream.url, ...given })

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

t.test('signals to a worker are not for it', async (t) => {
  const { weir, proxy } = await start(t)
  for (const pid of workersOf(weir).values())
    for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP', 'SIGUSR1'] as const) process.kill(pid, signal)
  await setTimeout(300)
  for (let i = 0; i < 10; i++)
    t.match(await inject(proxy, { path: '/orchestrator/v1/up/', headers: { Connection: 'close' } }), { status: 200 })
  t.notMatch(weir.stdout, /ended and is replaced/)
})

/** An upstream that responds after a while. */
async function slowUpstream(t: { teardown(fn: () => unknown): void }) {
  let count = 0
  const slow = await startUpstream((_, res) => {
    count++
    void setTimeout(800).then(() => res.end('late'))
  })
  t.teardown(() => slow.close())
  const arrived = async (wanted: number): Promise<void> => {
    while (count < wanted) await setTimeout(5)
  }
  return { slow, arrived }
}

t.test('requests in flight finish when the gateway is stopped', async (t) => {
  const { slow, arrived } = await slowUpstream(t)
  const { weir, proxy } = await start(t, { url: slow.url })
  const calls = Array.from({ length: 6 }, () => inject(proxy, { path: '/orchestrator/v1/up/' }))
  await arrived(6)
  const exit = weir.stop()
  for (const { status, body } of await Promise.all(calls)) t.match([status, body], [200, 'late'])
  t.match(await exit, { code: 0 })
})

t.test('a worker that hangs while the gateway stops is killed after its timeout', async (t) => {
  const plugin = `export default { name: 'hang', apiVersion: 1, create: () => ({ request(x) {
    if (!x.request.path.endsWith('/hang')) return
    console.error('it hangs')
    for (;;);
  } }) }`
  const rest = 'workers: { count: 2, timeout: 1s }\nplugins: [./hang.js]\nfilters: [hang, route-match, proxy]\n'
  const { weir, proxy } = await start(t, { rest, files: { 'hang.js': plugin } })
  const hung = t.rejects(inject(proxy, { path: '/orchestrator/v1/up/hang' }), { code: 'ECONNRESET' })
  while (!weir.stderr.includes('it hangs')) await setTimeout(10)
  const started = performance.now()
  const exit = await weir.stop()
  const took = performance.now() - started
  await hung
  t.match(exit, { code: 0, stdout: /does not respond and is killed/ })
  t.ok(took < 10_000, `${took} ms; shutdown.timeout is 30 s`)
})

t.test('when the primary is killed nothing is left listening', async (t) => {
  const { slow, arrived } = await slowUpstream(t)
  const { weir, proxy } = await start(t, { url: slow.url })
  const pids = [...workersOf(weir).values()]
  const call = inject(proxy, { path: '/orchestrator/v1/up/' })
  await arrived(1)
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

t.test('nobody reads what workers write to standard error: the log is not filled with that', async (t) => {
  const plugin = `export default { name: 'loud', apiVersion: 1, create: () => ({ async request() {
    for (let i = 0; i < 20; i++) await new Promise((resolve) => process.stderr.write('loud '.repeat(1000), resolve))
  } }) }`
  const rest = 'workers: 2\nplugins: [./loud.js]\nfilters: [loud, route-match, proxy]\n'
  const { weir, proxy } = await start(t, { rest, files: { 'loud.js': plugin } })
  weir.child.stderr!.destroy()
  for (let i = 0; i < 5; i++) t.match(await inject(proxy, { path: '/orchestrator/v1/up/' }), { status: 200 })
  t.notMatch(await weir.stop(), { stdout: /EPIPE/ })
})

t.test('workers that can not start end the start, with the reason', async (t) => {
  const files = {
    'weir.yaml': yamlFor(upstream.url, 'workers: 2\nplugins: [./exit.js]\n'),
    'exit.js': "console.error('no license'); process.exit(3)",
  }
  const exit = await weirCommand(t, { cwd: await folder(t, files), env: { WEIR_WORKERS: '' } })
  t.match(exit, { code: 1, stderr: /no worker can start; the last one ended: exit code 3/ })
})
