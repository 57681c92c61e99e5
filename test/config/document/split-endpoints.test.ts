import { deepStrictEqual } from 'node:assert/strict'
import fc from 'fast-check'
import t from 'tap'
import { ConfigDocument } from '../../../config/document/config-document.ts'
import { ConfigFile, parseFile, parsePiece } from '../../../config/document/config-file.ts'
import { Problems } from '../../../config/document/problems.ts'
import { splitEndpoints } from '../../../config/document/split-endpoints.ts'
import { toPlain } from '../../../config/document/to-plain.ts'
import { runAtOnce } from '../../../core/base/time-slice.ts'
import type { Path } from '../../../core/control/config-error.ts'

/** The data of a file, with the place of everything in it. */
function read(file: ConfigFile): { data: unknown; places: unknown[] } {
  const problems = new Problems(new ConfigDocument(file))
  const references = { env: {}, readFile: () => '' }
  const data = runAtOnce(toPlain(file, problems, { references, keepText: () => false }))
  const places: unknown[] = []
  const walk = (value: unknown, path: Path): void => {
    places.push([path, file.locate(path)])
    if (typeof value !== 'object' || value === null) return
    for (const [key, below] of Object.entries(value)) walk(below, [...path, Array.isArray(value) ? Number(key) : key])
  }
  walk(data, [])
  return { data, places: [...places, ...problems.errors] }
}

/** The same text as one piece. */
function whole(text: string): ConfigFile {
  return new ConfigFile('weir.yaml', text, { ...parsePiece(text), gap: { after: 0, lines: 0 } })
}

/** Whether the file was read piece by piece; throws if that made a difference. */
function same(text: string): boolean {
  const { file, problems } = runAtOnce(parseFile(text, 'weir.yaml'))
  if (file.items === undefined) return false
  const one = whole(text)
  deepStrictEqual([problems, one.head!.yaml.errors], [[], []])
  deepStrictEqual(read(file), read(one))
  return true
}

const VALUES = [
  ' a',
  ' "b # no comment"',
  ' 5 # a comment',
  ' |\n%    - not an item\n%\n%    x: 1',
  ' >-\n%  folded\n%  text',
  ' { x: 1,\n%  y: [1, 2] }',
  ' [a,\n%   b,\n%  c]',
  ' "two\n%   lines"',
  '\n%  - one\n%  - two',
  '\n%- one',
  '\n%  x: 1\n%  endpoints:\n%    - z',
]
const NOISE = ['', '', '', '\n', '# at the start\n', '    # further in\n', '\t\n', '   \t \n']

const item = fc.record({
  keys: fc.uniqueArray(fc.tuple(fc.constantFrom('name', 'url', 'x', 'filters'), fc.constantFrom(...VALUES)), {
    minLength: 1,
    maxLength: 4,
    selector: ([key]) => key,
  }),
  gap: fc.integer({ min: 1, max: 3 }),
  noise: fc.constantFrom(...NOISE),
})
const document = fc
  .record({
    before: fc.constantFrom('', 'listen: 1\n', '---\n# weir\nplugins: [a]\n', 'note: |\n  endpoints:\n    - x\n'),
    key: fc.constantFrom('endpoints:\n', 'endpoints: # all of them\n', 'endpoints:   \n\n  # first\n'),
    indent: fc.integer({ min: 0, max: 4 }),
    items: fc.array(item, { minLength: 1, maxLength: 5 }),
    after: fc.constantFrom('', 'admin: off\n', '# the end', '...\n', 'filters:\n  - a\n'),
    crlf: fc.boolean(),
    end: fc.boolean(),
  })
  .map(({ before, key, indent, items, after, crlf, end }) => {
    const list = items.map(({ keys, gap, noise }) => {
      const margin = ' '.repeat(indent + 1 + gap)
      const lines = keys.map(([name, value]) => `${name}:${value.replaceAll('%', margin)}\n`)
      return `${' '.repeat(indent)}-${' '.repeat(gap)}${lines.join(margin)}${noise}`
    })
    const text = before + key + list.join('') + after
    const ended = end ? text : text.replace(/\n$/, '')
    return crlf ? ended.replaceAll('\n', '\r\n') : ended
  })

t.test('a file read in pieces has the data and the places of the whole', async (t) => {
  let pieces = 0
  fc.assert(
    fc.property(document, (text) => {
      pieces += Number(same(text))
    }),
    { numRuns: 250 },
  )
  t.ok(pieces > 100, `${pieces} of 250 were read in pieces`)
})

t.test('whatever is done to its text', async (t) => {
  const put = fc.constantFrom(
    '\t',
    '\n',
    '- ',
    '  ',
    '"',
    '{',
    '&a ',
    '*a',
    '# ',
    'endpoints:\n',
    '---\n',
    '...\n',
    ': ',
  )
  const edits = fc.array(fc.tuple(fc.double({ min: 0, max: 1, noNaN: true }), fc.nat(6), put), {
    minLength: 1,
    maxLength: 4,
  })
  let pieces = 0
  fc.assert(
    fc.property(document, edits, (text, changes) => {
      for (const [where, cut, what] of changes) {
        const at = Math.floor(where * text.length)
        text = text.slice(0, at) + what + text.slice(at + cut)
      }
      pieces += Number(same(text))
    }),
    { numRuns: 1000 },
  )
  t.ok(pieces > 50, `${pieces} of 1000 were read in pieces`)
})

t.test('a line of nothing but a tab ends no list', async (t) => {
  const text = 'endpoints:\n  - name: a\n\t\n  - name: b\nadmin: off\n'
  t.equal(splitEndpoints(text)?.items.length, 2)
  t.ok(same(text))
})

t.test('what is not a plain block list is left whole', async (t) => {
  for (const text of [
    'listen: 1\n',
    'endpoints:',
    'endpoints: [a]\n',
    'endpoints:\n  x: 1\n',
    'endpoints:\n',
    'endpoints:\n    - a\n  - b\n',
    '  endpoints:\n  - a\n',
    'endpoints:\n- a\n: b\n',
  ])
    t.equal(splitEndpoints(text), undefined, JSON.stringify(text))
})

t.test('anchors and aliases are looked for in the whole file', async (t) => {
  for (const text of [
    'x: &a 1\nendpoints:\n  - { y: *a }\n',
    'endpoints:\n  - { y: &a 1 }\nx: *a\n',
    'endpoints:\n  - &a { y: 1 }\n  - *a\n',
  ])
    t.equal(runAtOnce(parseFile(text, 'weir.yaml')).file.items, undefined)
  t.ok(same('endpoints:\n  - { y: "a & b * c" }\n'), 'the letters alone are neither')
})
