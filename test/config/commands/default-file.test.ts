import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import t from 'tap'
import { modeline, writeDefaultFile } from '../../../config/commands/default-file.ts'
import { loadConfig } from '../../../config/live/config-loader.ts'
import { DEFAULT_CHAIN } from '../../../config/schema/chain-shape.ts'
import { tempFile } from '../support.ts'

t.test('the default file loads without a warning and spells the default out', async (t) => {
  const { file, remove } = tempFile()
  t.teardown(remove)
  await writeDefaultFile(file)
  const config = await loadConfig(file, {})
  t.same(config.warnings, [])
  t.same(config.notices, [])
  t.same(
    config.spec.listeners[0]?.chain.map((entry) => entry.name),
    DEFAULT_CHAIN,
  )
  t.same(config.settings.echo, { host: '127.0.0.1', port: 8002 })
  t.match(config.spec.endpoints[0]?.endpoint, { id: 'v1/echo', targets: [{ origin: 'http://127.0.0.1:8002' }] })
  t.match(readFileSync(file, 'utf8'), 'curl http://localhost:8000/orchestrator/v1/echo/hello?x=1')
})

t.test('it is its owner’s alone to read, and only this machine reaches what runs on it', async (t) => {
  const { file, remove } = tempFile()
  t.teardown(remove)
  const umask = process.umask(0)
  t.teardown(() => process.umask(umask))
  await writeDefaultFile(file)
  t.equal(statSync(file).mode & 0o777, 0o600)
  const { spec } = await loadConfig(file, {})
  t.strictSame(
    spec.listeners.map(({ host, port }) => [host, port]),
    [
      ['127.0.0.1', 8000],
      ['127.0.0.1', 8001],
    ],
  )
})

t.test('its first line leads editors to the schema', async (t) => {
  const { file, remove } = tempFile()
  t.teardown(remove)
  await writeDefaultFile(file)
  const [, place = ''] = /^# yaml-language-server: \$schema=(\S+)\n/.exec(readFileSync(file, 'utf8')) ?? []
  t.match(JSON.parse(readFileSync(resolve(dirname(file), place), 'utf8')), { $id: 'urn:weir:configuration' })

  const at = (path: string, schema: string): string =>
    modeline(path, schema).slice('# yaml-language-server: $schema='.length)
  t.equal(at('/app/weir.yaml', '/app/node_modules/weir/s.json'), 'node_modules/weir/s.json\n')
  t.equal(at('/app/a/b/c/weir.yaml', '/app/s.json'), '../../../s.json\n')
  t.equal(at('/app/a/b/c/d/weir.yaml', '/app/s.json'), '/app/s.json\n')
  t.equal(at('/app/weir.yaml', '/app/my files/s.json'), 'file:///app/my%20files/s.json\n')
})

t.test('its comments name pages of the documentation by where they are', async (t) => {
  const { file, remove } = tempFile()
  t.teardown(remove)
  await writeDefaultFile(file)
  const pages = readFileSync(file, 'utf8').match(/\S*docs\/\S+\.md/g) ?? []
  t.equal(pages.length, 2)
  for (const page of pages) t.ok(existsSync(resolve(dirname(file), page)), page)
})

t.test('the endpoint in its comments loads too', async (t) => {
  const { file, remove } = tempFile()
  t.teardown(remove)
  await writeDefaultFile(file)
  writeFileSync(file, readFileSync(file, 'utf8').replaceAll(/^ {2}# /gm, '  '))
  const config = await loadConfig(file, {})
  t.match(config.spec.endpoints[1]?.endpoint, { id: 'v1/orders', requires: ['authentication'] })
})

t.test('what is there is never overwritten', async (t) => {
  const { file, dir, remove } = tempFile()
  t.teardown(remove)
  writeFileSync(file, 'mine')
  await t.rejects(writeDefaultFile(file), { message: `${file} exists already; it was not changed` })
  t.equal(readFileSync(file, 'utf8'), 'mine')
  await t.rejects(writeDefaultFile(dir))
  await t.rejects(writeDefaultFile(`${dir}/none/weir.yaml`), { code: 'ENOENT' })
})
