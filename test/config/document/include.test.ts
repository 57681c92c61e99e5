// biome-ignore-all lint/suspicious/noTemplateCurlyInString: references look like this
import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import t, { type Test } from 'tap'
import { LocatedConfigError } from '../../../config/document/located-config-error.ts'
import { ConfigLoader, type LoadedConfig } from '../../../config/live/config-loader.ts'
import { FileConfigSource } from '../../../config/live/file-config-source.ts'
import { tempFile } from '../support.ts'

/** Loads files of a folder of their own; the first is the main one. Places are shown from that folder. */
async function load(
  t: Test,
  files: Readonly<Record<string, string>>,
  env: Readonly<Record<string, string>> = {},
  main = 'weir.yaml',
): Promise<{ config: LoadedConfig | undefined; problems: readonly string[]; loader: ConfigLoader; dir: string }> {
  const { dir, remove } = tempFile()
  t.teardown(remove)
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(dir, name)), { recursive: true })
    writeFileSync(join(dir, name), text)
  }
  const loader = new ConfigLoader(new FileConfigSource(join(dir, main)), env)
  try {
    return { config: await loader.load(), problems: [], loader, dir }
  } catch (error) {
    if (!(error instanceof LocatedConfigError)) throw error
    return { config: undefined, problems: error.message.replaceAll(`${dir}/`, '').split('\n'), loader, dir }
  }
}

const ids = (config: LoadedConfig | undefined): string[] | undefined =>
  config?.spec.endpoints.map(({ endpoint }) => endpoint.id)
const one = (name: string, more = ''): string => `endpoints:\n  - name: ${name}\n    url: http://${name}\n${more}`

t.test('lists are put together: the main file, then patterns as they are written, then names in order', async (t) => {
  const { config, loader, dir } = await load(t, {
    'weir.yaml': `include: [z.yaml, "conf.d/*.yaml", z.yaml]\n${one('main')}`,
    'conf.d/b.yaml': one('b'),
    'conf.d/a.yaml': one('a'),
    'conf.d/notes.txt': 'nothing: here',
    'z.yaml': one('z', 'log_level: warn\n'),
  })
  t.strictSame(ids(config), ['main', 'z', 'a', 'b'])
  t.equal(config?.settings.logLevel, 'warn')
  t.strictSame(
    loader.uses.names.map((name) => name.slice(dir.length + 1)),
    ['weir.yaml', 'z.yaml', 'conf.d/a.yaml', 'conf.d/b.yaml'],
  )
})

t.test('a problem stands at its place in the file that it is in', async (t) => {
  const { problems } = await load(t, {
    'weir.yaml': `include: conf.d/*.yaml\n${one('main')}`,
    'conf.d/a.yaml': '# about a\nendpoints:\n  - { name: a, url: "http://a" }\n  - { name: a2, url: 5 }\n',
    'conf.d/b.yaml': one('b', '    methods: 5\n  - name: a\n    url: http://a\n'),
    'conf.d/c.yaml': 'shutdown:\n  timeout: ${MISSING}\n',
    'conf.d/d.yaml': 'endpoints: [\n',
  })
  t.match(problems, [
    /^conf\.d\/a\.yaml:4:17 endpoints\[1\]\.url: .*found 5/,
    /^conf\.d\/b\.yaml:4:5 endpoints\[0\]\.methods: .*found 5/,
    /^conf\.d\/b\.yaml:5:5 endpoints\[1\]\.name: the endpoint "a" exists already: endpoints\[0\] \(.*a\.yaml line 3\)/,
    /^conf\.d\/c\.yaml:2:3 shutdown\.timeout: the environment variable MISSING is not set/,
    /^conf\.d\/d\.yaml:2:1 a \[ or \{ that was opened before is not closed/,
  ])
  t.equal(problems.length, 5)
})

t.test('a key that is no list stands in one file', async (t) => {
  const { problems } = await load(t, {
    'weir.yaml': `include: [a.yaml, b.yaml]\nlisten: 1\n${one('main')}`,
    'a.yaml': 'listen: 2\ndebug: true\n',
    'b.yaml': '# b\ndebug: true\nendpoints: off\n',
  })
  t.match(problems, [
    /^a\.yaml:1:1 listen: "listen" is in .*weir\.yaml too \(line 2\): keep one of them$/,
    /^b\.yaml:2:1 debug: "debug" is in .*a\.yaml too \(line 2\)/,
    /^b\.yaml:3:1 endpoints: /,
  ])
})

t.test('only the main file includes, and every file is included once', async (t) => {
  const nested = await load(t, { 'weir.yaml': 'include: a.yaml\n', 'a.yaml': 'include: b.yaml\n', 'b.yaml': one('b') })
  t.match(nested.problems, [/^a\.yaml:1:1 include: only the main file can include others$/])
  const itself = await load(t, { 'weir.yaml': `include: ["*.yaml", ./a.yaml]\n${one('main')}`, 'a.yaml': one('a') })
  t.strictSame(ids(itself.config), ['main', 'a'])
  const roundabout = await load(
    t,
    { 'weir.yaml': `include: "*.yaml"\n${one('main')}`, 'sub/x': '' },
    {},
    'sub/../weir.yaml',
  )
  t.strictSame(ids(roundabout.config), ['main'])
})

t.test('files with nothing in them, and patterns without a match, are fine', async (t) => {
  const { config, loader } = await load(t, {
    'weir.yaml': `include: [none/*.yaml, comment.yaml, empty.yaml, no-list.yaml]\n${one('main')}`,
    'comment.yaml': '# later\n',
    'empty.yaml': '\n',
    'no-list.yaml': 'endpoints:\n',
  })
  t.strictSame(ids(config), ['main'])
  t.strictSame(loader.uses.patterns, ['none/*.yaml', 'comment.yaml', 'empty.yaml', 'no-list.yaml'])
})

t.test('a file that is named must be there, and be one', async (t) => {
  const { problems, loader } = await load(t, {
    'weir.yaml': `include: [none.yaml, sub, "sub/*"]\n${one('main')}`,
    'sub/a/b.yaml': '',
  })
  t.match(problems, [
    /^none\.yaml: there is no such file/,
    /^sub: this is a folder, not a file$/,
    /^sub\/a: this is a folder, not a file$/,
  ])
  t.equal(loader.uses.names.length, 4, 'and is looked for again when something changes')
})

t.test('what is no list of files, or no mapping in one, is refused', async (t) => {
  const { problems } = await load(
    t,
    {
      'weir.yaml': 'include: [5, "", { a: b }, text.yaml, secret.yaml, list.yaml]\n',
      'text.yaml': 'just words\n',
      'secret.yaml': '${SECRET}\n',
      'list.yaml': '[1]\n',
    },
    { SECRET: 'hunter2' },
  )
  t.match(problems.join('\n'), /include\[0\]: expected a file or a pattern such as conf\.d\/\*\.yaml, found 5/)
  t.match(problems.join('\n'), /include\[2\]: .* found a mapping/)
  t.match(problems.join('\n'), /^text\.yaml: expected a mapping.*found a text$/m)
  t.match(problems.join('\n'), /^list\.yaml: expected a mapping.*found a list$/m)
  t.match(problems.join('\n'), /^secret\.yaml: expected a mapping.*found a text$/m)
  t.notMatch(problems.join('\n'), /hunter2/)
})

t.test('names that no system has are a problem like others', async (t) => {
  const { problems } = await load(t, { 'weir.yaml': `include: ["a\\0b", "a\\0*", "${'x'.repeat(5000)}*/y"]\n` })
  t.match(problems[0], /can't be read/)
})

t.test('a thousand files are enough', async (t) => {
  const files = Object.fromEntries(Array.from({ length: 1000 }, (_, i) => [`c/${i}.yaml`, '# nothing\n']))
  const fits = await load(t, { 'weir.yaml': `include: c/*.yaml\n${one('a')}`, ...files, 'c/999.yaml': 'debug: true\n' })
  t.match(fits.problems, [/^weir\.yaml:1:1 include: more than 1000 files: include fewer$/])
  delete files['c/999.yaml']
  t.strictSame(ids((await load(t, { 'weir.yaml': `include: c/*.yaml\n${one('a')}`, ...files })).config), ['a'])
})

t.test('an included file without anything in it adds nothing', async (t) => {
  const main = `include: "conf.d/*.yaml"\n${one('main')}`
  for (const empty of ['', '\n', '# nothing yet\n', '---\n']) {
    const { config, problems } = await load(t, { 'weir.yaml': main, 'conf.d/a.yaml': empty, 'conf.d/b.yaml': one('b') })
    t.strictSame(problems, [], JSON.stringify(empty))
    t.strictSame(ids(config), ['main', 'b'])
  }
  const { problems } = await load(t, { 'weir.yaml': '' })
  t.strictSame(problems, ['weir.yaml: the file is empty'], 'the main file must hold something')
})

t.test('each file has anchors of its own below x- keys, and groups count in all files', async (t) => {
  const { config, problems } = await load(t, {
    'weir.yaml': `include: more.yaml\nx-a: &a { timeout: 5m }\n${one('main', '    filters: { proxy: *a }\n')}`,
    'more.yaml': `x-a: &a { timeout: 6m }\ngroups: { slow: { proxy: *a } }\n${one('more', '    use: [slow]\n')}`,
  })
  t.same(problems, [])
  t.match(
    config?.spec.endpoints.map(({ filters }) => filters),
    [{ proxy: { options: { timeout: '5m' } } }, { proxy: { options: { timeout: '6m' } } }],
  )
})

t.test('a group is named with its file', async (t) => {
  const { problems } = await load(t, {
    'weir.yaml': `include: more.yaml\n${one('main')}`,
    'more.yaml': 'groups: { slow: { prxy: off } }\n',
  })
  t.match(problems, [/^more\.yaml:1:19 groups\.slow\.prxy: .*Did you mean "proxy"/])
})
