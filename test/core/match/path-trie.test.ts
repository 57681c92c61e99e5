import t from 'tap'
import { parseTemplate, type Segment } from '../../../core/match/path-template.ts'
import { PathTrie } from '../../../core/match/path-trie.ts'

/** `=/a` is the whole path, `i:/a` ignores case, `/a` is a prefix. */
function trieOf(...patterns: string[]): PathTrie<string> {
  const trie = new PathTrie<string>()
  for (const pattern of patterns) {
    const path = pattern.slice(pattern.indexOf('/'))
    const whole = pattern.includes('=')
    const segments = parseTemplate(path, whole) as readonly Segment[]
    trie.add(segments, whole ? 'exact' : 'prefix', pattern, pattern.startsWith('i:'), () => 0)
  }
  trie.complete()
  return trie
}

/** All that match, as `pattern end captures`. */
function allOf(trie: PathTrie<string>, path: string): string[] {
  const all: string[] = []
  trie.find(path, (found, end, captures) => {
    all.push([found, end, ...captures].join(' '))
    return false
  })
  return all
}

t.test('literal in whatever case, then parameter, then end of prefix, segment by segment', async (t) => {
  const trie = trieOf('/', '/{p}', '/a', '/{p}/b', '/a/{q}', '/a/b', 'i:/A', 'i:/a/B', '=/a/{q}')
  t.same(allOf(trie, '/a/b'), [
    '/a/b 4',
    // /a hides no longer path of any case.
    'i:/a/B 4',
    '=/a/{q} 4 3 4',
    '/a/{q} 4 3 4',
    '/a 2',
    'i:/A 2',
    '/{p}/b 4 1 2',
    '/{p} 2 1 2',
    '/ 0',
  ])
  t.same(allOf(trie, '/A/x'), ['i:/A 2', '/{p} 2 1 2', '/ 0'])
  t.same(allOf(trie, '/x/b/c'), ['/{p}/b 4 1 2', '/{p} 2 1 2', '/ 0'])
  t.same(allOf(trie, '/'), ['/ 0'])
})

t.test('slashes at the end, empty segments, the root', async (t) => {
  const trie = trieOf('=/', '=/a', '=/a/', '/a', '/{p}/{q}')
  t.same(allOf(trie, '/'), ['=/ 1'])
  t.same(allOf(trie, '/a'), ['=/a 2', '/a 2'])
  t.same(allOf(trie, '/a/'), ['=/a/ 3', '/a 2'])
  t.same(allOf(trie, '/a//'), ['/a 2'])
  t.same(allOf(trie, '//a'), [], 'no parameter is empty')
  t.same(allOf(trie, '/ab'), [])
  t.same(allOf(trie, ''), [])
  t.same(allOf(trie, '*'), [])
})

t.test('a visit that is content ends it', async (t) => {
  const trie = trieOf('/a', '/a/b')
  const seen: string[] = []
  t.equal(
    trie.find('/a/b/c', (found) => seen.push(found) > 0),
    true,
  )
  t.same(seen, ['/a/b'])
  t.equal(
    trie.find('/a', () => false),
    false,
  )
})

t.test('many children, and a node that first had one', async (t) => {
  const trie = trieOf(...Array.from({ length: 200 }, (_, i) => `/s${i}/x`), '/s0')
  for (const i of [0, 1, 57, 199]) t.equal(allOf(trie, `/s${i}/x`)[0]?.split(' ')[0], `/s${i}/x`)
  t.same(allOf(trie, '/s200/x'), [])
  t.same(allOf(trie, '/constructor/x'), [])
})

t.test('paths for which a lookup would take too long', async (t) => {
  const forks = (levels: number): string[] =>
    Array.from(
      { length: 2 ** levels },
      (_, n) => `/${Array.from({ length: levels }, (_, k) => ((n >> k) & 1 ? 'a' : `{p${k}}`)).join('/')}`,
    )
  t.equal(trieOf(...forks(8)).backtracks, false)
  t.equal(trieOf(...forks(9)).backtracks, true, '2^10 - 1 places')
  t.equal(trieOf('/a/{b}/c', ...Array.from({ length: 5000 }, (_, i) => `/s${i}/{id}`)).backtracks, false)
  let tried = 0
  trieOf(...forks(8)).find('/a/a/a/a/a/a/a/a', () => {
    tried++
    return false
  })
  t.equal(tried, 256)
})
