import t from 'tap'
import { send, sendRaw } from '../support/client.ts'
import { folder, startWeir, yamlFor } from '../support/process.ts'
import { startUpstream } from '../support/upstream.ts'

/** A filter that fails when it is asked to. */
const FAILS = `export default {
  name: 'fails', apiVersion: 1,
  create: () => ({ request(x) { if (x.request.headers.get('x-fail') !== undefined) throw new Error('as asked') } }),
}
`

const FILTERS = `plugins: [./fails.js]
filters: [request-id, fails, auth, route-match, method-check, breaker: { failure_threshold: 2 }, proxy, metrics]
`

t.test('the admin listener tells probes and Prometheus about the process', async (t) => {
  const upstream = await startUpstream((request, response) => {
    response.statusCode = request.url?.endsWith('/bad') ? 503 : 200
    response.end('done')
  })
  t.teardown(() => upstream.close())
  const cwd = await folder(t, { 'weir.yaml': yamlFor(upstream.url, FILTERS), 'fails.js': FAILS })
  // Two failures open the breaker of a process: those of several workers do not add up.
  const { weir, proxy, admin } = await startWeir(t, { cwd, env: { WEIR_WORKERS: '1' } })
  const base = `${proxy}/orchestrator/v1/up`

  for (const path of ['/livez', '/readyz']) {
    const answer = await send(`${admin}${path}`)
    t.equal(answer.status, 200, path)
    t.equal(answer.body, 'ok\n', path)
  }
  t.match((await send(`${admin}/readyz?verbose`)).body, /\[\+\]configuration ok\n\[\+\]listeners ok\n/)
  t.equal((await send(`${proxy}/livez`)).status, 404, 'the proxy listener has none of it')

  t.equal((await send(`${base}/fine`)).status, 200)
  for (let i = 0; i < 20; i++) await send(`${proxy}/made-up-${i}/by-the-client`, { headers: { Host: `h${i}.example` } })
  const port = Number(new URL(proxy).port)
  for (let i = 0; i < 5; i++)
    t.match(await sendRaw(port, asking(`BREW${i}`)), /^HTTP\/1\.1 501 /, "Node's parser ends it")
  for (const method of ['PROPFIND', 'PURGE']) t.match(await sendRaw(port, asking(method)), /^HTTP\/1\.1 \d/)
  t.equal((await send(`${base}/fine`, { headers: { 'X-Fail': '1' } })).status, 500)
  t.equal((await send(`${base}/bad`)).status, 503)
  t.equal((await send(`${base}/bad`)).status, 503)
  t.match((await send(`${base}/fine`)).json(), { status: 503, code: String }, 'the breaker is open')

  const { body, headers } = await send(`${admin}/metrics`)
  t.match(headers['content-type'], /^text\/plain; version=0\.0\.4/)
  const has = (pattern: RegExp): unknown => t.match(body, pattern)
  has(/^http_server_request_duration_seconds_count\{endpoint="v1\/up",method="GET",status="200"\} 1$/m)
  has(/^http_server_request_duration_seconds_bucket\{.*le="0\.005"\}/m)
  has(/^http_server_request_duration_seconds_bucket\{.*le="10"\}/m)
  has(/^http_client_request_duration_seconds_count\{endpoint="v1\/up",method="GET",status="503"\} 2$/m)
  has(/^weir_breaker_state\{endpoint="v1\/up",state="open"\} 1$/m)
  has(/^weir_breaker_state\{endpoint="v1\/up",state="closed"\} 0$/m)
  has(/^weir_local_replies_total\{filter="route-match",reason="[a-z_]+"\} \d+$/m)
  has(/^weir_local_replies_total\{filter="breaker",reason="[a-z_]+"\} 1$/m)
  has(/^weir_filter_errors_total\{filter="fails",hook="request"\} 1$/m)
  has(/^weir_unhandled_errors_total\{kind="rejection"\} 0$/m)
  has(/^process_cpu_seconds_total /m)
  has(/^weir_build_info\{version="[^"]+",node="\d+\.[^"]+"\} 1$/m)
  has(/^weir_config_info\{version="[0-9a-f]{12}"\} 1$/m)
  has(/^weir_downstream_connections\{listener="admin"\} 1$/m)
  t.notMatch(body, /made-up|by-the-client|\.example|BREW|PROPFIND|PURGE/, 'no label is made of what a client says')
  t.match(new Set(labels(body, 'endpoint')), new Set(['v1/up', '_none']))
  t.ok(new Set(labels(body, 'endpoint')).size <= 2)
  has(/^http_server_request_duration_seconds_count\{endpoint="v1\/up",method="_OTHER",status="\d+"\} 2$/m)
  t.same([...new Set(labels(body, 'method'))].sort(), ['GET', '_OTHER'])
  t.equal((await weir.stop()).code, 0)
})

const asking = (method: string): string =>
  `${method} /orchestrator/v1/up/ HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`

/** The values of a label wherever it stands. */
function labels(body: string, name: string): string[] {
  return [...body.matchAll(new RegExp(`[{,]${name}="([^"]*)"`, 'g'))].map((match) => match[1]!)
}
