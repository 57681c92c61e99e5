import t from 'tap'
import { operation } from '../../../../plugins/admin/api/api-operation.ts'
import { PathTable, registryPath } from '../../../../plugins/admin/api/path-table.ts'

const of = (method: 'GET' | 'PUT', path: string) =>
  operation({
    id: `${method} ${path}`,
    method,
    path,
    tag: 'meta',
    role: 'open',
    summary: '',
    responses: {},
    handle: () => ({ status: 204 }),
  })

const table = new PathTable([
  of('GET', '/'),
  of('GET', '/e/{id}'),
  of('PUT', '/e/{id}'),
  of('PUT', '/e/{id}/status'),
  of('GET', '/e/all'),
  of('GET', '/x/{key}'),
])
const found = (path: string) => {
  const match = table.find(path)
  return typeof match === 'string'
    ? match
    : [[...match.operations.values()].map(({ id }) => id).join(), match.id, match.params.key]
}

t.test('ids, and what stands behind them', async (t) => {
  t.same(found('/'), ['GET /', '', undefined])
  t.same(found('/e/all'), ['GET /e/all', '', undefined])
  t.same(found('/e/a'), ['GET /e/{id},PUT /e/{id}', 'a', undefined])
  t.same(found('/e/v1/a'), ['GET /e/{id},PUT /e/{id}', 'v1/a', undefined])
  t.same(found('/e/v1/all'), ['GET /e/{id},PUT /e/{id}', 'v1/all', undefined])
  t.same(found('/e/v1/status'), ['PUT /e/{id}/status', 'v1', undefined])
  t.same(found('/e/v1/%73tatus'), ['GET /e/{id},PUT /e/{id}', 'v1/status', undefined])
  t.same(found('/e/v1/status/status'), ['PUT /e/{id}/status', 'v1/status', undefined])
  t.same(found('/e/status'), ['GET /e/{id},PUT /e/{id}', 'status', undefined])
  t.same(found('/x/a%2Fb%25'), ['GET /x/{key}', '', 'a/b%'])
})

t.test('what leads nowhere', async (t) => {
  for (const path of ['', '/e', '/e/', '/e//', '/e/v1/', '/e//a', '/e/a/b/c', '/E/a', '//e/a', '/e/a/'])
    t.equal(found(path), 'unknown', path)
  for (const path of ['/e/v1%2Fa', '/e/%2E%2E%2Fa', '/e/a%20', '/e/%25', '/e/é', '/e/a%00'])
    t.equal(found(path), 'no_such_id', path)
  for (const path of ['/e/%', '/e/%2', '/x/%C3%28', '/e/v1/%zz']) t.equal(found(path), 'malformed', path)
})

t.test('the path of an id leads back to it', async (t) => {
  for (const id of ['a', 'v1/a', 'status', 'v1/status', 'status/status']) {
    const path = registryPath(id).replace('/registry/endpoints', '/e')
    t.same(found(path), ['GET /e/{id},PUT /e/{id}', id, undefined], path)
  }
})

t.test('an operation that is there twice', async (t) => {
  t.throws(() => new PathTable([of('GET', '/a'), of('GET', '/a')]), /GET \/a is there twice/)
})
