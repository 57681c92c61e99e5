// The real Prometheus (Debian's packages) scrapes a gateway with two workers, and is asked for what it has.
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { send } from '../support/client.ts'
import { OtlpCollector } from '../support/otlp.ts'
import { folder, startWeir, yamlFor } from '../support/process.ts'
import { startUpstream } from '../support/upstream.ts'

const installed = spawnSync('prometheus', ['--version'], { stdio: 'ignore' }).status === 0
if (!installed && process.env.CI !== undefined) t.fail('prometheus is needed here, and must be installed in CI')

/** Starts Prometheus, which scrapes a target every half second. @returns asks its API */
async function startPrometheus(t: Test, target: string): Promise<(path: string) => Promise<unknown>> {
  const dir = mkdtempSync(join(tmpdir(), 'weir-prometheus-'))
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as { port: number }
  server.close()
  const config = {
    global: { scrape_interval: '500ms' },
    scrape_configs: [{ job_name: 'weir', static_configs: [{ targets: [target] }] }],
  }
  writeFileSync(join(dir, 'prometheus.yml'), JSON.stringify(config))
  const child = spawn(
    'prometheus',
    [
      `--config.file=${dir}/prometheus.yml`,
      `--storage.tsdb.path=${dir}/data`,
      `--web.listen-address=127.0.0.1:${port}`,
      '--enable-feature=exemplar-storage',
    ],
    { stdio: 'ignore' },
  )
  const ended = once(child, 'exit')
  t.teardown(async () => {
    child.kill('SIGKILL')
    await ended
    rmSync(dir, { recursive: true, force: true, maxRetries: 5 })
  })
  return async (path) => {
    const { data } = (await (await fetch(`http://127.0.0.1:${port}/api/v1/${path}`)).json()) as { data: unknown }
    return data
  }
}

/** Asks until the result is as wanted. */
async function until<T>(ask: () => Promise<T>, wanted: (result: T) => boolean): Promise<T> {
  for (let i = 0; ; i++) {
    const result = await ask().catch(() => undefined)
    if (i === 150 || (result !== undefined && wanted(result))) return result as T
    await wait(200)
  }
}

t.test('Prometheus', { skip: installed ? false : 'prometheus is not installed', timeout: 120_000 }, async (t) => {
  const upstream = await startUpstream((_request, response) => response.end('fine'))
  const collector = new OtlpCollector()
  await collector.start()
  t.teardown(() => Promise.all([upstream.close(), collector.stop()]))
  const cwd = await folder(t, { 'weir.yaml': yamlFor(upstream.url) })
  const { proxy, admin } = await startWeir(t, {
    cwd,
    env: { WEIR_WORKERS: '2', OTEL_EXPORTER_OTLP_ENDPOINT: collector.url },
  })
  const ask = await startPrometheus(t, new URL(admin).host)
  for (let i = 0; i < 20; i++) await send(`${proxy}/orchestrator/v1/up/x`)

  await t.test('has every request, of both workers', async (t) => {
    const name = 'http_server_request_duration_seconds_count'
    const query = `query?query=${encodeURIComponent(`sum(${name}{endpoint="v1/up",status="200"})`)}`
    const found = await until(
      () => ask(query) as Promise<{ result: { value: [number, string] }[] }>,
      ({ result }) => result[0]?.value[1] === '20',
    )
    t.equal(found.result[0]?.value[1], '20')
  })

  await t.test('takes the scrape as OpenMetrics without a complaint', async (t) => {
    const { activeTargets } = await until(
      () => ask('targets') as Promise<{ activeTargets: { health: string; lastError: string }[] }>,
      ({ activeTargets }) => activeTargets[0]?.health === 'up',
    )
    t.match(activeTargets, [{ health: 'up', lastError: '' }])
    const types = (await ask('metadata?metric=weir_local_replies')) as object
    t.strictSame(Object.keys(types), ['weir_local_replies'], 'as OpenMetrics names counters')
  })

  await t.test('finds the trace of a request by its exemplar', async (t) => {
    const range = `start=${Date.now() / 1000 - 60}&end=${Date.now() / 1000 + 60}`
    const query = `query_exemplars?query=http_server_request_duration_seconds_bucket&${range}`
    const found = await until(
      () => ask(query) as Promise<{ exemplars: { labels: { trace_id: string } }[] }[]>,
      (result) => result.length > 0,
    )
    const ids = found.flatMap(({ exemplars }) => exemplars.map(({ labels }) => labels.trace_id))
    await until(
      async () => collector.spans.length,
      (count) => count >= 20,
    )
    const exported = new Set(collector.spans.map(({ traceId }) => traceId))
    t.ok(ids.length > 0)
    t.ok(
      ids.every((id) => exported.has(id)),
      'each is a trace that was exported',
    )
  })

  await t.test('promtool finds nothing wrong', async (t) => {
    const { body } = await send(`${admin}/metrics`)
    const { status, stderr, stdout } = spawnSync('promtool', ['check', 'metrics'], { input: body, encoding: 'utf8' })
    const complaints = `${stdout}${stderr}`
      .split('\n')
      .filter((line) => line !== '' && !/^(?:nodejs|process)_/.test(line))
    t.strictSame(complaints, [], `promtool: ${status}`)
  })
})
