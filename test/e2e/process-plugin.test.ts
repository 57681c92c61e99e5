import { readFile } from 'node:fs/promises'
import t, { type Test } from 'tap'
import { send } from '../support/client.ts'
import { type Exit, folder, startWeir, weirCommand, yamlFor } from '../support/process.ts'
import { startUpstream } from '../support/upstream.ts'

const CHAIN = ['request-id', 'auth', 'route-match', 'method-check', 'breaker', 'proxy', 'metrics']

/** The first plugin of the guide, as it stands there. */
const GUIDE = await readFile(new URL('../../docs/guides/writing-a-filter.md', import.meta.url), 'utf8')
const EXAMPLE = /```ts\n(import \{ defineFilter[\s\S]*?)```/.exec(GUIDE)![1]!

async function upstreamUrl(t: Test): Promise<string> {
  const upstream = await startUpstream((_request, response) => void response.end('from upstream'))
  t.teardown(() => upstream.close())
  return upstream.url
}

/** Runs a gateway with these files and this chain, and gives its answer to one request. */
async function answerOf(t: Test, files: Readonly<Record<string, string>>, plugin: string, chain: readonly string[]) {
  const yaml = yamlFor(await upstreamUrl(t), `plugins: ["${plugin}"]\nfilters: [${chain.join(', ')}]\n`)
  const cwd = await folder(t, { ...files, 'weir.yaml': yaml })
  const { weir, proxy } = await startWeir(t, { cwd })
  const answer = await send(`${proxy}/orchestrator/v1/up/`)
  const { code } = await weir.stop()
  return { ...answer, code }
}

t.test('the ten lines of the guide work from a folder of their own', async (t) => {
  t.ok(EXAMPLE.trim().split('\n').length <= 12, 'it is as short as promised')
  const files = { 'plugins/stamp.ts': EXAMPLE }
  const first = await answerOf(t, files, './plugins/stamp.ts', ['stamp', ...CHAIN])
  t.equal(first.status, 200)
  t.equal(first.headers['x-stamp'], 'stamp')
  const later = await answerOf(t, files, './plugins/stamp.ts', [...CHAIN.slice(0, 4), 'stamp', ...CHAIN.slice(4)])
  t.equal(later.headers['x-stamp'], 'stamp')
  const off = await answerOf(t, files, './plugins/stamp.ts', ['stamp: off', ...CHAIN])
  t.equal(off.status, 200)
  t.equal(off.headers['x-stamp'], undefined)
})

t.test('so does JavaScript, from a file and from an npm package', async (t) => {
  const fromFile = await answerOf(t, { 'stamp.js': EXAMPLE, 'package.json': '{"type":"module"}' }, './stamp.js', [
    'stamp',
    ...CHAIN,
  ])
  t.equal(fromFile.headers['x-stamp'], 'stamp')
  const fromPackage = await answerOf(
    t,
    {
      'node_modules/weir-stamp/package.json': '{"name":"weir-stamp","type":"module","exports":"./main.js"}',
      'node_modules/weir-stamp/main.js': EXAMPLE,
    },
    'weir-stamp',
    ['stamp', ...CHAIN],
  )
  t.equal(fromPackage.headers['x-stamp'], 'stamp')
})

t.test('two instances, each with its own name', async (t) => {
  const chain = ['{ filter: stamp, name: one }', '{ filter: stamp, name: two }', ...CHAIN]
  const answer = await answerOf(t, { 'stamp.ts': EXAMPLE }, './stamp.ts', chain)
  t.equal(answer.headers['x-stamp'], 'one', 'responses pass in reverse order')
})

t.test('a plugin that cannot be loaded stops the start and says where and why', async (t) => {
  const cases: [what: string, file: string, text: string, why: RegExp][] = [
    ['throws', './p.ts', "throw new Error('no luck today')", /Error: no luck today/],
    ['another apiVersion', './p.ts', "export default { name: 'p', apiVersion: 2, create() {} }", /has apiVersion 2/],
    ['no default export', './p.ts', 'export const p = 1', /no default export/],
    ['no factory', './p.ts', 'export default 5', /no filter factory/],
    ['no create', './p.ts', "export default { name: 'p', apiVersion: 1 }", /no create\(\)/],
    ['a bad name', './p.ts', "export default { name: 'P P', apiVersion: 1 }", /kebab case/],
    ['a syntax error', './p.ts', 'export default {', /SyntaxError/],
    ['a syntax error', './p.js', '\nexport default ((', /SyntaxError/],
    ['TypeScript that is more than types', './p.ts', 'enum A { B }\nexport default A', /SyntaxError.*enum/],
    ['a missing file', './missing.ts', '', /not found/],
    ['a missing package', 'no-such-package', '', /not found/],
    [
      'a name that is taken',
      './p.ts',
      "export default { name: 'auth', apiVersion: 1, create() {} }",
      /plugins\[0\]: filter "auth"/,
    ],
  ]
  const url = 'http://127.0.0.1:1'
  const exits = cases.map(([, file, text]) => async (): Promise<Exit> => {
    const cwd = await folder(t, {
      'weir.yaml': yamlFor(url, `plugins:\n  - "${file}"\n`),
      ...(text === '' ? {} : { [file]: text }),
    })
    return weirCommand(t, { cwd, args: ['run'] })
  })
  for (const [i, start] of exits.entries()) {
    const [what, file, , why] = cases[i]!
    const { code, stderr } = await start()
    t.equal(code, 78, `${what}: exit code`)
    t.match(stderr, /^weir\.yaml:6:5 plugins\[0\]: /, `${what}: place`)
    t.match(stderr, why, `${what}: reason of ${file}`)
    t.notMatch(stderr, /\n {4}at /, `${what}: no stack`)
  }
})

t.test('TypeScript in node_modules gets a clear message', async (t) => {
  const cwd = await folder(t, {
    'node_modules/typed/package.json': '{"name":"typed","type":"module","exports":"./main.ts"}',
    'node_modules/typed/main.ts': EXAMPLE,
    'weir.yaml': yamlFor('http://127.0.0.1:1', 'plugins: [typed]\n'),
  })
  const { code, stderr } = await weirCommand(t, { cwd, args: ['validate'] })
  t.equal(code, 78)
  t.match(stderr, /weir\.yaml:5:11 plugins\[0\].*an npm package must ship JavaScript/)
})

const RECKLESS = `export default {
  name: 'reckless', apiVersion: 1,
  create: () => ({
    request(x) {
      const how = x.request.headers.get('x-how')
      if (how === 'reject') void Promise.reject(new Error('nobody waits'))
      if (how === 'timer') setTimeout(() => { throw new Error('nobody catches') }, 0)
    },
  }),
}
setInterval(() => {}, 1000)
`

t.test('what nothing handles is logged and counted, and the next request is answered', async (t) => {
  const yaml = yamlFor(await upstreamUrl(t), `plugins: [./p.js]\nfilters: [reckless, ${CHAIN.join(', ')}]\n`)
  const cwd = await folder(t, { 'weir.yaml': yaml, 'p.js': RECKLESS })
  const { weir, proxy, admin } = await startWeir(t, { cwd })
  const up = `${proxy}/orchestrator/v1/up/`
  for (const [how, message] of [
    ['reject', 'nobody waits'],
    ['timer', 'nobody catches'],
  ] as const) {
    t.equal((await send(up, { headers: { 'X-How': how } })).status, 200)
    const line = await weir.line(({ err }) => (err as { message?: string } | undefined)?.message === message)
    t.equal(line.level, 50)
    t.equal((await send(up)).body, 'from upstream')
  }
  const { body } = await send(`${admin}/metrics`)
  t.match(body, /^weir_unhandled_errors_total\{kind="rejection"\} 1$/m)
  t.match(body, /^weir_unhandled_errors_total\{kind="exception"\} 1$/m)
  t.equal((await weir.stop()).code, 0, "the plugin's timer does not keep the process")
})
