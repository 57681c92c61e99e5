// What the services for admin filters do over four workers: events, reloads, the level of the log, changes in memory.
import { readFileSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import t, { type Test } from 'tap'
import { inject } from '../../core/testing/inject.ts'
import { folder, startWeir, type WeirProcess } from '../support/process.ts'
import { until } from '../support/reload.ts'
import type { Call } from '../support/services-filter.ts'
import { startUpstream } from '../support/upstream.ts'
import { workersOf } from '../support/workers.ts'

t.setTimeout(240_000)

const PLUGIN = fileURLToPath(new URL('../support/services-filter.ts', import.meta.url))
const upstream = await startUpstream((_, res) => void res.end('up'))
t.teardown(() => upstream.close())

const NUMBERS = ['1', '2', '3', '4']

const yaml = (more = '', endpoints: readonly string[] = [], changes = 'file'): string =>
  `listen: 127.0.0.1:0
admin: { listen: 127.0.0.1:0, changes: ${changes}, filters: [services, admin] }
plugins: ["${PLUGIN}"]
filters: [services, request-id, route-match, breaker, proxy]
workers: ${NUMBERS.length}
${more}endpoints:
${['up', ...endpoints].map((name) => `  - { name: ${name}, version: v1, url: "${upstream.url}" }\n`).join('')}`

interface Told {
  readonly pid: number
  readonly first: string
  readonly version: string
  readonly events: readonly Record<string, unknown>[]
  readonly reloads: readonly Record<string, unknown>[]
}

async function start(t: Test, text = yaml()) {
  const cwd = await folder(t, { 'weir.yaml': text })
  const started = await startWeir(t, { cwd, env: { WEIR_WORKERS: '' } })
  const fresh = { Connection: 'close' }
  const toldBy = async (url: string): Promise<Told> =>
    JSON.parse((await inject(url, { path: '/told', headers: fresh })).body) as Told
  return {
    ...started,
    cwd,
    write: (next: string) => writeFile(join(cwd, 'weir.yaml'), next),
    text: () => readFileSync(join(cwd, 'weir.yaml'), 'utf8'),
    call: async (...[service, ...call]: Call): Promise<Record<string, unknown>> =>
      JSON.parse(
        (await inject(started.admin, { method: 'POST', path: '/call', body: JSON.stringify([service, ...call]) })).body,
      ) as Record<string, unknown>,
    viaWorker: async (...call: Call): Promise<Record<string, unknown>> =>
      JSON.parse(
        (await inject(started.proxy, { method: 'POST', path: '/call', body: JSON.stringify(call) })).body,
      ) as Record<string, unknown>,
    told: () => toldBy(started.admin),
    /** What each worker was told, by process. */
    toldWorkers: async (): Promise<Map<number, Told>> => {
      const all = new Map<number, Told>()
      await until(
        async () => {
          const one = await toldBy(started.proxy)
          all.set(one.pid, one)
          return all.size
        },
        (size) => size === NUMBERS.length,
      )
      return all
    },
    get: (name: string) => inject(started.proxy, { path: `/orchestrator/v1/${name}/`, headers: fresh }),
  }
}

const endOf = (weir: WeirProcess, worker: number) =>
  weir.line((line) => line.worker === worker && /is replaced$/.test(String(line.msg)))

t.test('every process is told of a reload, after the swap', async (t) => {
  const { weir, told, toldWorkers, write, call } = await start(t)
  const { first } = await told()
  await write(yaml('', ['two', 'bad']))
  t.match(await call('config', 'reload', 'api'), { outcome: /applied|unchanged/ })
  const { version } = await call('config', 'status')
  for (const one of [await told(), ...(await toldWorkers()).values()]) {
    t.match(one, { first, version })
    t.equal(one.reloads.length, 1)
    t.match(one.reloads[0], {
      version,
      running: version,
      trigger: /file|api/,
      changed: { added: ['v1/two', 'v1/bad'], removed: [], changed: [] },
    })
  }
  await weir.line((line) => /a listener of reloads failed/.test(String(line.msg)) && line.worker === 1)
  await write(`${yaml('', ['two', 'bad'])}# the same\n`)
  t.match(await call('config', 'reload', 'api'), { outcome: 'unchanged' })
  t.equal((await told()).reloads.length, 1)
  const before = workersOf(weir).get(1)!
  process.kill(before, 'SIGKILL')
  await weir.line(() => workersOf(weir).get(1) !== before)
  const later = (await toldWorkers()).get(workersOf(weir).get(1)!)
  t.match(later, { first: version, reloads: [] }, 'a worker that starts later begins with what runs')
})

t.test('events of all workers, of the configuration, and of workers themselves', async (t) => {
  const { weir, told, call, write, toldWorkers } = await start(t)
  const types = async (): Promise<string[]> => (await told()).events.map(({ type }) => String(type))
  t.match(await types(), ['endpoint_added', ...NUMBERS.map(() => 'worker_started'), 'config_applied'])
  await call('endpoints', 'tripBreakers', 'v1/up')
  await until(types, (all) => all.includes('breaker_state'))
  for (const one of (await toldWorkers()).values())
    t.match(
      one.events.filter(({ type }) => type === 'breaker_state'),
      [{ endpoint: 'v1/up', to: 'open' }],
    )
  await write(yaml('nonsense: 1\n'))
  await call('config', 'reload', 'api')
  const number = (await told()).events.find(({ type }) => type === 'config_failed')
  t.match(number, { version: /^[0-9a-f]{12}$/, problems: 1 })
  await write(yaml('', ['two']))
  await call('config', 'reload', 'api')
  t.ok((await types()).filter((type) => type === 'config_applied').length === 2)
  process.kill(workersOf(weir).get(2)!, 'SIGKILL')
  await endOf(weir, 2)
  await until(types, (all) => all.filter((type) => type === 'worker_started').length === NUMBERS.length + 1)
  t.match(
    (await told()).events.filter(({ type }) => type === 'worker_ended'),
    [{ worker: 2 }],
  )
})

t.test('a level of the log holds in all processes, later ones too, until another one is configured', async (t) => {
  const { weir, call, viaWorker, write } = await start(t)
  t.strictSame(await call('log', 'status'), { level: 'info', configured: 'info' })
  t.strictSame(await viaWorker('log', 'setLevel', 'debug'), { level: 'debug', configured: 'info' })
  const debugged = (): string[] =>
    weir.lines.filter(({ msg }) => msg === 'told of a reload').map(({ worker = 'primary' }) => String(worker))
  await write(yaml('', ['two']))
  await call('config', 'reload', 'api')
  await weir.line(() => debugged().length >= 5)
  t.strictSame(debugged().sort(), [...NUMBERS, 'primary'])
  process.kill(workersOf(weir).get(2)!, 'SIGKILL')
  await endOf(weir, 2)
  await weir.line(() => weir.lines.filter(({ msg }) => msg === 'worker 2 is ready').length === 2)
  await write(yaml('', ['two', 'three']))
  await call('config', 'reload', 'api')
  await weir.line(() => debugged().length >= 10)
  t.strictSame(debugged().sort(), [...NUMBERS, ...NUMBERS, 'primary', 'primary'].sort())
  t.strictSame(await call('log', 'setLevel', 'loud'), { level: 'debug', configured: 'info' })
  await write(yaml('log_level: error\n', ['two', 'three']))
  await call('config', 'reload', 'api')
  t.strictSame(await viaWorker('log', 'status'), { level: 'error', configured: 'error' })
  await write(yaml('log_level: error\n', ['two', 'three', 'four']))
  await call('config', 'reload', 'api')
  const { stdout } = await weir.stop()
  t.equal(stdout.split('told of a reload').length - 1, 10)
})

t.test('changes in memory reach every worker, and end with the process', async (t) => {
  const { weir, viaWorker, get, text, write, call, cwd } = await start(t, yaml('', [], 'memory'))
  const before = text()
  const added = await viaWorker('endpoints', 'register', { name: 'one', version: 'v1', url: upstream.url })
  t.match(added, { outcome: 'applied', id: 'v1/one' })
  for (let i = 0; i < 10; i++) t.equal((await get('one')).status, 200)
  t.equal(text(), before)
  process.kill(workersOf(weir).get(1)!, 'SIGKILL')
  await endOf(weir, 1)
  await weir.line(() => weir.lines.filter(({ msg }) => msg === 'worker 1 is ready').length === 2)
  for (let i = 0; i < 10; i++) t.equal((await get('one')).status, 200, 'a worker that starts later has it')
  await write(yaml('', ['two'], 'memory'))
  await call('config', 'reload', 'api')
  t.match([(await get('one')).status, (await get('two')).status], [200, 200])
  await weir.stop()
  const again = await startWeir(t, { cwd, env: { WEIR_WORKERS: '' } })
  t.equal((await inject(again.proxy, { path: '/orchestrator/v1/one/' })).status, 404)
})

t.test('routes, explanations and tests of targets', async (t) => {
  const { call, viaWorker } = await start(t, yaml('', ['two']))
  const routes = (await call('router', 'routes')) as unknown as Record<string, unknown>[]
  t.strictSame(
    routes.map(({ path, line }) => [path, line]),
    [
      ['/orchestrator/two', 8],
      ['/orchestrator/up', 7],
      ['/orchestrator/v1/two', 8],
      ['/orchestrator/v1/up', 7],
    ],
  )
  const asked = { method: 'GET', url: '/orchestrator/v1/up/x?token=hidden', headers: ['X-A', '1'], client: '192.0.2.7' }
  const explained = await call('router', 'explain', asked)
  t.match(explained, {
    request: { listener: 'proxy', url: /token=\*\*\*/ },
    endpoint: { id: 'v1/up', route: '/orchestrator/v1/up', path: '/x', file: 'weir.yaml', line: 7 },
    end: { kind: 'call', filter: 'proxy' },
  })
  t.match((explained.filters as { name: string }[])[0], { name: 'services', decision: /not known/ })
  t.strictSame(await viaWorker('router', 'explain', asked), explained)
  t.match(await call('router', 'explain', { method: 'GET', url: '/livez', listener: 'admin' }), {
    request: { listener: 'admin' },
    endpoint: null,
  })
  t.match(await call('router', 'explain', { method: 'FETCH', url: '/' }), { error: /no method "FETCH"/ })
  t.match(await call('router', 'explain', { ...asked, listener: 'prxy' }), { error: /Did you mean "proxy"/ })
  t.match(await call('router', 'test', 'v1/up'), [{ target: upstream.url, passed: true, steps: { length: 3 } }])
  t.equal(await call('router', 'test', 'v1/none'), null)
})

t.test('documents are checked with the plugins, which only the workers may have', async (t) => {
  const { viaWorker, call } = await start(t)
  const text = yaml('', ['two'])
  t.strictSame(await viaWorker('config', 'validate', text), { valid: true, problems: [], warnings: [] })
  const changes = (await call('config', 'diff', text)).changes as object[]
  t.strictSame(changes, [{ what: 'endpoint v1/two', change: 'added' }])
  const wrong = text.replace('[services, request-id', '[services: { x: 1 }, request-id').replace(PLUGIN, '/tmp/new.ts')
  const { problems } = (await call('config', 'validate', wrong)) as { problems: { path: string }[] }
  t.match(
    problems.filter(({ path }) => path === 'plugins[0]'),
    [{ line: 3, message: /not loaded/ }],
  )
  const options = await viaWorker(
    'config',
    'validate',
    text.replace('[services, request-id', '[services: { x: 1 }, request-id'),
  )
  t.match(options, { valid: false, problems: [{ line: 4, path: 'filters[0].services' }] })
  t.match(JSON.stringify(await viaWorker('config', 'schema')), /"services"/)
})
