// What the pages say about the repository must be so: files that they name exist, and links lead somewhere.
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import t from 'tap'

const root = resolve(import.meta.dirname, '..')
const pages = [
  'README.md',
  'CONTRIBUTING.md',
  'CHANGELOG.md',
  ...readdirSync(join(root, 'docs'), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.md'))
    .map((name) => join('docs', name)),
]
const textOf = (page: string): string => readFileSync(join(root, page), 'utf8')

/** Files of this repository that a text names: `core/chain/chain-runner.ts`. */
const namedFiles = (text: string): string[] =>
  [...text.matchAll(/`((?:core|filters|plugins|config|test)\/[\w./-]+\.(?:ts|js|json))`/g)].map(([, file]) => file!)

/** Names that a reader gives to files of their own. */
const READERS_OWN = ['plugins/stamp.ts', 'filters/hello/filter.ts', 'test/filters/hello/filter.test.ts']

t.test('files that the pages name exist', async (t) => {
  const missing = pages.flatMap((page) =>
    namedFiles(textOf(page))
      .filter((file) => !READERS_OWN.includes(file) && !existsSync(join(root, file)))
      .map((file) => `${page}: ${file}`),
  )
  t.strictSame(missing, [])
})

t.test('links between the pages lead somewhere', async (t) => {
  const broken = pages.flatMap((page) =>
    [...textOf(page).matchAll(/\]\(([^)\s]+)\)/g)]
      .map(([, link]) => link!)
      .filter((link) => !/^(?:https?:|#|mailto:)/.test(link))
      .filter((link) => !existsSync(resolve(root, dirname(page), link.replace(/#.*$/, ''))))
      .map((link) => `${page}: ${link}`),
  )
  t.strictSame(broken, [])
})

t.test('metrics that the pages name are in the reference', async (t) => {
  const reference = textOf('docs/reference/metrics.md')
  const unknown = pages.flatMap((page) =>
    [...textOf(page).matchAll(/\b((?:weir|http_server|http_client)_[a-z_]*[a-z])(?![a-z_]*\*)/g)]
      .map(([, name]) => name!.replace(/_(?:count|sum|bucket)$/, ''))
      .filter((name) => !reference.includes(`\`${name}\``))
      .map((name) => `${page}: ${name}`),
  )
  t.strictSame(unknown, [])
})

t.test('the reference has every metric of the code, and no other', async (t) => {
  const sources = ['core', 'filters', 'plugins', 'config'].flatMap((room) =>
    readdirSync(join(root, room), { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.ts'))
      .map((name) => textOf(join(room, name))),
  )
  const made = new Set(
    sources.flatMap((text) =>
      [...text.matchAll(/'((?:weir|http_server|http_client)_[a-z_]+)'/g)].map(([, name]) => name!),
    ),
  )
  const rows = [...textOf('docs/reference/metrics.md').matchAll(/^\| (`[^|]+) \|/gm)].map(([, names]) => names!)
  const told = new Set(
    rows.flatMap((names) => [...names.matchAll(/`((?:weir|http)_[a-z_]+)`/g)].map(([, name]) => name!)),
  )
  t.strictSame(
    [...made].filter((name) => !told.has(name)),
    [],
    'metrics without a row',
  )
  t.strictSame(
    [...told].filter((name) => !made.has(name)),
    [],
    'rows without a metric',
  )
})

t.test('CONTRIBUTING says where things are', async (t) => {
  const [, table = ''] = /## Where is …\?\n([\s\S]*?)\n## /.exec(textOf('CONTRIBUTING.md')) ?? []
  const rows = table.split('\n').filter((line) => /^\| (?!you look for)\w|^\| [`"]/.test(line))
  t.ok(rows.length >= 20, `${rows.length} rows`)
  for (const row of rows) t.equal(namedFiles(row).length, 1, row)
})

t.test('the life of a request names the file of each phase and edge', async (t) => {
  const text = textOf('docs/life-of-a-request.md')
  for (const heading of ['The phases', 'The edges of failure']) {
    const [, section = ''] = new RegExp(`## ${heading}\n([\\s\\S]*?)\n## `).exec(text) ?? []
    const rows = section.split('\n').filter((line) => line.startsWith('| ') && !/^\| (?:#|what happens)/.test(line))
    t.ok(rows.length >= 8, `${heading}: ${rows.length} rows`)
    for (const row of rows) t.ok(namedFiles(row).length > 0, row.slice(0, 60))
  }
})
