import t from 'tap'
import { send } from '../support/client.ts'
import { entry, startReloadable } from '../support/reload.ts'

t.test('the same filter twice, options of one endpoint, and a filter left out of the chain', async (t) => {
  const text = `%head%filters:
  - request-id
  - { filter: request-id, name: second, options: { header: X-Second-Id, trust_incoming: false } }
  - route-match
  - method-check: { methods: [GET, POST] }
  - breaker: off
  - proxy
endpoints:
${entry('whole', '%up%')}${entry('part', '%up%', '    filters: { second: off, method-check: { methods: [POST] } }\n')}`
  const { proxy } = await startReloadable(t, { 'weir.yaml': text })
  const ask = (name: string, method: string) => send(`${proxy}/orchestrator/v1/${name}/`, { method })
  const whole = await ask('whole', 'GET')
  t.equal(whole.status, 200)
  t.ok(whole.headers['x-request-id'] !== undefined && whole.headers['x-second-id'] !== undefined)
  t.match(await ask('part', 'GET'), { status: 405, headers: { allow: 'POST' } }, "a list replaces the chain's whole")
  const part = await ask('part', 'POST')
  t.equal(part.status, 200)
  t.ok(part.headers['x-request-id'] !== undefined)
  t.ok(part.headers['x-second-id'] !== undefined, 'its request ran before the route was known: it finishes')
})
