import { spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readdirSync } from 'node:fs'
import { type AddressInfo, createServer } from 'node:net'
import t from 'tap'
import { folder, LAUNCH, weirCommand } from '../support/process.ts'

const TEXT = 'endpoints: [{ name: a, url: "http://a", auth_type: bearer }, { name: b, url: "http://b" }]\n'

t.test('from nothing to a request that is explained', async (t) => {
  const cwd = await folder(t)
  const weir = (...args: string[]) => weirCommand(t, { cwd, args })
  t.match(await weir('validate'), {
    code: 78,
    stdout: '',
    stderr: /^weir\.yaml: there is no such file\. "weir init" writes one/,
  })
  t.match(await weir('init'), { code: 0, stdout: /^weir\.yaml was written/, stderr: '' })
  t.match(await weir('init'), { code: 1, stdout: '', stderr: /^weir: weir\.yaml exists already/ })
  t.match(await weir('validate'), { code: 0, stdout: /is valid/ })
  t.match(await weir('routes'), { code: 0, stdout: /^v1\/echo +\/orchestrator\/v1\/echo /m })
  const explained = await weir('explain', 'GET', '/orchestrator/v1/echo/hello?x=1')
  t.match(explained, { code: 0, stdout: /\n"proxy" calls http:\/\/127\.0\.0\.1:8002\/hello\?x=1/ })
})

t.test('each command, as JSON', async (t) => {
  const cwd = await folder(t, { 'weir.yaml': TEXT, 'new.yaml': TEXT.replace('http://b', 'http://c') })
  const options = { cwd, env: { PATH: process.env.PATH ?? '' }, encoding: 'utf8' } as const
  const cases: [args: [string, ...string[]], data: object][] = [
    [['validate'], { valid: true, endpoints: 2 }],
    [['routes'], { endpoints: [{ id: 'a' }, { id: 'b' }] }],
    [['plugins'], { filters: [{ name: 'request-id', origin: 'built in' }] }],
    [['explain', 'GET', '/orchestrator/a'], { end: { kind: 'reply', status: 503, filter: 'auth' } }],
    [['diff', 'weir.yaml', 'new.yaml'], { changes: [{ what: 'endpoint b', change: 'changed' }], restart: [] }],
    [['version'], { node: process.version.slice(1) }],
  ]
  for (const [args, data] of cases) {
    const { status, stdout, stderr } = spawnSync(process.execPath, [LAUNCH, ...args, '--json'], options)
    t.equal(status, 0, args[0])
    t.equal(stderr, '', args[0])
    t.match(JSON.parse(stdout), data, args[0])
    t.ok(Array.isArray(JSON.parse(stdout).problems), args[0])
  }
  const { stdout } = spawnSync(process.execPath, [LAUNCH, 'print-schema'], options)
  t.match(JSON.parse(stdout), { properties: { endpoints: {} } })
})

t.test('explain and diff reach nobody and write nothing', async (t) => {
  let connections = 0
  const server = createServer((socket) => {
    connections++
    socket.destroy()
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => server.close())
  const { port } = server.address() as AddressInfo
  const text = `listen: 127.0.0.1:${port}\nendpoints: [{ name: a, url: "http://127.0.0.1:${port}" }]\n`
  const cwd = await folder(t, { 'weir.yaml': text })
  const { code, stdout } = await weirCommand(t, { cwd, args: ['explain', 'GET', '/orchestrator/a'] })
  t.equal(code, 0)
  t.match(stdout, new RegExp(`calls http://127\\.0\\.0\\.1:${port}`))
  t.equal((await weirCommand(t, { cwd, args: ['diff', 'weir.yaml', 'weir.yaml'] })).stdout, 'Nothing changes.\n')
  t.equal(connections, 0)
  t.strictSame(readdirSync(cwd), ['weir.yaml'])
})

t.test('a terminal sees the line that is meant, in colour unless NO_COLOR is set', async (t) => {
  const script = '/usr/bin/script'
  if (!existsSync(script)) return void t.pass('a terminal', { skip: 'there is no script(1) on this machine' })
  const cwd = await folder(t, { 'weir.yaml': `lisen: 1\n${TEXT}` })
  const onTerminal = (env: Record<string, string>): string =>
    spawnSync(script, ['-qec', `${process.execPath} ${LAUNCH} validate`, '/dev/null'], { cwd, env, encoding: 'utf8' })
      .stdout
  const coloured = onTerminal({ PATH: process.env.PATH ?? '' })
  t.ok(coloured.includes('\u001b[31mweir.yaml:1:1\u001b[0m lisen'))
  const bare = onTerminal({ PATH: process.env.PATH ?? '', NO_COLOR: '1' })
  t.notOk(bare.includes('\u001b'))
  t.match(bare, /^weir\.yaml:1:1 lisen: .*\r\n {4}\|\r\n {2}1 \| lisen: 1\r\n {4}\| \^\r\n1 problem\r\n$/)
})

t.test('a reader that has seen enough is no error', async (t) => {
  const { stdout, stderr } = spawnSync('sh', ['-c', `"${process.execPath}" "${LAUNCH}" print-schema | head -n 1`], {
    encoding: 'utf8',
    env: { PATH: process.env.PATH },
  })
  t.equal(stdout, '{\n')
  t.equal(stderr, '')
})
