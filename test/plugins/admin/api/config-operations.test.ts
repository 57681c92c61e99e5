import t from 'tap'
import { type ConfigControl, ConfigControlKey } from '../../../../core/index.ts'
import { startAdmin } from '../../../support/admin-client.ts'

const ENDPOINTS = 'endpoints: [{ name: a, url: "http://127.0.0.1:1" }, { name: b, url: "http://127.0.0.1:1" }]'

t.test('status and reload', async (t) => {
  const { admin, gateway } = await startAdmin(t, ENDPOINTS)
  const { version } = (await admin.ask('GET /config/status')).json()
  t.match((await admin.ask('POST /config/reload')).json(), { outcome: 'unchanged', version })
  await t.rejects(gateway.reload('admin: {}\nendpoints: [{ name: a, url: "ftp://x" }]'))
  const failed = await admin.ask('POST /config/reload')
  t.match(failed, { status: 422, headers: { 'content-type': 'application/problem+json' } })
  t.match(failed.json(), {
    code: 'config_invalid',
    outcome: 'failed',
    version,
    problems: [{ path: 'endpoints[0].url', line: 2 }],
    errors: [{ path: 'endpoints[0].url', file: 'weir.yaml', line: 2 }],
  })
  t.match((await admin.ask('GET /config/status')).json(), { version, last_failure: { trigger: 'api' } })
  t.match((await admin.ask('PATCH /registry/endpoints/a', { body: { url: 'http://x' } })).json(), {
    status: 409,
    code: 'config_not_loaded',
    errors: [{ line: 2 }],
  })
})

t.test('/config/endpoints', async (t) => {
  const { admin } = await startAdmin(t, ENDPOINTS)
  t.match((await admin.ask('GET /config/endpoints?limit=1')).json(), {
    total: 2,
    items: [{ id: 'a', entry: { name: 'a', url: 'http://127.0.0.1:1' }, file: 'weir.yaml', line: 2 }],
  })
})

t.test('candidates, where the source can judge them', async (t) => {
  const given: string[] = []
  const config: Partial<ConfigControl> = {
    status: async () => ({ version: 'abc' }) as never,
    validate: async (text) => {
      given.push(text)
      return { valid: false, problems: [{ file: 'x', line: 1, col: 2, path: 'a', message: 'b' }], warnings: [] }
    },
    diff: async () => ({ valid: true, problems: [], changes: [{ what: 'endpoint' }] }),
    schema: async () => ({ type: 'object' }),
  }
  const { admin } = await startAdmin(t, ENDPOINTS, { services: [[ConfigControlKey, config]] })
  const type = (name: string) => ({ headers: { 'Content-Type': name }, body: 'a: ü\n' })
  for (const name of ['application/yaml', 'text/yaml', 'text/plain; charset=utf-8'])
    t.match((await admin.ask('POST /config/validate', type(name))).json(), { valid: false, problems: [{ line: 1 }] })
  t.strictSame(given, ['a: ü\n', 'a: ü\n', 'a: ü\n'])
  t.match((await admin.ask('POST /config/diff', type('application/yaml'))).json(), { changes: [{ what: 'endpoint' }] })
  t.match((await admin.ask('GET /config/schema')).json(), { type: 'object' })
  const large = { headers: { 'Content-Type': 'text/yaml' }, body: `# ${'x'.repeat(4 * 1024 * 1024)}` }
  t.match((await admin.ask('POST /config/validate', large)).json(), { status: 413, code: 'request_body_too_large' })
  t.equal((await admin.ask('POST /config/validate', type('image/png'))).status, 415)
})

t.test('candidates, where it cannot', async (t) => {
  const config: Partial<ConfigControl> = { status: async () => ({ version: 'abc' }) as never }
  const { admin } = await startAdmin(t, ENDPOINTS, { services: [[ConfigControlKey, config]] })
  for (const what of ['POST /config/validate', 'POST /config/diff', 'GET /config/schema'])
    t.match((await admin.ask(what)).json(), { status: 501, code: 'not_available' }, what)
})
