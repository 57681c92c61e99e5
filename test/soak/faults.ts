// Upstreams that are killed, paused and come back, under load: how much of it clients see. Real processes, three targets behind
// one endpoint with retries, health checks and a breaker, and another endpoint that must not notice.
import { setTimeout as sleep } from 'node:timers/promises'
import { send } from '../support/client.ts'
import { type Asked, Load, type Seen, Upstream } from './fault-support.ts'
import { latencies, must, none, quantile, say, setting, soak } from './run.ts'
import { Gateway } from './support.ts'

const CLIENTS = setting('CLIENTS', 64)
const PHASE_MS = setting('PHASE_MS', 10_000)
const INTERVAL_MS = 1000
const HEALTHY = 2

const CHAIN = 'probe, request-id, auth, route-match, method-check, retry, breaker, proxy, metrics'
const checks = `health_check: { enabled: true, interval: ${INTERVAL_MS / 1000}s, timeout: 500ms, unhealthy_threshold: 2, healthy_threshold: ${HEALTHY} }`

const endpoint = (name: string, targets: readonly Upstream[], own = ''): string =>
  `  - name: ${name}
    version: v1
    targets: [${targets.map(({ url }) => `{ url: "${url}" }`).join(', ')}]
    health_check_path: /health
    filters: { proxy: { connect_timeout: 1s, first_byte_timeout: 5s }, retry: { per_try_timeout: 1s }${own} }
`

const bad = (asked: readonly Asked[], method: string): Asked[] =>
  asked.filter((one) => one.method === method && one.status !== 200)

const traffic = (seen: readonly Seen[]): Seen[] => seen.filter(({ url }) => url !== '/health')

/** POSTs that more than one request reached an upstream for. */
function twice(upstreams: readonly Upstream[]): number {
  const counts = new Map<string, number>()
  for (const { method, url } of upstreams.flatMap((one) => one.seen()))
    if (method === 'POST') counts.set(url, (counts.get(url) ?? 0) + 1)
  return [...counts.values()].filter((count) => count > 1).length
}

async function metric(gateway: Gateway, pattern: RegExp): Promise<number> {
  const { body } = await send(`${gateway.admin}/metrics`)
  return [...body.matchAll(pattern)].reduce((sum, [, value]) => sum + Number(value), 0)
}

const share = (part: number, whole: number): string => `${part} of ${whole} (${((100 * part) / whole).toFixed(4)} %)`

await soak(async () => {
  const [calm, ...three] = (await Upstream.several(4)) as [Upstream, Upstream, Upstream, Upstream]
  const [, victim, sleeper] = three
  const gateway = await Gateway.start(endpoint('api', three) + endpoint('calm', [calm]), {
    rest: `access_log: false\n${checks}`,
    chain: CHAIN,
  })
  const api = `${gateway.proxy}/orchestrator/v1/api`
  await sleep(3 * INTERVAL_MS)

  const load = new Load(api, CLIENTS, 10)
  await sleep(PHASE_MS / 2)
  await victim!.kill()
  await sleep(PHASE_MS)
  const back = Date.now()
  await victim!.start()
  await sleep(HEALTHY * INTERVAL_MS + 3000)
  const returned = traffic(victim!.seen()).find(({ at }) => at >= back)?.at ?? Infinity
  sleeper!.pause()
  await sleep(PHASE_MS / 2)
  sleeper!.resume()
  await sleep(PHASE_MS / 2)
  const asked = await load.stop()
  const gets = asked.filter(({ method }) => method === 'GET').length
  const failed = bad(asked, 'GET')
  must(
    'GETs that failed while one of three targets was killed, came back, and another hung',
    share(failed.length, gets),
    failed.length <= gets / 10_000,
  )
  say('POSTs that failed: they are not sent again', share(bad(asked, 'POST').length, asked.length - gets))
  none('POSTs that reached an upstream twice', twice(three))
  must(
    `traffic is back at the target after, by ${HEALTHY} checks ${INTERVAL_MS} ms apart`,
    `${returned - back} ms`,
    returned - back <= HEALTHY * INTERVAL_MS + 1000,
  )

  // The same clients as in the outage, but for the outage.
  const before = new Load(`${gateway.proxy}/orchestrator/v1/calm`, 8, 0, 5)
  const beside = new Load(api, 8, 0, 5)
  await sleep(PHASE_MS)
  const undisturbed = (await before.stop()).map(({ took }) => took)
  await beside.stop()

  const ATTEMPTS = /^http_client_request_duration_seconds_count\{endpoint="v1\/api"[^}]*\} (\d+)/gm
  const attempted = await metric(gateway, ATTEMPTS)
  const during = new Load(`${gateway.proxy}/orchestrator/v1/calm`, 8, 0, 5)
  const outage = new Load(api, 8, 0, 5)
  await sleep(1000)
  const first = outage.count
  const baseline = (await metric(gateway, ATTEMPTS)) - attempted
  await Promise.all(three.map((one) => one.kill()))
  await sleep(PHASE_MS)
  const disturbed = (await during.stop()).map(({ took }) => took)
  const outed = await outage.stop()
  const requests = outed.length - first
  const attempts = (await metric(gateway, ATTEMPTS)) - attempted - baseline
  say('requests to an endpoint all of whose targets are dead', requests)
  must('attempts at its upstreams', attempts, attempts <= 1.2 * requests)
  must('of those requests, answered with 200', outed.slice(first).filter(({ status }) => status === 200).length, true)
  const open = await metric(gateway, /^weir_breaker_state\{endpoint="v1\/api",state="open"\} (\d+)/gm)
  say('its breaker is open', open === 1 ? 'yes' : 'no')
  say('another endpoint, before the outage', latencies(undisturbed))
  say('another endpoint, during the outage', latencies(disturbed))
  say('ratio of their p99', (quantile(disturbed, 0.99) / quantile(undisturbed, 0.99)).toFixed(2))
})
