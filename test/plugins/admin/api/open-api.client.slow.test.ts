// A client that somebody else's generator makes of the document: it compiles, and it works.
import { execFile } from 'node:child_process'
import { symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import t from 'tap'
import { startAdmin } from '../../../support/admin-client.ts'
import { command, ROOT } from '../../../support/packed.ts'
import { folder } from '../../../support/process.ts'
import { tsc } from '../../../support/public-api.ts'

const USE = `import * as api from './client.ts'

api.defaults.baseUrl = process.argv[2]!
const listed = await api.listEndpoints({ limit: 10 })
if (listed.status !== 200) throw new Error(String(listed.status))
const first: api.Endpoint = listed.data.items[0]!
const phases: ('closed' | 'open' | 'half_open')[] = first.breakers.map(({ phase }) => phase)
const etag = listed.headers.get('etag')!
const changed = await api.patchEndpointVersioned('v1', 'a', { methods: ['GET'] }, { ifMatch: etag })
if (changed.status !== 200) throw new Error(String(changed.status))
const again = await api.patchEndpointVersioned('v1', 'a', { methods: ['PUT'] }, { ifMatch: etag })
const bad = await api.registerEndpoint({ name: 'b', url: 'ftp://x' })
const pointer = bad.status === 422 ? bad.data.errors?.[0]?.pointer : undefined
console.log(JSON.stringify([first.id, phases, changed.data.outcome, again.status, pointer]))
`

t.test('a generated client', async (t) => {
  const { admin, url } = await startAdmin(
    t,
    'filters: [route-match, method-check, breaker, proxy]\nendpoints: [{ name: a, version: v1, url: "http://127.0.0.1:1" }]',
  )
  const dir = await folder(t)
  symlinkSync(join(ROOT, 'node_modules'), join(dir, 'node_modules'))
  writeFileSync(join(dir, 'package.json'), '{ "type": "module" }')
  writeFileSync(join(dir, 'openapi.json'), (await admin.ask('GET /openapi.json')).body)
  writeFileSync(join(dir, 'use.ts'), USE)
  const made = command(dir, process.execPath, 'node_modules/oazapfts/dist/cli.js', 'openapi.json', 'client.ts')
  t.equal(made.status, 0, made.stderr)
  // What the generator writes does not tell a missing member from an undefined one.
  tsc([
    '--exactOptionalPropertyTypes',
    'false',
    '--noEmit',
    '--typeRoots',
    join(ROOT, 'node_modules/@types'),
    join(dir, 'use.ts'),
  ])
  // Not execFileSync: the gateway runs in this process.
  const { stdout } = await promisify(execFile)(process.execPath, ['use.ts', url], {
    cwd: dir,
    env: { PATH: process.env.PATH },
  })
  t.strictSame(JSON.parse(stdout), ['v1/a', ['closed'], 'applied', 412, '/url'])
})
