// What `npm pack` ships, as its users meet it: installed from the tarball into an empty folder, without this checkout.
import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { isBuiltin } from 'node:module'
import { basename, dirname, join, resolve } from 'node:path'
import t from 'tap'
import { send } from '../support/client.ts'
import { DEFAULT_PORTS, takeDefaultPorts } from '../support/default-ports.ts'
import { OtlpCollector } from '../support/otlp.ts'
import { command, installPacked, LOCKED, MANIFEST, type Manifest, PLAIN, ROOT } from '../support/packed.ts'
import { folder, startWeir, weirCommand, yamlFor } from '../support/process.ts'

/** The second door is covered as soon as it is there. */
const TESTING = existsSync(join(ROOT, 'core/testing.ts'))
const testing = (text: string): string => (TESTING ? text : '')

const HELLO = `import * as weir from 'weir'
${testing("import * as testing from 'weir/testing'")}
Object.assign(globalThis, { first: [weir, ${testing('testing')}] })

export default weir.defineFilter({
  name: 'hello',
  apiVersion: 1,
  create: () => ({
    async request(x): Promise<void> {
      const body: Buffer = await x.request.body.buffer(100)
      if (body.toString() === 'fail') x.request.headers.set('no field', 'x')
    },
    response(x) {
      const same: boolean = x.response.headers instanceof weir.HeaderList
      x.response.headers.set('X-Hello', same ? 'the same' : 'another')
    },
  }),
})
`

const STAMP = `import * as weir from 'weir'
${testing("import * as testing from 'weir/testing'")}
const same = [weir, ${testing('testing')}].every((module, i) => module === globalThis.first[i])

export default weir.defineFilter({
  name: 'stamp',
  apiVersion: 1,
  create: () => ({ response: (x) => x.response.headers.set('X-Stamp', same ? 'the same' : 'another') }),
})
`

const manifestOf = (name: string, main: string): string =>
  JSON.stringify({ name, version: '1.0.0', type: 'module', exports: `./${main}`, peerDependencies: { weir: '*' } })

t.setTimeout(180_000) // 11 s on two cores that are free: packing and installing are work for the processor and the disk
const begun = performance.now()
const app = await installPacked(t, {
  'weir-stamp': { 'package.json': manifestOf('weir-stamp', 'main.js'), 'main.js': STAMP },
  'weir-typed': { 'package.json': manifestOf('weir-typed', 'main.ts'), 'main.ts': HELLO },
})
t.comment(`packed and installed in ${(performance.now() - begun).toFixed(0)} ms`)

const installed = join(app, 'node_modules/weir')
const launch = join(app, 'node_modules/.bin/weir')
const program = [...PLAIN, process.execPath, launch] as const
const textOf = (file: string): string => readFileSync(join(installed, file), 'utf8')

/** Files below a folder, with `/` between names. */
const list = (folder: string): string[] =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => !entry.isDirectory())
    .map(({ parentPath, name }) => join(parentPath, name).slice(folder.length + 1))
    .sort()

const files = list(installed)
/** Files of another package, which the build copies. */
const SWAGGER_UI = 'dist/plugins/admin/api/swagger-ui/'
const built = files.filter((file) => file.startsWith('dist/') && !file.startsWith(SWAGGER_UI))

t.test('the tarball holds what runs, and nothing else', async (t) => {
  const sources = ['core', 'filters', 'plugins', 'config']
    .flatMap((part) => list(join(ROOT, part)).map((file) => `${part}/${file}`))
    .filter((file) => file.endsWith('.ts') && !file.startsWith('plugins/examples/'))
  t.strictSame(
    built,
    sources.flatMap((file) => ['.d.ts', '.js', '.js.map'].map((end) => `dist/${file.replace(/\.ts$/, end)}`)).sort(),
  )
  t.strictSame(
    files.filter((file) => file.startsWith(SWAGGER_UI)).map((file) => basename(file)),
    ['LICENSE', 'NOTICE', 'favicon-32x32.png', 'swagger-ui-bundle.js', 'swagger-ui.css'],
  )
  t.strictSame(
    files.filter((file) => !/^(dist|docs)\//.test(file)),
    [
      'CHANGELOG.md',
      'CONTRIBUTING.md',
      'LICENSE',
      'README.md',
      'config/weir.schema.json',
      'core/launch.js',
      'package.json',
    ],
  )
  t.strictSame(
    files.filter((file) => /(^|[/.])tests?[/.]/.test(file)),
    [],
  )
  t.strictSame(
    files.filter((file) => file.startsWith('docs/') && !file.endsWith('.md')),
    [],
  )
})

t.test('a source map holds the sources', async (t) => {
  for (const file of built.filter((name) => name.endsWith('.js'))) {
    t.ok(textOf(file).endsWith(`//# sourceMappingURL=${basename(file)}.map`), file)
    const { sources, sourcesContent } = JSON.parse(textOf(`${file}.map`)) as Record<string, string[]>
    const source = join(dirname(file), sources![0]!)
    t.strictSame([sources!.length, sourcesContent], [1, [readFileSync(join(ROOT, source), 'utf8')]], source)
  }
})

t.test('every import is of a dependency, and every export is there', async (t) => {
  const imported = built
    .filter((file) => /\.(js|d\.ts)$/.test(file))
    .flatMap((file) => [
      ...textOf(file).matchAll(/(?:^(?:import |export |\})(?:[^'"\n]* from )?|\bimport\()['"]([^'"]+)['"]/gm),
    ])
    .map(([, specifier]) => specifier!)
    .filter((specifier) => !specifier.startsWith('.') && !isBuiltin(specifier))
    .map((specifier) => /^(?:@[^/]+\/)?[^/]+/.exec(specifier)![0])
  t.strictSame([...new Set(imported)].sort(), Object.keys(MANIFEST.dependencies).sort())
  const manifest = JSON.parse(textOf('package.json')) as Manifest
  for (const [door, target] of Object.entries(manifest.exports)) {
    if (door === './testing' && !TESTING) continue
    const targets = typeof target === 'string' ? [target] : [target.types!, target.default!]
    for (const file of targets) t.ok(existsSync(join(installed, file)), `${door}: ${file}`)
  }
  t.equal(command(installed, 'npm', 'pkg', 'fix').status, 0)
  t.strictSame(JSON.parse(textOf('package.json')), manifest, 'npm publish has nothing to correct')
})

t.test('a link of a page leads to another page of the package', async (t) => {
  const pages = files.filter((file) => file.endsWith('.md'))
  t.ok(pages.length > 20, `${pages.length} pages`)
  for (const page of pages)
    for (const [, link] of textOf(page).matchAll(/\]\((?!https?:|#)([^)#\s]+)[^)]*\)/g))
      t.ok(existsSync(resolve(installed, dirname(page), link!)), `${page}: ${link}`)
})

t.test('only the dependencies are installed', async (t) => {
  const found = list(join(app, 'node_modules'))
    .map((file) => /^(?:.*\/node_modules\/)?(?:@[^/]+\/)?[^/@.][^/]*(?=\/package\.json$)/.exec(file)?.[0])
    .filter((name) => name !== undefined && Object.hasOwn(MANIFEST.devDependencies, name))
  t.strictSame(found, Object.keys(MANIFEST.peerDependencies))
  // The lock file has the binaries for all platforms; npm installs that of this one.
  const here = Object.entries(LOCKED).filter(
    ([, { optional, devOptional }]) => optional !== true && devOptional !== true,
  )
  t.strictSame(
    here.map(([path]) => path).filter((path) => !existsSync(join(app, path))),
    [],
    'all of them',
  )
  const binaries = Object.keys(LOCKED).filter((path) => path.startsWith('node_modules/@node-rs/bcrypt-'))
  t.ok(
    binaries.some((path) => existsSync(join(app, path))),
    'bcrypt for this platform',
  )
})

t.test('the first start writes weir.yaml, whose paths exist, and serves its example', async (t) => {
  const taken = await takeDefaultPorts(t)
  const file = join(app, 'weir.yaml')
  const serves = async (): Promise<void> => {
    const { weir, proxy, admin } = await startWeir(t, { cwd: app, program })
    const { status, body } = await send(`${proxy}/orchestrator/v1/echo/hello?x=1`)
    t.equal(status, 200)
    t.match(JSON.parse(body), { method: 'GET', path: '/hello' })
    t.match((await send(`${admin}/metrics`)).body, /^# HELP http_server_request_duration_seconds /m)
    t.equal((await send(`${admin}/docs/swagger-ui-bundle.js`)).status, 200)
    t.equal((await weir.stop()).code, 0)
    t.equal(weir.stderr, '')
  }
  if (taken.length === 0) await serves()
  else {
    t.comment(`another program listens on ${taken.join(', ')}: the example is served on other ports`)
    t.match(await weirCommand(t, { cwd: app, program, args: ['run'] }), { code: 1 })
  }
  const text = readFileSync(file, 'utf8')
  const [, schema = ''] = /^# yaml-language-server: \$schema=(\S+)\n/.exec(text) ?? []
  t.equal(schema, 'node_modules/weir/config/weir.schema.json')
  const pages = text.match(/\S*docs\/\S+\.md/g) ?? []
  t.equal(pages.length, 2)
  for (const path of [schema, ...pages]) t.ok(existsSync(join(app, path)), path)
  if (taken.length > 0) {
    const others = { 8000: '127.0.0.1:18000', 8001: '18001', 8002: '18002' } as Record<number, string>
    writeFileSync(
      file,
      DEFAULT_PORTS.reduce((yaml, port) => yaml.replaceAll(String(port), others[port]!), text),
    )
    await serves()
  }
})

t.test('plugins of TypeScript by path and of JavaScript from npm get the engine that runs them', async (t) => {
  const collector = new OtlpCollector()
  await collector.start()
  t.teardown(() => collector.stop())
  const chain = 'request-id, hello, stamp, auth, route-match, method-check, breaker, proxy, metrics'
  writeFileSync(join(app, 'hello.mts'), HELLO)
  writeFileSync(
    join(app, 'plugins.yaml'),
    yamlFor('http://127.0.0.1:1', `plugins: [./hello.mts, weir-stamp]\nfilters: [${chain}]\n`),
  )
  const env = { OTEL_EXPORTER_OTLP_ENDPOINT: collector.url, OTEL_BSP_SCHEDULE_DELAY: '50' }
  const { weir, proxy } = await startWeir(t, { cwd: app, program, args: ['run', '--config', 'plugins.yaml'], env })
  const { status, headers } = await send(`${proxy}/orchestrator/v1/up/`)
  t.match([status, headers['x-hello'], headers['x-stamp']], [502, 'the same', 'the same'])
  t.ok(await collector.waitFor(9), 'the tracing of the package works')

  t.equal((await send(`${proxy}/orchestrator/v1/up/`, { method: 'POST', body: 'fail' })).status, 500)
  const { err } = await weir.line((line) => line.err !== undefined)
  const { stack } = err as { stack: string }
  const frames = stack.match(/[^( ]*node_modules\/weir\/\S+:\d+:\d+/g) ?? []
  t.ok(frames.length > 1, stack)
  for (const frame of frames) {
    const [, file = '', line] = /node_modules\/weir\/(\S+?\.ts):(\d+):\d+$/.exec(frame) ?? []
    t.ok(existsSync(join(ROOT, file)), `${frame} is a line of the TypeScript`)
    if (frame === frames[0]) t.match(readFileSync(join(ROOT, file), 'utf8').split('\n')[Number(line) - 1], /throw/)
  }
  t.equal((await weir.stop()).code, 0)
  t.equal(weir.stderr, '')
})

t.test('a plugin in a folder without the package gets it too', async (t) => {
  const cwd = await folder(t, {
    'hello.ts': HELLO,
    'weir.yaml': yamlFor('http://127.0.0.1:1', 'plugins: [./hello.ts]\n'),
  })
  t.match(await weirCommand(t, { cwd, program, args: ['validate'] }), { code: 0, stderr: '' })
})

t.test('outside a gateway Node finds the package', async (t) => {
  const code = `import { reply } from 'weir'\n${testing("import 'weir/testing'")}\nconsole.log(reply(204, 'x').status)`
  const { stdout, stderr } = command(app, process.execPath, '--input-type=module', '--eval', code)
  t.strictSame([stdout, stderr], ['204\n', ''])
})

t.test('TypeScript in an npm package gets the message that says what to do', async (t) => {
  writeFileSync(join(app, 'typed.yaml'), yamlFor('http://127.0.0.1:1', 'plugins: [weir-typed]\n'))
  const { code, stderr } = await weirCommand(t, { cwd: app, program, args: ['validate', 'typed.yaml'] })
  t.equal(code, 78)
  t.match(stderr, /^typed\.yaml:5:11 plugins\[0\].*an npm package must ship JavaScript/)
})

t.test('the commands work', async (t) => {
  const named = command(app, 'npx', 'weir', 'version')
  t.equal(named.stdout, `weir ${MANIFEST.version} (Node ${process.version})\n`, named.stderr)
  const run = (...args: string[]) => weirCommand(t, { cwd: app, program, args })
  const valid = await run('validate')
  t.match([valid.code, valid.stdout], [0, /^weir\.yaml is valid: 1 endpoint/])
  const explained = await run('explain', 'GET', '/orchestrator/v1/echo/hello')
  t.equal(explained.code, 0, explained.stderr)
  t.match(explained.stdout, /^endpoint v1\/echo \(weir\.yaml:\d+\)/m)
  t.equal(command(app, launch, 'print-schema').stdout, textOf('config/weir.schema.json'))
  writeFileSync(join(app, 'broken.yaml'), yamlFor('http://127.0.0.1:1', 'log_levl: info\n'))
  const broken = await run('validate', 'broken.yaml')
  t.match([broken.code, broken.stderr], [78, /^broken\.yaml:5:1 log_levl: .* Did you mean "log_level"\?/])
})

t.test('a plugin compiles with --strict and --module nodenext alone', async (t) => {
  const pages = ['README.md', 'docs/guides/writing-a-filter.md'].map(textOf)
  const examples = pages
    .flatMap((page) => [...page.matchAll(/```ts\n([\s\S]*?)```/g)].map(([, code]) => code!))
    .filter((code) => /from 'weir'/.test(code) && /^export default/m.test(code))
  t.ok(examples.length >= 4, `${examples.length} examples of the documentation, and one that uses bodies`)
  const plugins = [HELLO, ...examples].map((code, i) => {
    writeFileSync(join(app, `plugin-${i}.mts`), code)
    return `plugin-${i}.mts`
  })
  const wrong = HELLO.replace('x.response.headers.set', '// @ts-expect-error a name is a string\n$&').replace(
    "'X-Hello'",
    '5',
  )
  writeFileSync(join(app, 'wrong.mts'), wrong)
  const tsc = join(ROOT, 'node_modules/.bin/tsc')
  const flags = ['--strict', '--module', 'nodenext', '--noEmit']
  const { status, stdout } = command(app, tsc, ...flags, ...plugins, 'wrong.mts')
  t.equal(status, 0, stdout)
})

t.test('an old Node gets one hint, which fits a package', async (t) => {
  const old = 'Object.defineProperty(process, "versions", { value: { node: "20.20.2" } })'
  const options = { cwd: app, env: {}, encoding: 'utf8' } as const
  const { status, stderr } = spawnSync(process.execPath, ['--import', `data:text/javascript,${old}`, launch], options)
  t.equal(status, 1)
  t.match(stderr, /^weir needs Node 24\.12 or newer; this is v\S+ \(.*\)\.\nInstall a newer Node: \S+\n$/)
})
