import { readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import t from 'tap'
import type { StatisticsFigures, StatisticsHistory } from '../../core/index.ts'
import { inject } from '../../core/testing/inject.ts'
import { send } from '../support/client.ts'
import { folder, startWeir, yamlFor } from '../support/process.ts'
import type { Asked } from '../support/statistics-filter.ts'
import { startUpstream } from '../support/upstream.ts'
import { ready, workersOf } from '../support/workers.ts'

t.setTimeout(200_000) // it starts a dozen processes, beside those of other tests

const PLUGIN = fileURLToPath(new URL('../support/statistics-filter.ts', import.meta.url))
const REST = `plugins: ["${PLUGIN}"]\nfilters: [statistics, request-id, route-match, breaker, proxy, metrics]\n`
const SCOPE = { endpoint: 'v1/up' }

const upstream = await startUpstream((req, res) => {
  res.statusCode = req.url?.endsWith('/bad') ? 502 : 200
  res.end('up')
})
t.teardown(() => upstream.close())

/** @param env `WEIR_WORKERS: ''` where the file says how many workers there are */
async function start(
  cwd: string,
  t: { teardown(fn: () => unknown): void },
  env: Readonly<Record<string, string>> = {},
) {
  const started = await startWeir(t, { cwd, env })
  const ask = async <T>(...asked: Asked): Promise<T> =>
    JSON.parse((await send(`${started.proxy}/statistics`, { method: 'POST', body: JSON.stringify(asked) })).body) as T
  /** Each request opens a connection, so that any worker may get it. */
  const call = async (times: number, path = '/'): Promise<void> => {
    for (let i = 0; i < times; i++)
      await inject(started.proxy, { path: `/orchestrator/v1/up${path}`, headers: { Connection: 'close' } })
  }
  /** An exchange is over a moment after its response. */
  const until = async (wanted: (figures: StatisticsFigures) => boolean, scope: object = SCOPE) => {
    for (;;) {
      const figures = await ask<StatisticsFigures>('summary', scope, 3600)
      if (wanted(figures)) return figures
      await setTimeout(20)
    }
  }
  return { ...started, ask, call, until }
}

const yaml = (rest: string): string => yamlFor(upstream.url, REST + rest)

/** Whatever the lane says. */
const FOUR = { WEIR_WORKERS: '' }

t.test('figures cover all workers, those that were killed included, and live on in a file', async (t) => {
  const cwd = await folder(t, { 'weir.yaml': yaml('workers: 4\nstatistics: { file: stats.bin }\n') })
  const { weir, ask, call, until } = await start(cwd, t, FOUR)
  await call(60)
  await call(3, '/bad')
  const target = { ...SCOPE, target: upstream.url }
  t.match(await until(({ requests }) => requests >= 63), {
    requests: 63,
    server_errors: 3,
    client_errors: 0,
    aborted: 0,
    local_replies: 0,
    retries: 0,
    breaker_opens: 0,
    bytes_sent: 126,
  })
  t.match(await ask('summary', target, 3600), { requests: 63, server_errors: 3 }, 'attempts of the target')
  t.match(await ask('summaries', 3600), { 'v1/up': { requests: 63 } })
  t.equal(await ask('summary', { endpoint: 'v1/other' }), null)
  t.equal(await ask('summary', { ...SCOPE, target: 'http://other.test' }), null)
  t.ok((await ask<StatisticsFigures>('summary', {}, 3600)).requests > 63, 'the gateway counts the questions, too')

  const before = workersOf(weir)
  t.equal(before.size, 4)
  for (const [pid, readies] of [
    [before.get(1)!, 5],
    [before.get(2)!, 6],
  ] as const) {
    process.kill(pid, 'SIGKILL')
    await ready(weir, readies)
  }
  await call(20)
  await until(({ requests }) => requests >= 83)
  const { step, points } = await ask<StatisticsHistory>('history', SCOPE)
  t.equal(step, 10)
  t.equal(
    points.reduce((sum, { requests }) => sum + requests, 0),
    83,
    'nothing is lost or counted twice',
  )

  await call(10)
  t.match(await weir.stop(), { code: 0 })
  const file = join(cwd, 'stats.bin')
  t.equal((await stat(file)).mode & 0o777, 0o600)

  const again = await start(cwd, t, FOUR)
  t.match(await again.until(() => true), { requests: 93 }, 'with what was counted last before the end')
  await again.call(7)
  t.match(await again.until(({ requests }) => requests >= 100), { requests: 100 })
  await again.weir.stop()

  await writeFile(file, (await readFile(file)).subarray(0, 100))
  const third = await start(cwd, t, FOUR)
  t.match(await third.weir.line(({ msg }) => /file of the statistics/.test(String(msg))), {
    level: 40,
    file,
    reason: /broken/,
  })
  t.match(await third.until(() => true), { requests: 0 })
})

t.test('a breaker that opens is counted once, whichever process found it', async (t) => {
  const rest = 'circuit_breaker: { failure_threshold: 3 }\n'
  const cwd = await folder(t, { 'weir.yaml': yamlFor('http://127.0.0.1:1', REST + rest) })
  const { call, until } = await start(cwd, t)
  await call(20)
  const figures = await until(({ breaker_opens: opens, requests }) => opens > 0 && requests === 20)
  t.equal(figures.breaker_opens, 1)
  t.ok(figures.local_replies > 0)
  t.equal(figures.server_errors, 20)
})

t.test('a reload switches them off and on', async (t) => {
  const cwd = await folder(t, { 'weir.yaml': yaml('') })
  const { weir, ask, call, until } = await start(cwd, t)
  const reload = async (text: string, times: number): Promise<void> => {
    await writeFile(join(cwd, 'weir.yaml'), text)
    weir.child.kill('SIGHUP')
    await weir.line(
      () => weir.lines.filter(({ msg }) => /configuration (?:re)?loaded/.test(String(msg))).length >= times,
    )
  }
  await call(5)
  await until(({ requests }) => requests === 5)
  await reload(yaml('statistics: off\n'), 1)
  t.equal(await ask('summary', SCOPE), null)
  t.same(await ask('summaries'), {})
  t.equal(await ask('history', SCOPE), null)
  await call(5)
  await reload(yaml('statistics: { resolutions: [{ step: 1m, keep: 1h }] }\n'), 2)
  await call(2)
  t.match(await until(({ requests }) => requests >= 2), { requests: 2 })
  t.match(await ask('history', SCOPE), { step: 60 })
})
