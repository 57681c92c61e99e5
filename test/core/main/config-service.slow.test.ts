// biome-ignore-all lint/suspicious/noTemplateCurlyInString: references look like this
import t, { type Test } from 'tap'
import type { DocumentCheckResult, DocumentDiff } from '../../../core/control/config-control.ts'
import { defineFilter } from '../../../core/index.ts'
import { startGateway } from '../../../core/testing.ts'
import services, { type Call } from '../../support/services-filter.ts'
import { startUpstream } from '../../support/upstream.ts'

t.setTimeout(120_000)

const BASE = `filters: [services, counted, request-id, auth: { required: false, secret: 0123456789abcdef0123456789abcdef }, route-match, breaker, proxy]
endpoints:
  - { name: a, url: "http://127.0.0.1:1", filters: { breaker: { failure_threshold: 3 } } }
  - { name: b, url: "http://127.0.0.1:1" }
`

async function start(t: Test) {
  let created = 0
  const counted = defineFilter({
    name: 'counted',
    apiVersion: 1,
    create: () => {
      created++
      return {}
    },
  })
  const gw = await startGateway(BASE, { filters: [services, counted] })
  t.teardown(() => gw.close())
  const call = async <T>(...asked: Call): Promise<T> =>
    JSON.parse((await gw.inject({ method: 'POST', path: '/call', body: JSON.stringify(asked) })).body) as T
  return {
    gw,
    created: () => created,
    validate: (text: string) => call<DocumentCheckResult>('config', 'validate', text),
    diff: (text: string) => call<DocumentDiff>('config', 'diff', text),
    schema: () => call<{ $defs: Record<string, unknown> }>('config', 'schema'),
    status: () => call<{ version: string; last_failure: unknown }>('config', 'status'),
  }
}

t.test('documents are checked with the filters that run, and nothing is created, fetched or applied', async (t) => {
  let fetched = 0
  const issuer = await startUpstream((_, res) => {
    fetched++
    res.end('{}')
  })
  t.teardown(() => issuer.close())
  const { validate, created, status } = await start(t)
  const before = await status()
  t.strictSame(await validate(BASE), { valid: true, problems: [], warnings: [] })
  const other = BASE.replace(
    'secret: 0123456789abcdef0123456789abcdef',
    `jwks_url: "${issuer.url}/keys", algorithms: [RS256]`,
  )
  t.match(await validate(other), { valid: true })
  t.equal(fetched, 0)
  t.equal(created(), 1, 'for the configuration that runs')
  const { valid, problems } = await validate(`include: x.yaml
filters: [services, request-id, route-match, braker, proxy]
endpoints:
  - { name: a, url: "http://a", tiemout: 1 }
  - { name: b, url: "http://a", filters: { proxy: { timeout: soon, tls: { ca_file: /etc/shadow } } } }
  - { name: c, url: "\${HOME}" }
`)
  t.equal(valid, false)
  t.match(
    problems.map(({ line, path }) => `${line} ${path}`),
    [
      '1 include',
      '2 filters[3]',
      '4 endpoints[0].tiemout',
      '5 endpoints[1].filters.proxy.timeout',
      '5 endpoints[1].filters.proxy.tls.ca_file',
      '6 endpoints[2].url',
    ],
  )
  t.match(problems[1], { file: 'weir.yaml', col: 46, message: /Did you mean "breaker"/ })
  const options = await validate(BASE.replace('failure_threshold', 'failure_treshold'))
  t.match(options.problems, [{ line: 3, path: 'endpoints[0].filters.breaker.failure_treshold' }])
  const twice = await validate(
    BASE.replace('{ name: b,', '{ name: b, path: /x,').replace('{ name: a,', '{ name: a, path: /x,'),
  )
  t.match(twice.problems, [{ line: 4, message: /"a" and "b" both have "\/x"/ }])
  t.strictSame(await status(), before)
})

t.test('what a document would change', async (t) => {
  const { diff } = await start(t)
  const base = `listen: 127.0.0.1:0\nadmin: off\n${BASE}`
  const { changes } = await diff(base)
  const noise = changes.map(({ what }) => what)
  t.ok(
    noise.every((what) => /^listener/.test(String(what))),
    'the test has chosen the ports',
  )
  const next = await diff(
    `log_level: debug\nworkers: 3\n${base.replace('- { name: b, url: "http://127.0.0.1:1" }', '- { name: c, url: "http://c" }').replace('threshold: 3', 'threshold: 4').replace('request-id, ', '')}`,
  )
  t.equal(next.valid, true)
  t.strictSame(
    next.changes.filter(({ what }) => !noise.includes(what)),
    [
      { what: 'settings', change: 'changed', name: 'log_level', old: 'info', new: 'debug' },
      { what: 'settings', change: 'changed', name: 'workers.count', old: 1, new: 3, restart: true },
      { what: 'filter request-id of proxy', change: 'removed' },
      { what: 'endpoint b', change: 'removed' },
      { what: 'endpoint c', change: 'added' },
      { what: 'endpoint a, filter breaker', change: 'changed', name: 'failure_threshold', old: 3, new: 4 },
    ],
  )
  t.match(await diff('listen: nowhere\n'), { valid: false, problems: [{ line: 1, path: 'listen' }], changes: [] })
})

t.test('the schema has the options of all filters', async (t) => {
  const { schema } = await start(t)
  const { $defs } = await schema()
  t.ok(Object.keys($defs).length > 5)
  t.match(JSON.stringify($defs), /failure_threshold/)
  t.match(JSON.stringify(await schema()), /"counted"/)
})
