import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import t from 'tap'
import { send } from '../../support/client.ts'
import { gatewayTo, proxied } from './support.ts'

/** A port of this machine whose server can be given later. */
async function relay(t: { teardown(fn: () => unknown): unknown }) {
  let to = ''
  let passes = 0
  const server = createServer(async (request, response) => {
    passes++
    const { status, body, headers } = await send(`${to}${request.url}`, { headers: request.headers })
    response.writeHead(status, { 'content-type': headers['content-type'] ?? 'text/plain' }).end(body)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => server.close())
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    to: (url: string) => (to = url),
    passes: () => passes,
  }
}

t.test('a target that leads back to the gateway: 508 at once', async (t) => {
  const back = await relay(t)
  const { url, outcomes } = await gatewayTo(t, `${back.url}/api`)
  back.to(url)
  const { status, json } = await send(`${url}/api/x`)
  t.equal(status, 508)
  t.match(json(), { status: 508, code: 'loop_detected' })
  t.equal(back.passes(), 1)
  t.match(outcomes, [{ result: 'success', status: 508 }], 'no failure of the endpoint')
})

t.test('two gateways that lead to each other', async (t) => {
  const back = await relay(t)
  const first = await gatewayTo(t, `${back.url}/api`)
  const second = await gatewayTo(t, `${first.url}/api`)
  back.to(second.url)
  t.match((await send(`${first.url}/api/x`)).json(), { status: 508, code: 'loop_detected' })
  t.equal(back.passes(), 1)
})

t.test('gateways in a row are no loop, and neither are other names in Via', async (t) => {
  const via: unknown[] = []
  const last = await proxied(t, (request, response) => {
    via.push(request.headers.via)
    response.end('ok')
  })
  const first = await gatewayTo(t, `${last.url}/api`)
  for (const before of ['1.1 weir', '1.1 weir-00000000 (weir)'])
    t.equal((await send(`${first.url}/api/x`, { headers: { Via: before } })).status, 200)
  t.match(via, [/^1\.1 weir, 1\.1 weir-[0-9a-f]{8}, 1\.1 weir-[0-9a-f]{8}$/, /^1\.1 weir-0{8} \(weir\), /])
  const [, one, two] = String(via[0]).split(', ')
  t.not(one, two)
})

t.test('the field of a loop may be one of several', async (t) => {
  const via: string[] = []
  const { api } = await proxied(t, (request, response) => {
    via.push(String(request.headers.via))
    response.end('ok')
  })
  t.equal((await send(api)).status, 200)
  for (const fields of [
    [via[0]!, '1.1 other'],
    ['1.1 other', via[0]!],
  ])
    t.equal((await send(api, { headers: { Via: fields } })).status, 508)
  t.equal(via.length, 1)
})
