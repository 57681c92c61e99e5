import {
  chmodSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { send } from '../support/client.ts'
import { entry, startReloadable } from '../support/reload.ts'

const BASE = `%head%endpoints:\n${entry('up', '%up%/up')}`
const WITH = (...names: string[]): string => BASE + names.map((name) => entry(name, `%up%/${name}`)).join('')

t.test('a new endpoint is reachable after an edit, however the file is written', async (t) => {
  const { write, replace, after, get, traffic, status, dir } = await startReloadable(t, { 'weir.yaml': BASE })
  const requests = traffic('up')
  t.equal((await get('one')).status, 404)
  t.equal(await after(() => write('weir.yaml', WITH('one'))), 'applied', 'in place')
  t.equal((await get('one')).body, '/one/')
  t.match(await status(), { endpoints: 2, trigger: 'file', last_failure: null })
  for (const names of [['two'], ['three', 'two']]) {
    t.equal(await after(() => replace('weir.yaml', WITH(...names))), 'applied', 'by renaming')
    t.equal((await get(names[0]!)).body, `/${names[0]}/`)
  }
  t.equal((await get('one')).status, 404, 'and what is gone is gone')
  const file = join(dir, 'weir.yaml')
  t.equal(await after(() => writeFileSync(file, `# only a comment\n${readFileSync(file)}`)), 'unchanged')
  const { sent, failed } = await requests.stop()
  t.ok(sent > 0)
  t.equal(failed, 0)
})

t.test('a folder that Kubernetes mounts is followed when its ..data link is swapped', async (t) => {
  const { dir, after, get, write, traffic } = await startReloadable(
    t,
    { '..v1/weir.yaml': BASE, 'weir.yaml': BASE },
    { args: ['run', '-c', 'weir.yaml'] },
  )
  // It starts as a file and becomes what the kubelet makes of it.
  const swap = (version: number, ...names: string[]): void => {
    mkdirSync(join(dir, `..v${version}`), { recursive: true })
    write(`..v${version}/weir.yaml`, WITH(...names))
    symlinkSync(`..v${version}`, join(dir, '..tmp'))
    renameSync(join(dir, '..tmp'), join(dir, '..data'))
    rmSync(join(dir, `..v${version - 1}`), { recursive: true, force: true })
  }
  const requests = traffic('up')
  t.equal(
    await after(() => {
      swap(1, 'one')
      symlinkSync('..data/weir.yaml', join(dir, 'link'))
      renameSync(join(dir, 'link'), join(dir, 'weir.yaml'))
    }),
    'applied',
  )
  for (const [version, name] of [
    [2, 'two'],
    [3, 'three'],
  ] as const) {
    t.equal(await after(() => swap(version, name)), 'applied')
    t.equal((await get(name)).status, 200)
  }
  t.equal((await requests.stop()).failed, 0)
})

t.test('whatever becomes of the file, what runs goes on, and it is said what is wrong', async (t) => {
  const { dir, write, after, get, traffic, status, metric, weir } = await startReloadable(t, {
    'weir.yaml': WITH('kept'),
  })
  const file = join(dir, 'weir.yaml')
  const { version } = await status()
  const requests = traffic('up')
  const broken: [what: string, change: () => unknown, problem: object, repair?: () => unknown][] = [
    [
      'invalid',
      () => write('weir.yaml', `${BASE}    timeout: 4\n    tiemout: 5\n`),
      { file: 'weir.yaml', line: 8, col: 5, path: 'endpoints[0].tiemout', message: /Did you mean "timeout"/ },
    ],
    ['refused by a filter', () => write('weir.yaml', `${BASE}    timeout: soon\n`), { line: 7, col: 5 }],
    ['half-written', () => write('weir.yaml', `${BASE}  - { name: x, ur`), { line: 7, message: /not closed/ }],
    ['empty', () => truncateSync(file), { message: 'the file is empty' }],
    ['only comments', () => write('weir.yaml', '# later\n'), { message: /nothing but comments/ }],
    ['deleted', () => unlinkSync(file), { message: /there is no such file/ }],
    [
      'a folder',
      () => {
        rmSync(file)
        mkdirSync(file)
      },
      { message: 'this is a folder, not a file' },
      () => rmSync(file, { recursive: true }),
    ],
    [
      'too large',
      () => writeFileSync(file, Buffer.alloc(10 * 1024 ** 2 + 1, '#')),
      { message: 'the file is larger than 10 MiB' },
    ],
    ['binary', () => writeFileSync(file, Buffer.from([0xff, 0xfe, 0])), { message: 'the file is not UTF-8 text' }],
  ]
  if (process.getuid?.() !== 0)
    broken.push(['unreadable', () => chmodSync(file, 0), { message: /no permission/ }, () => chmodSync(file, 0o644)])
  for (const [what, change, problem, repair] of broken) {
    t.equal(await after(change), 'failed', what)
    t.match(await status(), {
      version,
      last_failure: { trigger: 'file', problems: [{ file: 'weir.yaml', ...problem }] },
    })
    t.equal(await metric('weir_config_last_reload_successful'), 0)
    t.equal((await get('kept')).body, '/kept/')
    if (what !== 'deleted' && what !== 'a folder') continue
    repair?.()
    t.equal(await after(() => write('weir.yaml', WITH('kept'))), 'unchanged', `${what}, and back`)
    t.equal(await metric('weir_config_last_reload_successful'), 1)
    t.match(await status(), { last_failure: null })
  }
  t.equal(await after(() => write('weir.yaml', WITH('kept', 'new'))), 'applied')
  t.equal(await metric('weir_config_last_reload_successful'), 1)
  t.equal((await get('new')).status, 200)
  t.match(await status(), { endpoints: 3, last_failure: null })
  t.equal((await requests.stop()).failed, 0)
  const first = weir.lines.find(({ msg }) => /Did you mean/.test(String(msg)))
  t.match(first, { level: 50, place: 'weir.yaml:8:5 endpoints[0].tiemout' })
})

t.test('SIGHUP and POST /config/reload load too, and say how it went', async (t) => {
  const { admin, write, after, get, weir, status } = await startReloadable(t, { 'weir.yaml': BASE })
  t.equal(await after(() => weir.child.kill('SIGHUP')), 'unchanged')
  const reload = () => send(`${admin}/config/reload`, { method: 'POST' })
  write('weir.yaml', WITH('one'))
  const good = await reload()
  t.equal(good.status, 200)
  t.match(good.json(), { outcome: 'applied', problems: [], version: (await status()).version })
  t.equal((await get('one')).status, 200)
  t.match(await status(), { trigger: 'api' })
  t.equal((await reload()).json().outcome, 'unchanged')
  write('weir.yaml', `${BASE}debug: perhaps\n`)
  const bad = await reload()
  t.equal(bad.status, 422)
  t.match(bad.json(), { outcome: 'failed', problems: [{ file: 'weir.yaml', line: 7, col: 1, path: 'debug' }] })
  t.equal((await get('one')).status, 200)
  t.equal((await send(`${admin}/config/reload`)).status, 405)
  const foreign = { 'Sec-Fetch-Site': 'cross-site' }
  t.equal((await send(`${admin}/config/reload`, { method: 'POST', headers: foreign })).status, 403)
  const together = await Promise.all(Array.from({ length: 20 }, reload))
  t.strictSame([...new Set(together.map(({ status: code }) => code))], [422])
  t.equal((await weir.stop()).code, 0)
})

t.test('edits faster than loads end with the last one', async (t) => {
  const { replace, get, traffic, status, weir } = await startReloadable(t, { 'weir.yaml': BASE })
  const requests = traffic('up')
  for (let i = 0; i < 60; i++) {
    replace('weir.yaml', i % 3 === 1 ? `${BASE}  - {` : WITH(`e${i}`))
    if (i % 5 === 0) weir.child.kill('SIGHUP')
    await new Promise((done) => setTimeout(done, 20))
  }
  replace('weir.yaml', WITH('last'))
  while ((await get('last')).status !== 200) await new Promise((done) => setTimeout(done, 20))
  t.match(await status(), { endpoints: 2, last_failure: null })
  t.equal((await requests.stop()).failed, 0)
})

t.test('what a start warns of has its place, as what a reload does', async (t) => {
  const { weir } = await startReloadable(t, { 'weir.yaml': `${BASE}circuit_breaker: { window: 3s }\n` })
  t.match(
    weir.lines.find(({ msg }) => /window has no effect/.test(String(msg))),
    { level: 40, place: /^weir\.yaml:\d+:\d+ [\w.[\]]+$/ },
  )
})
