import { spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { type AddressInfo, createServer } from 'node:net'
import t from 'tap'
import manifest from '../../package.json' with { type: 'json' }
import { folder, LAUNCH, weirCommand } from '../support/process.ts'

t.test('help, version and wrong usage', async (t) => {
  const cwd = await folder(t)
  const cases: [args: string[], code: number, stdout: RegExp, stderr: RegExp][] = [
    [[], 0, /^Weir, an API gateway\n\nUsage: weir <command>/, /^$/],
    [['run', '--help'], 0, /^Usage: weir run/, /^$/],
    [['help', 'validate'], 0, /^Usage: weir validate \[FILE\]/, /^$/],
    [['version'], 0, new RegExp(`^weir ${RegExp.escape(manifest.version)} \\(Node v`), /^$/],
    [['fly'], 2, /^$/, /^weir: unknown command "fly"\.\n\nWeir, an API gateway/],
    [['run', '--confg', 'x'], 2, /^$/, /^weir: unknown option --confg\. Did you mean "--config"\?/],
    [
      ['run', 'weir.yaml'],
      2,
      /^$/,
      /^weir: "weir.yaml" is one argument too many: the command takes none\n\nUsage: weir run/,
    ],
    [['run', '--config'], 2, /^$/, /^weir: [\s\S]*Usage: weir run/],
    [['explain', 'GET'], 2, /^$/, /^weir: URL is missing\n/],
  ]
  for (const [args, code, stdout, stderr] of cases) {
    const exit = await weirCommand(t, { cwd, args })
    const name = args.join(' ') || '(nothing)'
    t.equal(exit.code, code, name)
    t.match(exit.stdout, stdout, name)
    t.match(exit.stderr, stderr, name)
  }
})

/** As short as the keys allow: flat ones only. */
const FLAT = `listen: 8000
log_level: INFO
auth_algorithm: RS256
auth_issuer: https://id.example.com
circuit_breaker: { failure_threshold: 5 }
metrics_enabled: true
endpoints:
  - name: orders
    version: v1
    url: https://orders.example.com
    methods: [GET, POST]
    auth_type: Bearer
    roles: [customer]
    timeout: 5
`

t.test('validate accepts the flat form and says what is missing', async (t) => {
  const cwd = await folder(t, { 'weir.yaml': FLAT })
  const { code, stdout, stderr } = await weirCommand(t, { cwd, args: ['validate'] })
  t.equal(code, 0)
  t.match(stdout, /^weir\.yaml is valid: 1 endpoint, 2 listeners\n$/)
  t.match(stderr, /^warning: weir\.yaml:\d+:\d+ .*key/m)
})

t.test('validate starts nothing', async (t) => {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => server.close())
  const { port } = server.address() as AddressInfo
  const cwd = await folder(t, { 'weir.yaml': `listen: 127.0.0.1:${port}\nendpoints: [{ name: a, url: "http://a" }]\n` })
  t.equal((await weirCommand(t, { cwd, args: ['validate'] })).code, 0)
})

const ENDPOINT = 'endpoints: [{ name: a, url: "http://a" }]\n'
const BROKEN: [what: string, text: string, wanted: RegExp][] = [
  ['half-written', 'endpoints:\n  - { name: a, url: "http:', /^weir\.yaml:\d+:\d+ /],
  ['a tab', 'endpoints:\n\t- name: a\n', /^weir\.yaml:2:\d+ /],
  ['a text', 'hello\n', /^weir\.yaml:1:1 /],
  ['an unknown key', `lisen: 1\n${ENDPOINT}`, /^weir\.yaml:1:1 lisen: .*Did you mean "listen"/],
  ['an unknown filter', `filters: [auht, proxy]\n${ENDPOINT}`, /^weir\.yaml:1:11 filters\[0\]: .*auth/],
  [
    'an option of the wrong type',
    `filters: [breaker: { failure_threshold: x }, proxy]\n${ENDPOINT}`,
    /^weir\.yaml:1:\d+ /,
  ],
  [
    'a duplicate endpoint',
    'endpoints:\n  - { name: a, url: "http://a" }\n  - { name: a, url: "http://b" }\n',
    /^weir\.yaml:3:\d+ endpoints\[1\]/,
  ],
  [
    'auth after proxy',
    'filters: [route-match, proxy, auth]\nendpoints: [{ name: a, url: "http://a", auth_type: bearer }]\n',
    /^weir\.yaml:2:13 endpoints\[0\]: .*requires authentication/,
  ],
  [
    'an environment variable',
    `listen: \${NO_SUCH_VARIABLE}\n${ENDPOINT}`,
    /^weir\.yaml:1:\d+ listen.*NO_SUCH_VARIABLE/,
  ],
]

t.test('what is wrong is said with its place, by validate and by run', async (t) => {
  for (const [what, text, wanted] of BROKEN) {
    const cwd = await folder(t, { 'weir.yaml': text })
    const { code, stderr, stdout } = await weirCommand(t, { cwd, args: ['validate'] })
    t.equal(code, 78, what)
    t.match(stderr, wanted, what)
    t.match(stderr, /\n\d+ problems?\n$/, what)
    t.equal(stdout, '', what)
  }
  const cwd = await folder(t, { 'weir.yaml': BROKEN[3]![1] })
  const { code, stderr } = await weirCommand(t, { cwd, args: ['run'] })
  t.equal(code, 78)
  t.match(stderr, BROKEN[3]![2])
})

t.test('several problems are said at once', async (t) => {
  const text = 'lisen: 1\nfilters: [auht, proxy]\nendpoints:\n  - { name: a }\n  - { name: b, url: "ftp://b" }\n'
  const cwd = await folder(t, { 'weir.yaml': text })
  const { code, stderr } = await weirCommand(t, { cwd, args: ['validate'] })
  t.equal(code, 78)
  t.match(stderr, /2:11 filters\[0\]: there is no filter "auht"\. Did you mean "auth"\?/)
  for (const line of [1, 4, 5]) t.match(stderr, new RegExp(`^weir\\.yaml:${line}:\\d+ `, 'm'))
  t.notMatch(stderr, /^1 problem$/m)
})

t.test('a file that is not there, empty or a folder', async (t) => {
  const cwd = await folder(t, { 'empty.yaml': '', 'folder/x': '' })
  for (const file of ['none.yaml', 'folder']) {
    const { code, stderr } = await weirCommand(t, { cwd, args: ['validate', file] })
    t.equal(code, 78, file)
    t.match(stderr, new RegExp(`^${file}: `))
  }
  const empty = await weirCommand(t, { cwd, args: ['validate', 'empty.yaml'] })
  t.equal(empty.code, 78)
  t.match(empty.stderr, /^empty\.yaml/)
})

t.test('a port that is in use is a clear line and exit code 1, whatever had begun', async (t) => {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => server.close())
  const { port } = server.address() as AddressInfo
  const text = `listen: 127.0.0.1:${port}\nadmin: { listen: 127.0.0.1:0 }\necho: { listen: 127.0.0.1:0 }\n${ENDPOINT}`
  const cwd = await folder(t, { 'weir.yaml': text })
  const { code, signal, stderr } = await weirCommand(t, { cwd, args: ['run'] })
  t.equal(signal, null)
  t.equal(code, 1)
  t.match(stderr, new RegExp(`^weir: .*127\\.0\\.0\\.1:${port}`))
  t.equal(stderr.trim().split('\n').length, 1)
})

t.test('an old Node gets one hint', async (t) => {
  const old = ['/usr/bin/node', '/usr/local/bin/node']
    .filter((path) => existsSync(path))
    .find((path) => Number(/^v(\d+)/.exec(spawnSync(path, ['-v'], { env: {} }).stdout.toString())?.[1]) < 24)
  if (old === undefined) return void t.pass('an old Node', { skip: 'there is none on this machine' })
  const { status, stderr } = spawnSync(old, [LAUNCH, 'version'], { env: {}, encoding: 'utf8' })
  t.equal(status, 1)
  t.match(stderr, /^weir needs Node 24\.12 or newer; this is v\d+/)
  t.notMatch(stderr, /SyntaxError|\n {4}at /)
})
