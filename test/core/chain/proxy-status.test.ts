import t from 'tap'
import { defineFilter, LocalReply } from '../../../core/index.ts'
import { proxied, proxiedRaw } from '../../filters/proxy/support.ts'
import { send } from '../../support/client.ts'

const answering = (reason: string, headers = {}) =>
  defineFilter({
    name: 'answering',
    apiVersion: 1,
    create: () => ({ routed: () => new LocalReply(503, reason, { headers: { 'Retry-After': '1', ...headers } }) }),
  })

t.test('an error of the upstream', async (t) => {
  const { api } = await proxied(t, (req, res) => {
    if (req.url === '/b') res.setHeader('Proxy-Status', 'cdn; error=dns_error')
    res.writeHead(req.url === '/ok' ? 404 : 503, { 'Content-Type': 'text/plain' }).end('mine')
  })
  const { headers, body } = await send(`${api}/a`)
  t.equal(headers['proxy-status'], 'weir; received-status=503')
  t.equal(body, 'mine')
  t.equal((await send(`${api}/b`)).headers['proxy-status'], 'cdn; error=dns_error, weir; received-status=503')
  t.equal((await send(`${api}/ok`)).headers['proxy-status'], undefined)
})

t.test('an error of the gateway says why', async (t) => {
  const upstream = await proxiedRaw(t, (socket) => socket.destroy())
  t.match((await send(upstream.api)).headers['proxy-status'], /^weir; error=connection_terminated/)
  const filter = await proxied(t, (_req, res) => res.end(), { filters: [answering('too "busy"\\é')] })
  t.equal(
    (await send(filter.api)).headers['proxy-status'],
    'weir; error=proxy_internal_response; details="too _busy___"',
  )
})

t.test('a filter may set Proxy-Status itself', async (t) => {
  const filters = [answering('busy', { 'Proxy-Status': 'weir; error=connection_limit_reached' })]
  const { api } = await proxied(t, (_req, res) => res.end(), { filters })
  t.equal((await send(api)).headers['proxy-status'], 'weir; error=connection_limit_reached')
})
