// biome-ignore-all lint/suspicious/noTemplateCurlyInString: references look like this
import {
  chmodSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import t, { type Test } from 'tap'
import type { ChangeOutcome, EndpointView } from '../../core/control/endpoint-control.ts'
import { send } from '../support/client.ts'
import type { Asked } from '../support/control-filter.ts'
import { startWeir } from '../support/process.ts'
import { entry, startReloadable, until } from '../support/reload.ts'

const PLUGIN = fileURLToPath(new URL('../support/control-filter.ts', import.meta.url))
const HEAD = `# kept
%head%plugins: ["${PLUGIN}"]
filters: [control, request-id, auth: { secret: "\${SECRET:-0123456789abcdef0123456789abcdef}" }, route-match, method-check, breaker, proxy, metrics]
`
const BASE = `${HEAD}endpoints: # all\n${entry('up', '%up%/up')}`

async function start(t: Test, files: Readonly<Record<string, string>> = { 'weir.yaml': BASE }) {
  const reloadable = await startReloadable(t, files)
  const { proxy, dir } = reloadable
  const ask = async <T>(...asked: Asked): Promise<T> =>
    JSON.parse((await send(`${proxy}/control`, { method: 'POST', body: JSON.stringify(asked) })).body) as T
  return {
    ...reloadable,
    ask,
    change: (...asked: Asked) => ask<ChangeOutcome>(...asked),
    text: (name = 'weir.yaml') => readFileSync(join(dir, name), 'utf8'),
  }
}

t.test('an endpoint comes, changes, rests and goes while requests go on', async (t) => {
  const { dir, change, ask, text, get, upstream, traffic, status, weir, metric } = await start(t)
  chmodSync(join(dir, 'weir.yaml'), 0o640)
  const before = text()
  const requests = traffic('up')
  t.equal((await get('one')).status, 404)
  const added = await change('register', { name: 'one', version: 'v1', url: `${upstream.url}/first` })
  t.match(added, { outcome: 'applied', id: 'v1/one', problems: [] })
  t.equal((await get('one')).body, '/first/')
  t.equal(text(), `${before}${entry('one', `${upstream.url}/first`)}`)
  t.equal((await status()).version, added.version)
  t.match(await change('change', 'v1/one', { url: `${upstream.url}/second`, methods: ['GET'] }), { outcome: 'applied' })
  t.equal((await get('one')).body, '/second/')
  const active = text()
  t.match(await change('disable', 'v1/one'), { outcome: 'applied' })
  t.equal((await get('one')).status, 503)
  t.match(await ask<EndpointView>('get', 'v1/one'), {
    status: 'disabled',
    entry: { disabled: true },
    file: 'weir.yaml',
  })
  t.match(await change('disable', 'v1/one'), { outcome: 'unchanged' })
  t.match(await change('enable', 'v1/one'), { outcome: 'applied' })
  t.equal(text(), active, 'as it was before')
  t.equal((await get('one')).status, 200)
  t.match(await ask<EndpointView[]>('list'), [
    { id: 'v1/up', status: 'active' },
    {
      id: 'v1/one',
      entry: { name: 'one', methods: ['GET'] },
      targets: [
        { url: `${upstream.url}/second`, weight: 1, health: 'unknown', outstanding: 0, attempts: 2, failures: 0 },
      ],
      breakers: [],
    },
  ])
  t.match(await change('remove', 'v1/one'), { outcome: 'applied', id: 'v1/one' })
  t.equal((await get('one')).status, 404)
  t.equal(text(), before)
  t.equal(await ask('get', 'v1/one'), null)
  const { sent, failed } = await requests.stop()
  t.ok(sent > 0)
  t.equal(failed, 0)
  t.equal(statSync(join(dir, 'weir.yaml')).mode & 0o777, 0o640)
  t.strictSame(readdirSync(dir), ['weir.yaml'], 'nothing is left behind')
  t.equal(await metric('weir_endpoint_changes_total{operation="register",outcome="applied"}'), 1)
  t.equal(await metric('weir_config_last_reload_successful'), 1)
  await change('register', { name: 'last', version: 'v1', url: upstream.url })
  await weir.stop()
  const again = await startWeir(t, { cwd: dir })
  t.equal((await send(`${again.proxy}/orchestrator/v1/last/`)).status, 200, 'and is there after a restart')
})

t.test('what is refused changes nothing', async (t) => {
  const { change, text, status, get, metric, upstream, ask } = await start(t)
  const before = text()
  const { version } = await status()
  const up = { name: 'x', version: 'v1', url: upstream.url }
  const cases: [asked: Asked, expected: object][] = [
    [
      ['register', { ...up, tiemout: 5 }],
      {
        reason: 'invalid',
        problems: [{ file: 'weir.yaml', path: 'endpoints[1].tiemout', message: /Did you mean "timeout"/ }],
      },
    ],
    [['register', { ...up, timeout: 'soon' }], { reason: 'invalid', problems: [{ path: 'endpoints[1].timeout' }] }],
    [['register', { ...up, name: 'up' }], { reason: 'exists' }],
    [['register', 'up'], { reason: 'invalid' }],
    [
      ['register', { ...up, url: '${file:/etc/passwd}' }],
      { reason: 'invalid', problems: [{ path: 'endpoints[1].url', message: /file:.etc/ }] },
    ],
    [['register', { ...up, host: 'x'.repeat(70_000) }], { reason: 'invalid', problems: [{ message: /64 KiB/ }] }],
    [
      ['register', { ...up, filters: { auth: { secret: '***' } } }],
      { reason: 'invalid', problems: [{ message: /masked/ }] },
    ],
    [['change', 'v1/up', { url: null }], { reason: 'invalid', problems: [{ message: '"url" is missing' }] }],
    [['change', 'v1/up', { filters: { nothing: {} } }], { reason: 'invalid' }],
    [['change', 'v1/up', { methods: ['GET'] }, { ifVersion: '000000000000' }], { reason: 'conflict' }],
    [['change', 'v1/no', {}], { reason: 'not_found' }],
    [['remove', 'v1/no'], { reason: 'not_found' }],
    [['disable', '__proto__'], { reason: 'not_found' }],
  ]
  for (const [asked, expected] of cases) {
    t.match(await change(...asked), { outcome: 'refused', version, ...expected }, JSON.stringify(asked).slice(0, 80))
    t.equal(text(), before)
  }
  t.match(await status(), { version, last_failure: null })
  t.equal(await metric('weir_config_last_reload_successful'), 1)
  t.equal((await get('up')).status, 200)
  const { outcome } = await change(
    'change',
    'v1/up',
    { filters: { auth: { issuer: '${HOME}' } } },
    { ifVersion: version },
  )
  t.equal(outcome, 'applied')
  t.match(text(), 'issuer: "$${HOME}"', 'references are text')
  t.match(await ask('get', 'v1/up'), { entry: { filters: { auth: { issuer: '${HOME}' } } } })
})

t.test('changes and edits of the file meet', async (t) => {
  const { change, text, replace, write, get, upstream, after, status } = await start(t, {
    'weir.yaml': `${HEAD}include: [conf.d/*.yaml]\n`,
    'conf.d/a.yaml': `# a\r\nendpoints:\r\n${entry('a', '%up%/a').replaceAll('\n', '\r\n')}`,
  })
  const up = (name: string) => ({ name, version: 'v1', url: `${upstream.url}/${name}` })
  const names = Array.from({ length: 12 }, (_, i) => `n${i}`)
  const outcomes = await Promise.all(names.map((name) => change('register', up(name))))
  t.strictSame(new Set(outcomes.map(({ outcome }) => outcome)), new Set(['applied']))
  for (const name of names) t.equal((await get(name)).status, 200)
  t.match(await change('disable', 'v1/a'), { outcome: 'applied' })
  t.match(text('conf.d/a.yaml'), /^# a\r\nendpoints:\r\n[\s\S]*\r\n {4}disabled: true\r\n$/)
  t.equal((await get('a')).status, 503)
  // Not waited for: the watcher may see the file before or after the change does.
  replace('weir.yaml', text().replace('# kept', '# edited'))
  t.match(await change('remove', 'v1/n0'), { outcome: 'applied' })
  t.match(text(), /^# edited/)
  t.equal((await get('n0')).status, 404)
  write('conf.d/b.yaml', `endpoints:\n${entry('b', `${upstream.url}/b`)}`)
  t.match(await change('change', 'v1/n1', { tiemout: 1 }), { outcome: 'refused', reason: 'invalid' })
  t.equal((await get('b')).status, 200, 'a refused change takes away nothing of what others changed')
  write('conf.d/b.yaml', 'endpoints:\n')
  replace('weir.yaml', `${text()}log_level: warn\nlisten: 1\n`)
  t.match(await change('remove', 'v1/n1'), { outcome: 'refused', reason: 'not_loaded' })
  t.match(await status(), { last_failure: { problems: [{ message: /is repeated/ }] } })
  write('weir.yaml', text().replace('listen: 1\n', ''))
  t.match(await change('remove', 'v1/n1'), { outcome: 'applied' })
  t.match(await status(), { last_failure: null, endpoints: 11 })
  t.match(text(), 'log_level: warn')
  t.equal(await after(() => write('weir.yaml', text().replace('# edited', '# again'))), 'unchanged')
})

t.test('where the file is not to be written, it is said why', async (t) => {
  const { dir, change, text, get } = await start(t)
  const file = join(dir, 'weir.yaml')
  const before = text()
  chmodSync(file, 0o444)
  t.match(await change('disable', 'v1/up'), {
    outcome: 'refused',
    reason: 'not_writable',
    problems: [{ file: 'weir.yaml', message: 'the file is read-only' }],
  })
  t.equal(text(), before)
  t.equal((await get('up')).status, 200)
  chmodSync(file, 0o644)
  mkdirSync(join(dir, '..v1'))
  renameSync(file, join(dir, '..v1/weir.yaml'))
  symlinkSync('..v1', join(dir, '..data'))
  symlinkSync('..data/weir.yaml', file)
  t.match(await change('disable', 'v1/up'), {
    outcome: 'refused',
    reason: 'not_writable',
    problems: [{ message: /Kubernetes/ }],
  })
  t.equal((await get('up')).status, 200)
  mkdirSync(join(dir, 'real'))
  writeFileSync(join(dir, 'real/weir.yaml'), before)
  symlinkSync('real/weir.yaml', join(dir, 'link'))
  renameSync(join(dir, 'link'), file)
  t.match(await change('disable', 'v1/up'), { outcome: 'applied' })
  t.match(readFileSync(join(dir, 'real/weir.yaml'), 'utf8'), 'disabled: true', 'a link stays one')
  await until(
    () => get('up'),
    ({ status }) => status === 503,
  )
})
