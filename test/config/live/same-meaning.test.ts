import t from 'tap'
import { haveSameMeaning } from '../../../config/live/same-meaning.ts'
import { parse } from '../support.ts'

const TEXT = `listen: 8000
endpoints:
  - { name: a, url: http://a.test }
  - { name: b, url: http://b.test }
`

t.test('what is written otherwise means the same', async (t) => {
  for (const text of [
    TEXT,
    `# with a comment\n${TEXT}`,
    TEXT.replace('{ name: a, url: http://a.test }', '"name": a\n    url: "http://a.test"'),
  ])
    t.ok(await haveSameMeaning(parse(TEXT), parse(text)), text)
})

t.test('what another request would meet does not', async (t) => {
  for (const [from, to] of [
    ['8000', '8005'],
    ['http://b.test', 'http://c.test'],
    ['name: a,', 'name: c,'],
    ['  - { name: b, url: http://b.test }\n', ''],
    ['listen: 8000', 'listen: 8000\ndebug: true'],
    ['listen: 8000', 'listen: 8000\nfilters: [route-match, proxy]'],
  ] as const) {
    const other = parse(TEXT.replace(from, to))
    t.notOk(await haveSameMeaning(parse(TEXT), other), to)
    t.notOk(await haveSameMeaning(other, parse(TEXT)), to)
  }
})
