// A router of a plugin's own, beside route-match.
import t from 'tap'
import { defineFilter, RouteSlot, RoutesKey, reply } from '../../../core/index.ts'
import { startGateway } from '../../../core/testing.ts'
import { send } from '../../support/client.ts'
import { startUpstream } from '../../support/upstream.ts'

/** Requests with a tenant go to its endpoint, those with `X-As` where that host would lead. */
const router = defineFilter({
  name: 'tenant-router',
  apiVersion: 1,
  writes: [RouteSlot],
  needs: [RoutesKey],
  create(_, env) {
    const routes = env.service(RoutesKey).under('/orchestrator')
    return {
      request(x) {
        const { method, path, query, headers } = x.request
        const endpoint = routes.of(headers.get('x-tenant') ?? '')
        if (endpoint !== undefined) return x.set(RouteSlot, { endpoint, path, template: '/tenant' })
        const host = headers.get('x-as')
        if (host === undefined) return undefined
        const route = routes.find({ host, method, path, query, headers })
        if (!('endpoint' in route)) return reply(404, 'no_tenant', { detail: route.detail })
        x.set(RouteSlot, route)
      },
    }
  },
})

t.test('a route that is written already is left alone', async (t) => {
  const upstream = await startUpstream((req, res) => res.end(req.url))
  t.teardown(() => upstream.close())
  const gateway = await startGateway(
    `filters: [tenant-router, route-match, proxy]
endpoints:
  - { name: one, url: "${upstream.url}/one", path: /one }
  - { name: tenant, url: "${upstream.url}/tenant", host: tenant.test }
`,
    { filters: [router] },
  )
  t.teardown(() => gateway.close())
  const ask = async (path: string, headers = {}) => {
    const { status, body } = await send(gateway.url + path, { headers })
    return status === 200 ? body : status
  }
  t.equal(await ask('/one/x'), '/one/one/x')
  t.equal(await ask('/one/x', { 'X-Tenant': 'tenant' }), '/tenant/one/x')
  t.equal(await ask('/y', { 'X-As': 'tenant.test' }), '/tenant/y')
  t.equal(await ask('/y', { 'X-As': 'other.test' }), 404)
  t.equal(await ask('/y', { 'X-Tenant': 'none' }), 404)
})
