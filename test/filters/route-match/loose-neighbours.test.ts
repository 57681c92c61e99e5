import t from 'tap'
import { endpoint, matchOf, targetOf } from '../../../core/testing.ts'
import { looseNeighbours } from '../../../filters/route-match/loose-neighbours.ts'

const at = (id: string, path: string | { exact: string } | { regex: string }, rest: object = {}, host?: string) =>
  endpoint(id, { targets: [targetOf('http://up.test/base')], match: [matchOf(path, { host })], ...rest })
const strict = { requires: ['authentication'] }

t.test('open endpoints around closed ones at one upstream', async (t) => {
  const pairs = (...all: ReturnType<typeof endpoint>[]): string[] =>
    looseNeighbours(all).map(({ loose, strict, origin }) => `${loose.id} ${strict.id} ${origin}`)
  const all = at('all', '/')
  t.same(pairs(all, at('admin', '/admin', strict)), ['all admin http://up.test'])
  t.same(pairs(all, at('admin', { exact: '/admin' }, strict)), ['all admin http://up.test'])
  t.same(pairs(all, at('admin', { regex: '/adm.*' }, strict)), ['all admin http://up.test'])
  t.same(pairs(at('a', '/a'), at('ab', '/a/b', strict)), ['a ab http://up.test'])
  t.same(pairs(at('a', '/a'), at('ab', '/ab', strict)), [], 'whole segments')
  t.same(pairs(all, at('h', '/h', strict, 'h.test')), ['all h http://up.test'])
  t.same(pairs(at('h', '/', {}, 'h.test'), at('admin', '/admin', strict)), [], 'on another host')
  t.same(pairs(all, at('other', '/o', { ...strict, targets: [targetOf('http://else.test')] })), [])
  t.same(pairs(at('all', '/', strict), at('admin', '/admin', strict), at('open', '/open')), [])
  const many = Array.from({ length: 5000 }, (_, i) => at(`s${i}`, `/s${i}`, strict))
  t.equal(looseNeighbours([all, ...many]).length, 10)
})
