// The admin API of a whole process, with the file that it edits.
import { chmodSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { AdminClient } from '../support/admin-client.ts'
import { entry, startReloadable } from '../support/reload.ts'

const FILE = `# kept
%head%filters: [route-match, method-check, breaker, proxy]
endpoints: # all
${entry('up', '%up%/up', '    timeout: 5s # slow\n')}`

t.test('changes are edits of the file, and traffic sees them', async (t) => {
  const { admin: url, dir, get, upstream } = await startReloadable(t, { 'weir.yaml': FILE })
  const admin = await AdminClient.to(url)
  const text = () => readFileSync(join(dir, 'weir.yaml'), 'utf8')
  const before = text()
  const body = { name: 'one', version: 'v1', url: `${upstream.url}/first` }
  const { headers } = await admin.ask('GET /registry/endpoints')
  t.match(await admin.ask('POST /registry/endpoints', { headers: { 'If-Match': headers.etag! }, body }), {
    status: 201,
  })
  t.equal((await get('one')).body, '/first/')
  t.equal(text(), `${before}${entry('one', `${upstream.url}/first`)}`)
  t.match(await admin.ask('PUT /registry/endpoints/v1/one/status', { body: { status: 'disabled' } }), { status: 200 })
  t.equal((await get('one')).status, 503)
  t.match(
    (
      await admin.ask('POST /registry/endpoints', {
        headers: { 'If-Match': headers.etag! },
        body: { ...body, name: 'two' },
      })
    ).json(),
    {
      status: 412,
    },
  )
  t.match(await admin.ask('DELETE /registry/endpoints/v1/one'), { status: 204 })
  t.equal(text(), before)
  t.match((await admin.ask('POST /circuit-breakers/v1/up/trip')).json(), { breakers: [{ phase: 'open' }] })
  t.equal((await get('up')).status, 503)
  await admin.ask('POST /circuit-breakers/v1/up/reset')
  t.equal((await get('up')).status, 200)
  t.match((await admin.ask('GET /health')).json(), { status: 'healthy' })
})

t.test('a file that nobody may write', async (t) => {
  const { admin: url, dir, status } = await startReloadable(t, { 'weir.yaml': FILE })
  const admin = await AdminClient.to(url)
  chmodSync(join(dir, 'weir.yaml'), 0o444)
  const { version } = await status()
  const refused = (await admin.ask('PATCH /registry/endpoints/v1/up', { body: { timeout: '6s' } })).json()
  t.match(refused, { status: 409, code: 'config_not_writable', version, errors: [{ file: 'weir.yaml' }] })
  t.match(refused.detail, /written|writ/)
  t.equal((await status()).version, version)
})

t.test('who makes the log silent is in the log', async (t) => {
  const { admin: url, weir } = await startReloadable(t, { 'weir.yaml': FILE })
  const admin = await AdminClient.to(url)
  t.match(await admin.ask('PUT /logging', { body: { level: 'silent' } }), { status: 200 })
  t.match(await admin.ask('PUT /logging', { body: { level: 'info' } }), { status: 200 })
  await weir.stop()
  t.match(
    weir.lines.filter(({ msg }) => /^admin change|^the level of the log/.test(String(msg))),
    [
      { operation: 'setLogging', outcome: 'begun', address: '127.0.0.1' },
      { log_level: 'silent', configured: 'info' },
      { log_level: 'info', configured: 'info' },
      { operation: 'setLogging', outcome: 'info' },
    ],
  )
})
