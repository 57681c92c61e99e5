import t from 'tap'
import { HeaderList } from '../../../core/index.ts'
import { endpoint, matchOf } from '../../../core/testing.ts'
import { explainRoute } from '../../../filters/route-match/route-explanation.ts'

const at = (id: string, paths: string[], hosts: (string | undefined)[] = [undefined]) =>
  endpoint(id, { match: hosts.flatMap((host) => paths.map((path) => matchOf(path, { host }))) })
const explained = (url: string, ...endpoints: ReturnType<typeof endpoint>[]): string[] => {
  const { host, pathname, search } = new URL(url, 'http://gateway.test')
  const request = { host, method: 'GET', path: pathname, query: search, headers: HeaderList.of({ 'x-a': '1' }) }
  return [...explainRoute(request, '/api', endpoints)]
}

t.test('the endpoint that is reached, and how many are not', async (t) => {
  const [a, b, c] = [at('a', ['/a']), at('b', ['/b']), at('c', ['/c'])]
  t.same(explained('/a/x', a), ['a: chosen, /a leads to it'])
  t.same(explained('/a/x', b, a), ['a: chosen, /a leads to it', '1 other does not match'])
  t.same(explained('/a/x', b, a, c), ['a: chosen, /a leads to it', '2 others do not match'])
  const off = endpoint('off', { status: 'disabled' })
  t.same(explained('/api/off', off), ['off: chosen, /api/off leads to it; it is disabled'])
})

t.test('none is reached', async (t) => {
  t.same(explained('/zzzzzzzz', endpoint('orders')), ['no endpoint matches'])
  t.same(explained('/api/ordres', endpoint('orders'), endpoint('shop')), ['no endpoint matches', 'near: orders'])
})

t.test('an ambiguous path, and one that is too long for expressions', async (t) => {
  const [all, admin] = [at('all', ['/']), at('admin', ['/admin'])]
  t.same(explained('/admin%2Fx', all, admin).slice(1, 3), [
    'as it is written it leads to all',
    'read as /admin/x it leads to admin',
  ])
  t.equal(explained('/admin//x', admin)[2], undefined)
  t.same(explained('/x;/admin', at('b', ['/x;/admin']))[2], 'read as /x/admin it leads to no endpoint')
  const regex = endpoint('regex', { match: [matchOf({ regex: '/a+' })] })
  t.match(explained(`/${'a'.repeat(600)}`, regex), [/An expression decides .* path of more than 512 characters/])
})

t.test('a path that leads to an endpoint on other hosts alone', async (t) => {
  const inner = at('inner', ['/in'], ['a.test', '*.b.test'])
  t.same(explained('/in/x', inner), ['no endpoint matches', 'inner: matches, but only on a.test, *.b.test'])
  const two = at('two', ['/one', '/in'], ['a.test'])
  t.same(explained('/in', two), ['no endpoint matches', 'two: matches, but only on a.test'])
  t.same(explained('/out', inner), ['no endpoint matches'])
  t.same(explained('/in', at('every-path', ['/'], ['a.test'])), ['no endpoint matches'])
})

t.test('why another one is reached', async (t) => {
  const all = at('all', ['/a'])
  const wild = at('wild', ['/a'], ['*.test'])
  const longer = at('longer', ['/a'], ['other.example', '*.b.test'])
  const exact = at('exact', ['/a'], ['x.b.test', 'y.b.test'])
  t.same(explained('http://y.b.test/a', all, wild, longer, exact), [
    'exact: chosen, y.b.test/a leads to it',
    'longer: matches too, but exact names the host more exactly',
    'wild: matches too, but exact names the host more exactly',
    'all: matches too, but exact names the host more exactly',
  ])
  t.same(explained('http://z.b.test/a', all, wild, longer, exact), [
    'longer: chosen, *.b.test/a leads to it',
    'wild: matches too, but longer names the host more exactly',
    'all: matches too, but longer names the host more exactly',
    'exact: matches, but only on x.b.test, y.b.test',
  ])
  t.same(explained('http://z.test/a', all, wild)[1], 'all: matches too, but wild names the host more exactly')
  // The host decides before the path.
  const deep = at('deep', ['/a/b'])
  t.same(explained('http://z.test/a/b', deep, wild)[1], 'deep: matches too, but wild names the host more exactly')
  t.same(explained('/a/b/c', all, deep), ['deep: chosen, /a/b leads to it', 'all: matches too, but /a/b comes first'])
  t.same(explained('/api/one/x', endpoint('v1/one'), endpoint('v2/one')), [
    'v2/one: chosen, /api/v2/one leads to it',
    '1 other does not match',
  ])
})

t.test('conditions', async (t) => {
  const value = { any: ['1'] }
  const post = endpoint('post', { match: [matchOf('/a', { methods: ['POST'] })] })
  const beta = endpoint('beta', { match: [matchOf('/a', { headers: [{ name: 'x-b', value }] })] })
  const alpha = endpoint('alpha', { match: [matchOf('/a', { headers: [{ name: 'x-a', value }] })] })
  t.same(explained('/a', at('all', ['/a']), post, beta, alpha), [
    'alpha: chosen, /a leads to it',
    'post: /a matches, but not with GET',
    'beta: /a matches, but its condition on header "x-b" is not met',
    'all: matches too, but alpha has more conditions',
  ])
  t.same(explained('/a', post), ['Allowed methods: POST.', 'post: /a matches, but not with GET'])
  const query = (id: string, name: string) => endpoint(id, { match: [matchOf('/q', { query: [{ name, value }] })] })
  t.same(explained('/q?x=1&y=1', query('x', 'x'), query('y', 'y')), [
    'x: chosen, /q leads to it',
    'y: matches too, but x comes first in the configuration',
  ])
})

t.test('ten are named, the rest is counted', async (t) => {
  const versions = (n: number) =>
    Array.from({ length: n }, (_, i) => at(`many${i}`, [`/${Array.from({ length: i + 1 }, () => 'a').join('/')}`]))
  const last = (n: number): unknown => {
    const lines = explained('/a/a/a/a/a/a/a/a/a/a/a/a/a/a', ...versions(n), endpoint('other'))
    return [lines.length, lines.at(-1)]
  }
  t.same(last(11), [12, '1 other does not match'])
  t.same(last(12), [12, 'and 1 more that matches'])
  t.same(last(13), [12, 'and 2 more that match'])
})
