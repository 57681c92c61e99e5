import t from 'tap'
import { type Endpoint, type Route, RouteTable } from '../../../core/index.ts'
import { endpoint, matchOf } from '../../../core/testing.ts'
import { requestOf } from './support.ts'

type Rest = Parameters<typeof endpoint>[1]
function routeOf(rest: Rest, target: string): Pick<Route, 'path' | 'params' | 'template'> | string {
  const found = new RouteTable([endpoint('e', rest) as Endpoint], '/api').find(requestOf(target))
  return 'endpoint' in found ? { path: found.path, params: found.params!, template: found.template } : found.reason
}
const at = (path: Parameters<typeof matchOf>[0], rest: Rest = {}): Rest => ({ match: [matchOf(path)], ...rest })

t.test('the path as it came, or without the prefix', async (t) => {
  const strips = { stripPrefix: true }
  const table: readonly (readonly [Rest, string, string])[] = [
    [at('/shop'), '/sh%6fp/%61?q', '/sh%6fp/%61'],
    [at('/shop', strips), '/sh%6fp/%61?q', '/%61'],
    [at('/shop', strips), '/shop', ''],
    [at('/shop', strips), '/shop/', '/'],
    [at('/shop', strips), '/shop/%7e//%2F;x/', '/%7e//%2F;x/'],
    [at('/', strips), '/%61', '/%61'],
    [at('/{a}/b', strips), '/%c3%a9/%62/c', '/c'],
    [at({ exact: '/shop' }, strips), '/shop', ''],
    [at('/\u00e9', strips), '/\xc3\xa9/\xc3\xa9', '/\xc3\xa9'],
    [{}, '/%61pi/%65/x', '/x'],
  ]
  for (const [rest, target, path] of table) t.match(routeOf(rest, target), { path }, target)
})

t.test('parameters, byte for byte', async (t) => {
  t.match(routeOf(at('/u/{id}/o/{o}'), '/u/%c3%A9/o/a%2fb/x'), {
    params: { id: '%c3%A9', o: 'a%2fb' },
    template: '/u/{id}/o/{o}',
  })
  t.match(routeOf(at('/{id}'), '/\xc3\xa9'), { params: { id: '\xc3\xa9' } })
  t.match(routeOf(at('/{__proto__}/{constructor}'), '/a/b'), { params: { constructor: 'b' } })
  t.same((routeOf(at('/u'), '/u') as Route).params, {})
  const tail = at({ regex: '/v(?P<n>[0-9]+)/x(?P<tail>/.*)?' })
  t.match(routeOf(tail, '/v12/%78/%7e'), { params: { n: '12', tail: '/%7e' } })
  t.match(routeOf(tail, '/v1/x'), { params: { n: '1', tail: '' } })
})

t.test('rewrite', async (t) => {
  const table: readonly (readonly [Parameters<typeof matchOf>[0], string, string, string])[] = [
    ['/users/{id}/orders', '/api/{id}{rest}', '/users/7/orders/1', '/api/7/1'],
    ['/users/{id}/orders', '/api/{id}{rest}', '/users/%61/%6frders', '/api/%61'],
    ['/a', '/b{rest}', '/a/%2f;x//', '/b/%2f;x//'],
    ['/a', '{rest}', '/a', ''],
    ['/', '/b{rest}', '/x', '/b/x'],
    ['/a', '/fixed', '/a/x', '/fixed'],
    [{ exact: '/{a}/{b}' }, '/{b}/{a}', '/1/2', '/2/1'],
    [{ regex: '/v[0-9]+/old(?P<tail>/.*)?' }, '/new{tail}', '/v2/old/x/y', '/new/x/y'],
    [{ regex: '/v[0-9]+/old(?P<tail>/.*)?' }, '/new{tail}', '/v2/old', '/new'],
    [{ regex: '/x/(?P<rest>.*)' }, '/y/{rest}', '/x/%41', '/y/%41'],
  ]
  for (const [path, rewrite, target, expected] of table)
    t.match(routeOf(at(path, { rewrite }), target), { path: expected }, `${target} ${rewrite}`)
})

t.test('a rewrite that makes another kind of path is refused', async (t) => {
  const dots = at({ regex: '/(?P<a>[.]?)x(?P<b>[.]?)' }, { rewrite: '/{a}{b}/s' })
  t.match(routeOf(dots, '/x'), { path: '//s' })
  t.equal(routeOf(dots, '/.x.'), 'path_traversal')
  t.equal(routeOf(dots, '/.x'), 'path_traversal')
})
