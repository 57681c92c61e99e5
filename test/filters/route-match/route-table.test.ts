import t from 'tap'
import { normalPath } from '../../../core/index.ts'
import { endpoint } from '../../../core/testing.ts'
import { RouteTable } from '../../../filters/route-match/route-table.ts'

/** `id rest`, of a path in any spelling. */
const finder = (table: RouteTable) => (path: string) => {
  const route = table.find(normalPath(path) as string, path)
  return route && `${route.endpoint.id} ${route.path}`
}
const encoded = (text: string): string =>
  text.replace(/[^/]/g, (char) => `%${char.charCodeAt(0).toString(16).padStart(2, '0')}`)

t.test('the longest pattern fully encoded, and what follows as it came', async (t) => {
  const table = new RouteTable('')
  table.addPattern('', endpoint('rest'), '/')
  table.addPattern('/shop', endpoint('shop'), '/shop')
  table.addPattern('/shop/admin/users', endpoint('users'), '/shop/admin/users')
  const to = finder(table)
  t.equal(to(encoded('/shop/admin/users')), 'users ')
  t.equal(to(`${encoded('/shop/admin/users')}/`), 'users /')
  t.equal(to(`${encoded('/shop/admin/users')}/%7e/%2F//x;y/`), 'users /%7e/%2F//x;y/')
  t.equal(to(encoded('/shop/admin/user')), 'shop /%61%64%6d%69%6e/%75%73%65%72')
  t.equal(to(encoded('/shop/admin/users2')), `shop ${encoded('/admin/users2')}`)
  t.equal(to(encoded('/other/users')), `rest ${encoded('/other/users')}`)
  t.equal(to(`/%73hop${'/%61'.repeat(500)}`), `shop ${'/%61'.repeat(500)}`)
})

t.test('names fully encoded', async (t) => {
  const table = new RouteTable('/api')
  table.addName('orders', 'v1', endpoint('v1/orders'), '/api/v1/orders')
  const to = finder(table)
  t.equal(to(`${encoded('/api/v1/orders')}/%41`), 'v1/orders /%41')
  t.equal(to(`${encoded('/api/orders')}/%41/`), 'v1/orders /%41/')
  t.equal(to(encoded('/api/v1/order')), undefined)
})

t.test('of versions that are all out of service, the highest', async (t) => {
  for (const order of [
    ['v1', 'v2', 'v10'],
    ['v10', 'v2', 'v1'],
  ]) {
    const table = new RouteTable('')
    for (const version of order)
      table.addName('a', version, endpoint(`${version}/a`, { status: 'disabled' }), `/${version}/a`)
    t.equal(finder(table)('/a'), 'v10/a ')
  }
})

t.test('what is taken', async (t) => {
  const table = new RouteTable('')
  const [a, b] = [endpoint('a'), endpoint('b')]
  t.equal(table.addPattern('/x', a, '/x'), undefined)
  t.equal(table.addPattern('/x', b, '/x'), a)
  t.equal(table.addName('n', undefined, a, '/n'), undefined)
  t.equal(table.addName('n', undefined, b, '/n'), a)
  t.equal(table.addName('n', 'v1', b, '/v1/n'), undefined)
  t.equal(table.addName('n', 'v1', a, '/v1/n'), b)
  t.equal(table.find('/n', '/n')?.endpoint, a)
})
