import t from 'tap'
import { inFolder, weir } from '../../config/commands/support.ts'
import { send } from '../../support/client.ts'
import { entry, startReloadable } from '../../support/reload.ts'

const yaml = (breaker: string, endpoint = ''): string => `listen: 127.0.0.1:0
circuit_breaker:
${breaker}
endpoints:
  - name: orders
    url: http://orders.internal
${endpoint}`

t.test('mistakes are named where they are', async (t) => {
  inFolder(t, {
    'redirect.yaml': yaml('  fallback_strategy: redirect\n  redirect: { url: //other.test }'),
    'default.yaml': yaml('  fallback_strategy: default_response'),
    'body.yaml': yaml('  fallback_strategy: default_response\n  default_response: { body: hello }'),
    'unused.yaml': yaml('  redirect: { url: /sorry }\n  window: 10s'),
  })
  const said = async (file: string) => {
    const { code, out, err } = await weir(['validate', '-c', file])
    return `${code} ${out}${err}`
  }
  t.match(
    await said('redirect.yaml'),
    /^78 [\s\S]*redirect\.yaml:4:\d+ circuit_breaker\.redirect\.url: expected an http or https URL/,
  )
  t.match(await said('default.yaml'), /^78 [\s\S]*fallback_strategy is default_response, which needs this option/)
  t.match(await said('body.yaml'), /^78 [\s\S]*body\.yaml:4:\d+ .*a body needs its Content-Type/)
  const unused = await said('unused.yaml')
  t.match(unused, /^0 /)
  t.match(unused, 'redirect has no effect: fallback_strategy is error_response')
  t.match(unused, 'window has no effect without failure_rate or slow_call_rate')
})

t.test('a whole configuration by the short form; a reload that fails leaves it open', async (t) => {
  const text = (breaker: string): string => `%head%circuit_breaker: ${breaker}\nendpoints:\n${entry('bad', '%up%/bad')}`
  const own = '{ headers: { Content-Type: text/plain }, body: "later" }'
  const options = `failure_threshold: off, failure_rate: 50, minimum_calls: 2, fallback_strategy: default_response, default_response: ${own}`
  const { after, replace, get, metric, weir, proxy } = await startReloadable(
    t,
    { 'weir.yaml': text(`{ ${options} }`) },
    { listener: (_request, response) => void response.writeHead(503).end() },
  )
  for (let i = 0; i < 2; i++) t.equal((await get('bad')).status, 503)
  t.match(await get('bad'), { status: 200, body: 'later', headers: { 'content-type': 'text/plain' } })
  t.equal(await after(() => replace('weir.yaml', text(`{ ${options}, fallback_strategi: x }`))), 'failed')
  t.equal((await get('bad')).body, 'later')
  t.equal(
    await after(() => replace('weir.yaml', text('{ fallback_strategy: redirect, redirect: { url: "/x{path}" } }'))),
    'applied',
  )
  t.match(await send(`${proxy}/orchestrator/v1/bad/`), {
    status: 307,
    headers: { location: '/x/orchestrator/v1/bad/' },
  })
  t.equal(await metric('weir_breaker_state{endpoint="v1/bad",state="open"}'), 1)
  await weir.stop()
  t.match(weir.stderr + weir.stdout, /"from":"closed","to":"open","reason":"2 of 2 calls failed; for \d+ s"/)
})
