import t from 'tap'
import { type Clock, defineFilter, defineService, reply } from '../../../core/index.ts'
import { specOf, startGateway } from '../../../core/testing.ts'
import { startUpstream } from '../../support/upstream.ts'

const SealKey = defineService<string>('test.seal')

const seal = defineFilter({
  name: 'seal',
  apiVersion: 1,
  needs: [SealKey],
  create: (_options, env) => {
    const text = env.service(SealKey)
    env.log.info({}, 'made')
    return { response: (x) => void x.response.headers.set('X-Seal', text) }
  },
})

const upstream = await startUpstream((request, response) => {
  request.pipe(response, { end: false })
  request.on('end', () => {
    response.addTrailers({ 'X-Path': String(request.url) })
    response.end()
  })
})
t.teardown(() => upstream.close())

const yaml = (rest = ''): string =>
  `filters: [seal, route-match, proxy, metrics]\nendpoints:\n  - { name: up, url: "\${UP}" }\n${rest}`
const setup = { env: { UP: upstream.url }, filters: [seal], services: [[SealKey, 'wax']] as const }

t.test('a whole gateway on free ports', async (t) => {
  const printed: string[] = []
  await using gateway = await startGateway(yaml(), { ...setup, log: ({ message }) => void printed.push(message) })
  t.match(gateway.url, /^http:\/\/127\.0\.0\.1:\d+$/)
  t.equal(gateway.url, `http://127.0.0.1:${gateway.port}`)
  t.equal(gateway.adminUrl, undefined)
  const response = await gateway.inject({
    method: 'POST',
    path: '/orchestrator/up/x?a=1',
    body: ['to', 'gether'],
    headers: { TE: 'trailers' },
  })
  t.match(response, { status: 200, body: 'together' })
  t.equal(response.headers.get('x-seal'), 'wax')
  t.equal(response.trailers.get('x-path'), '/x?a=1')
  await gateway.logged(1)
  t.match(gateway.finished, [{ outcome: 'completed', status: 200, exchange: { request: { method: 'POST' } } }])
  t.match(gateway.logs, [{ level: 'info', fields: { filter: 'seal' }, message: 'made' }])
  t.equal(printed[0], 'made')
  t.match(
    await gateway.metrics(),
    /^http_server_request_duration_seconds_count\{endpoint="up",method="POST",status="200"\} 1$/m,
  )
  t.equal(await gateway.metric('http_server_request_duration_seconds_count', { endpoint: 'up' }), 1)
  t.equal(await gateway.metric('no_such_metric'), undefined)
  await t.rejects(gateway.inject({ admin: true }), /no admin listener/)
})

t.test('other YAML, and YAML that is wrong', async (t) => {
  await using gateway = await startGateway(yaml(), setup)
  t.equal((await gateway.reload(yaml('debug: true\n'))).outcome, 'applied')
  await t.rejects(gateway.reload('filters: [prox]\n'), /^weir\.yaml:1:11 filters\[0\]: there is no filter "prox"/)
  t.equal((await gateway.inject({ path: '/orchestrator/up' })).status, 200)
  await t.rejects(startGateway('listen: no port\n'), /^weir\.yaml:1:1 listen: expected a port/)
  await t.rejects(startGateway('filters: [prox]\n'), /^weir\.yaml:1:11 filters\[0\]: there is no filter "prox"/)
})

t.test('with an admin listener, included files and plugins', async (t) => {
  const dir = t.testdir({
    'more.yaml': `endpoints:\n  - { name: up, url: "${upstream.url}" }\n`,
    'mark.js': `export default { name: 'mark', apiVersion: 1, create: () => ({
      response: (x) => void x.response.headers.set('X-Mark', 'set'),
    }) }\n`,
  })
  const text = 'include: more.yaml\nplugins: [./mark.js]\nfilters: [mark, route-match, proxy]\nadmin: {}\n'
  await using gateway = await startGateway(text, { dir })
  t.equal((await gateway.inject({ path: '/orchestrator/up' })).headers.get('x-mark'), 'set')
  t.equal((await gateway.inject({ path: '/readyz', admin: true })).body.trim(), 'ok')
  const json = await gateway.inject({ path: '/config/status', admin: true, headers: { Accept: 'application/json' } })
  t.match(json.json(), { endpoints: 1, trigger: 'start' })
})

t.test('the engine alone on a spec', async (t) => {
  const clock: Clock = { now: () => 5, wall: () => 5 }
  const hi = defineFilter({
    name: 'hi',
    apiVersion: 1,
    create: () => ({ request: () => reply(200, 'hi', { body: 'hi' }) }),
  })
  const gateway = await startGateway(specOf([{ name: 'up', url: upstream.url }], ['hi', 'route-match', 'proxy']), {
    filters: [hi],
    clock,
  })
  t.teardown(() => gateway.close())
  t.equal((await gateway.inject()).body, 'hi')
  await gateway.logged(1)
  t.match(gateway.finished, [{ durationMs: 0 }])
  await t.rejects(startGateway(specOf([], ['mthod-check', 'proxy'])), /Did you mean "method-check"\?/)
})
