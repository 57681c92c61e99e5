import t from 'tap'
import { type PieceCache, parseFile } from '../../../config/document/config-file.ts'
import { runAtOnce } from '../../../core/base/time-slice.ts'

const TEXT = `# on top
listen: 1
endpoints:
  - name: a
    url: http://a
  # between
  - name: "b"
    filters: { x: [1, 2] }

debug: true
`

const parse = (text: string, cache?: PieceCache) => runAtOnce(parseFile(text, 'weir.yaml', cache)).file

t.test('places are those of the file, before, in and behind the list', async (t) => {
  const file = parse(TEXT)
  t.equal(file.items?.length, 2)
  t.strictSame(file.locate(['listen']), { line: 2, col: 1 })
  t.strictSame(file.locate(['endpoints']), { line: 3, col: 1 })
  t.strictSame(file.locate(['endpoints', 0]), { line: 4, col: 5 })
  t.strictSame(file.locate(['endpoints', 1]), { line: 7, col: 5 })
  t.strictSame(file.locate(['endpoints', 1, 'filters', 'x', 1]), { line: 8, col: 23 })
  t.strictSame(file.locate(['endpoints', 1, 'nothing', 'there']), { line: 7, col: 5 })
  t.strictSame(file.locate(['debug']), { line: 10, col: 1 })
  t.equal(file.scalar(['endpoints', 1, 'name']), 'b')
  t.equal(file.scalar(['endpoints', 1, 'none']), undefined)
})

t.test('what did not change is not parsed again', async (t) => {
  const before = parse(TEXT)
  const cache: PieceCache = new Map(before.items!.map((piece) => [piece.text, piece]))
  const after = parse(TEXT.replace('# on top', '# on top\n# and more').replace('http://a', 'http://c'), cache)
  t.not(after.items![0]!.yaml, before.items![0]!.yaml)
  t.equal(after.items![1]!.yaml, before.items![1]!.yaml)
  t.strictSame(after.locate(['endpoints', 1, 'name']), { line: 8, col: 5 }, 'and it stands elsewhere now')
  t.strictSame(before.locate(['endpoints', 1, 'name']), { line: 7, col: 5 })
})

t.test('an endpoint that can not be read by itself has the places of the whole file', async (t) => {
  for (const broken of ['  - name: [\n', '  - { name: *a }\n', '  - name: x\n   url: y\n']) {
    const { file, problems } = runAtOnce(parseFile(TEXT.replace('  # between\n', broken), 'weir.yaml'))
    t.equal(file.items, undefined)
    t.equal(problems.length > 0, !broken.includes('*'))
    t.strictSame(file.locate(['listen']), { line: 2, col: 1 })
  }
})
