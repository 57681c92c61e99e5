import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { send } from '../support/client.ts'
import { folder, startWeir } from '../support/process.ts'
import { until } from '../support/reload.ts'
import { startUpstream } from '../support/upstream.ts'

t.test('a failing target is ejected by live traffic, stays so over a reload, and returns', async (t) => {
  let status = 503
  const bad = await startUpstream((_request, response) => void response.writeHead(status).end())
  const good = await startUpstream((_request, response) => void response.end('good'))
  t.teardown(() => Promise.all([bad.close(), good.close()]))
  const text = (time: string, level: string): string => `listen: 127.0.0.1:0
admin: { listen: 127.0.0.1:0 }
log_level: ${level}
filters: [route-match, outlier-detection: { consecutive_failures: 3, base_ejection_time: ${time} }, proxy]
endpoints:
  - { name: up, version: v1, targets: [{ url: "${bad.url}" }, { url: "${good.url}" }] }
`
  const cwd = await folder(t, { 'weir.yaml': text('3s', 'debug') })
  const { weir, proxy, admin } = await startWeir(t, { cwd })
  const metrics = async (): Promise<string> => (await send(`${admin}/metrics`)).body
  const row = (value: number): string => `weir_endpoint_health{endpoint="v1/up",target="${bad.url}"} ${value}\n`
  const ask = (): Promise<unknown> => send(`${proxy}/orchestrator/v1/up/`)

  await until(
    async () => {
      await ask()
      return metrics()
    },
    (now) => now.includes(row(0)),
  )
  status = 200
  t.match(await weir.line(({ msg }) => /^target ejected/.test(String(msg))), {
    level: 40,
    target: bad.url,
    reason: '3 failures in a row; for 3 s',
  })
  await writeFile(join(cwd, 'weir.yaml'), text('3s', 'info'))
  await weir.line(({ msg }) => msg === 'configuration reloaded')
  await writeFile(join(cwd, 'weir.yaml'), text('1h', 'info'))
  await until(
    async () => (await metrics()).match(/reloads_total\{outcome="applied"\} 2/),
    (found) => found !== null,
  )
  t.match(await metrics(), row(0), 'over reloads, of the filter itself as well')
  t.match(await weir.line(({ msg }) => /^target returned/.test(String(msg))), { reason: 'its 3 s are over' })
  t.match(await metrics(), row(1))
  t.equal((await weir.stop()).code, 0)
})
