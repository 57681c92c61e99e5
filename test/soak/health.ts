// What health checks cost: many targets, each with an origin of its own, checked every few seconds by a gateway without
// traffic, against the same gateway without checks. A part of the targets responds with 500, and a part never.
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { send } from '../support/client.ts'
import { cleaner, must, none, say, setting, soak } from './run.ts'
import { Gateway } from './support.ts'

const TARGETS = setting('TARGETS', 500)
const INTERVAL = setting('INTERVAL', 5)
const SECONDS = setting('SECONDS', 60)
/** Percent of one core. */
const GOAL = 3

/** How long the targets keep idle connections: longer than the interval, as nginx, Envoy and Go do. Node's default is 5 s. */
const KEEP_MS = setting('KEEP_MS', 60_000)

/** Servers that count what they are asked. Every 50th responds with 500, the one after it never. */
async function startTargets(): Promise<{ urls: string[]; asked: number[] }> {
  const asked: number[] = []
  const urls = Array.from({ length: TARGETS }, async (_, i) => {
    asked[i] = 0
    const server = createServer((_req, res) => {
      asked[i]!++
      if (i % 50 !== 1) res.writeHead(i % 50 === 0 ? 500 : 200).end('ok')
    })
    server.keepAliveTimeout = KEEP_MS
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
    cleaner.teardown(() => {
      server.closeAllConnections()
      server.close()
    })
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  })
  return { urls: await Promise.all(urls), asked }
}

/** Percent of one core over some seconds. */
async function load(gateway: Gateway): Promise<number> {
  const [cpu, begun] = [gateway.cpu(), performance.now()]
  await sleep(SECONDS * 1000)
  return ((gateway.cpu() - cpu) / ((performance.now() - begun) / 1000)) * 100
}

await soak(async () => {
  const { urls, asked } = await startTargets()
  const endpoints = urls
    .map((url, i) => `  - { name: e${i}, version: v1, url: "${url}", filters: { proxy: { keep_alive: 500ms } } }\n`)
    .join('')
  const check = (enabled: boolean): string =>
    `access_log: false\nhealth_check: { enabled: ${enabled}, path: /health, interval: ${INTERVAL}s, timeout: 2s }`
  const without = await Gateway.start(endpoints, { rest: check(false) })
  await sleep(10_000)
  const idle = await load(without)
  await without.weir.stop()

  const gateway = await Gateway.start(endpoints, { rest: check(true) })
  await sleep(3 * INTERVAL * 1000 + 5000)
  asked.fill(0)
  const busy = await load(gateway)
  const [least, most] = [Math.min(...asked), Math.max(...asked)]
  const sum = asked.reduce((a, b) => a + b)
  must(
    `targets, each checked every ${INTERVAL} s`,
    TARGETS,
    asked.every((count) => count > 0),
  )
  say('checks per second', (sum / SECONDS).toFixed(0))
  must(
    `checks of one target in ${SECONDS} s`,
    `${least} to ${most}`,
    most - least <= 2 && most <= SECONDS / INTERVAL + 1,
  )
  say('processor time of the gateway, of one core, without checks', `${idle.toFixed(2)} %`)
  say('with checks', `${busy.toFixed(2)} %`)
  say(`what checks add (goal: ${GOAL} %)`, `${(busy - idle).toFixed(2)} %`)
  say('per check', `${(((busy - idle) * 10_000) / (sum / SECONDS)).toFixed(0)} µs`)
  const { body } = await send(`${gateway.admin}/metrics`)
  const wrong = urls.filter((url, i) => {
    const healthy = i % 50 > 1
    return !body.includes(`weir_endpoint_health{endpoint="v1/e${i}",target="${url}"} ${healthy ? 1 : 0}`)
  })
  none('targets that are held for what they are not', wrong.length)
  const { stall } = await gateway.probe()
  say('longest stall of the event loop', `${stall.toFixed(0)} ms`)
  const start = await gateway.probe(true)
  await sleep(5 * INTERVAL * 1000)
  const end = await gateway.probe(true)
  // Idle connections that upstreams want kept for some seconds are among them.
  must('open files of the gateway', end.files, end.files <= TARGETS + 100)
  must('its live heap', `${start.heap.toFixed(1)} → ${end.heap.toFixed(1)} MiB`, end.heap <= start.heap + 4)
})
