// Breakers that are tripped and reset by hand, in one process and in workers.
import { fileURLToPath } from 'node:url'
import t from 'tap'
import type { BreakerView } from '../../core/control/endpoint-control.ts'
import { inject } from '../../core/testing/inject.ts'
import type { Asked } from '../support/control-filter.ts'
import { folder, startWeir } from '../support/process.ts'
import { startUpstream } from '../support/upstream.ts'
import { ready, workersOf } from '../support/workers.ts'

const PLUGIN = fileURLToPath(new URL('../support/control-filter.ts', import.meta.url))
const upstream = await startUpstream((_, res) => void res.end('up'))
t.teardown(() => upstream.close())

for (const workers of [1, 3])
  t.test(`tripped and reset by hand, workers: ${workers}`, async (t) => {
    const yaml = `listen: 127.0.0.1:0
admin: { listen: 127.0.0.1:0, filters: [control, admin] }
endpoints:
  - { name: up, version: v1, url: "${upstream.url}" }
  - { name: other, version: v1, url: "${upstream.url}" }
workers: ${workers}
plugins: ["${PLUGIN}"]
filters: [control, route-match, { name: b, filter: breaker, options: { reset_timeout: 60s } }, proxy]
`
    const cwd = await folder(t, { 'weir.yaml': yaml })
    const { weir, proxy, admin } = await startWeir(t, { cwd, env: { WEIR_WORKERS: '' } })
    const ask = async (...asked: Asked): Promise<BreakerView[] | null> => {
      const { body } = await inject(admin, { method: 'POST', path: '/control', body: JSON.stringify(asked) })
      return JSON.parse(body) as BreakerView[] | null
    }
    /** Statuses of many requests, each on a connection of its own. */
    const statuses = async (name = 'up'): Promise<Set<number>> => {
      const call = () => inject(proxy, { path: `/orchestrator/v1/${name}/`, headers: { Connection: 'close' } })
      return new Set((await Promise.all(Array.from({ length: 40 }, call))).map(({ status }) => status))
    }
    const view = (phase: string) => [{ filter: 'b', target: null, phase }]
    t.strictSame(await statuses(), new Set([200]))
    t.strictSame(await ask('tripBreakers', 'v1/up'), view('open'))
    t.strictSame(await statuses(), new Set([503]))
    t.strictSame(await statuses('other'), new Set([200]), 'another endpoint goes on')
    t.match(await ask('get', 'v1/up'), { breakers: view('open') })
    t.strictSame(await ask('resetBreakers', 'v1/up', { filter: 'no such' }), view('open'))
    t.strictSame(await ask('resetBreakers', 'v1/up', { filter: 'b', target: null }), view('closed'))
    t.strictSame(await statuses(), new Set([200]))
    t.equal(await ask('tripBreakers', 'v1/none'), null)
    const changes = () => weir.lines.filter(({ msg }) => msg === 'breaker changed its state').map(({ to }) => to)
    await weir.line(() => changes().length >= 2)
    t.strictSame(changes(), ['open', 'closed'], 'each change is logged once')

    const asWorker = await inject(proxy, {
      method: 'POST',
      path: '/control',
      body: JSON.stringify(['tripBreakers', 'v1/up'] satisfies Asked),
    })
    t.strictSame(JSON.parse(asWorker.body), view('open'), 'the same by the proxy listener')
    t.strictSame(await statuses(), new Set([503]))
    if (workers === 1) return
    const replace = async (): Promise<void> => {
      const before = [...workersOf(weir).values()]
      const seen = weir.lines.filter(({ msg }) => / is ready$/.test(String(msg))).length
      for (const pid of before) process.kill(pid, 'SIGKILL')
      await ready(weir, seen + before.length)
    }
    await replace()
    t.strictSame(await statuses(), new Set([503]), 'successors refuse too')
    t.strictSame(await ask('resetBreakers', 'v1/up'), view('closed'))
    await replace()
    t.strictSame(await statuses(), new Set([200]), 'successors pass')
  })
