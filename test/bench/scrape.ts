// npm run bench:scrape: how long a scrape takes with 1,000 endpoints that had traffic, and for how long it blocks the event loop.
import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { performance } from 'node:perf_hooks'
import { promisify } from 'node:util'
import { startGateway } from '../../core/testing.ts'
import { quantile } from './statistics.ts'

const ENDPOINTS = Number(process.env.ENDPOINTS ?? 1000)
const SCRAPES = 15

const upstream = createServer((request, response) => {
  response.statusCode = request.url?.endsWith('/bad') ? 503 : 200
  response.end('ok')
}).listen(0, '127.0.0.1')
await once(upstream, 'listening')
const { port } = upstream.address() as AddressInfo
const endpoints = Array.from(
  { length: ENDPOINTS },
  (_, i) => `  - { name: e${i}, url: "http://127.0.0.1:${port}/e${i}" }`,
)
const gateway = await startGateway(`
admin: {}
filters: [request-id, route-match, method-check, breaker, proxy, metrics]
endpoints:
${endpoints.join('\n')}
`)
for (let i = 0; i < ENDPOINTS; i++)
  await Promise.all(
    ['good', 'bad'].flatMap((path) =>
      ['GET', 'POST'].map((method) => gateway.inject({ method, path: `/orchestrator/e${i}/${path}` })),
    ),
  )

for (const accept of ['text/plain', 'application/openmetrics-text']) {
  const times: number[] = []
  const stalls: number[] = []
  let bytes = 0
  for (let i = 0; i < SCRAPES; i++) {
    let last = performance.now()
    let stall = 0
    let over = false
    const look = (): void => {
      const now = performance.now()
      stall = Math.max(stall, now - last)
      last = now
      if (!over) setImmediate(look)
    }
    look()
    // In another process: to read megabytes blocks an event loop too.
    const told = '%{time_starttransfer} %{time_total} %{size_download}'
    const args = ['-s', '-o', '/dev/null', '-H', `Accept: ${accept}`, '-w', told, `${gateway.adminUrl}/metrics`]
    const { stdout } = await promisify(execFile)('curl', args)
    const [, total, size] = stdout.split(' ').map(Number)
    times.push(1000 * total!)
    over = true
    stalls.push(stall)
    bytes = size!
  }
  const [first] = times
  console.log(
    `${accept}: ${ENDPOINTS} endpoints, ${(bytes / 1024 ** 2).toFixed(1)} MiB: ` +
      `median ${quantile(times, 0.5).toFixed(1)} ms (first ${first!.toFixed(1)}), longest stall median ${quantile(stalls, 0.5).toFixed(1)} ms, at most ${Math.max(...stalls).toFixed(1)} ms`,
  )
}
await gateway.close()
upstream.close()
