import t from 'tap'
import { defineFilter, type Exchange, reply } from '../../../core/index.ts'
import { startGateway } from '../../../core/testing.ts'
import { connectTo, sendRaw } from '../../support/client.ts'

/** A terminal filter that gives each exchange to a test, and says what it saw of the client. */
function witness(seen: Exchange[]) {
  return defineFilter({
    name: 'witness',
    apiVersion: 1,
    create: () => ({
      request(x) {
        seen.push(x)
        const { address, scheme, host, publicHost } = x.downstream
        return reply(200, 'seen', { body: `<${[address, scheme, host, publicHost].join(' ')}>` })
      },
    }),
  })
}

const request = (...lines: readonly string[]): string => ['GET / HTTP/1.1', ...lines, '', ''].join('\r\n')

t.test('trust and cleaning of a reload hold for the next request on an open connection', async (t) => {
  const seen: Exchange[] = []
  const yaml = 'filters: [witness, route-match, proxy]\n'
  await using gateway = await startGateway(yaml, { filters: [witness(seen)] })
  const socket = await connectTo(gateway.port)
  t.teardown(() => socket.destroy())
  const ask = (): Promise<Exchange> =>
    new Promise((resolve) => {
      socket.once('data', () => resolve(seen.at(-1)!))
      socket.write(request('Host: a.test', 'X-Forwarded-For: 203.0.113.9', 'X-Old: 1'))
    })
  const stranger = await ask()
  t.match(stranger.downstream, { trusted: false, address: '127.0.0.1', hops: [] })
  t.equal(stranger.request.headers.get('x-forwarded-for'), undefined)
  await gateway.reload(`${yaml}trusted_proxies: [127.0.0.1]\nclient_headers: { remove: [X-Old] }\n`)
  const trusted = await ask()
  t.match(trusted.downstream, { trusted: true, address: '203.0.113.9', hops: ['203.0.113.9'] })
  t.equal(trusted.request.headers.get('x-old'), undefined)
  await gateway.reload(yaml)
  const again = await ask()
  t.match(again.downstream, { trusted: false, address: '127.0.0.1' })
  t.equal(again.request.headers.get('x-old'), '1')
})

t.test('fields of a filter that a reload adds are cleaned from the next request on', async (t) => {
  const seen: Exchange[] = []
  const yaml = (options: string): string => `filters: [{ request-id: ${options} }, witness, route-match, proxy]\n`
  await using gateway = await startGateway(yaml('{ trust_incoming: true }'), { filters: [witness(seen)] })
  const id = async (): Promise<string | undefined> => {
    await gateway.inject({
      headers: { 'X-Request-Id': 'mine', X_Request_Id: 'twin', Connection: 'close, x-request-id' },
    })
    t.notOk(seen.at(-1)!.request.headers.has('x_request_id'))
    return seen.at(-1)!.requestId
  }
  t.equal(await id(), 'mine')
  await gateway.reload(yaml('{ trust_incoming: trusted_proxies }'))
  t.not(await id(), 'mine')
  await gateway.reload(`trusted_proxies: [127.0.0.1]\n${yaml('{ trust_incoming: trusted_proxies }')}`)
  t.equal(await id(), 'mine')
  await gateway.reload(yaml('{ trust_incoming: false }'))
  t.not(await id(), 'mine')
})

t.test('the fields as they came are there for logs and signatures', async (t) => {
  const seen: Exchange[] = []
  await using gateway = await startGateway('filters: [witness, route-match, proxy]\n', { filters: [witness(seen)] })
  const lines = ['Host: evil.test', 'Connection: close, x-a', 'X-A: 1', 'X-Real-IP: 1.2.3.4', 'a_b: 2', 'X-C: 3']
  await sendRaw(gateway.port, ['GET http://a.test/ HTTP/1.1', ...lines, '', ''].join('\r\n'))
  const [x] = seen
  t.same(
    x!.downstream.fields,
    lines.flatMap((line) => line.split(': ')),
  )
  t.same([...x!.request.headers.raw], ['Host', 'a.test', 'X-C', '3'])
  await sendRaw(gateway.port, request('Host: a.test', 'X-C: 3'), (all) => all.includes('>'))
  const plain = seen[1]!
  t.equal(plain.request.headers.raw, plain.downstream.fields, 'nothing is copied where nothing is removed')
  plain.request.headers.set('X-C', '4')
  t.same(plain.downstream.fields, ['Host', 'a.test', 'X-C', '3'], 'nor changed')
})

t.test('names with underscores are refused where the configuration says so', async (t) => {
  const seen: Exchange[] = []
  const yaml = 'client_headers: { underscores: refuse }\nfilters: [witness, route-match, proxy]\n'
  await using gateway = await startGateway(yaml, { filters: [witness(seen)] })
  const { status, body } = await gateway.inject({ headers: { 'X_Real-IP': '1' } })
  t.equal(status, 400)
  t.match(body, /field_name_refused/)
  t.equal((await gateway.inject()).status, 200)
  t.equal(seen.length, 1, 'no filter saw it')
})

t.test('only Host routes, unless the forwarded host is trusted', async (t) => {
  const yaml = 'trusted_proxies: [127.0.0.1]\nfilters: [witness, route-match, proxy]\n'
  await using gateway = await startGateway(yaml, { filters: [witness([])] })
  const ask = async (...lines: readonly string[]): Promise<string> =>
    (await sendRaw(gateway.port, request('Host: a.test', 'Connection: close', ...lines))).split('\r\n\r\n')[1]!
  const forwarded = 'X-Forwarded-Host: B.test, c.test'
  t.equal(await ask(forwarded), '<127.0.0.1 http a.test B.test>')
  await gateway.reload(`trust_forwarded_host: true\n${yaml}`)
  t.equal(await ask(forwarded), '<127.0.0.1 http B.test B.test>')
  t.equal(await ask('Forwarded: for=1.2.3.4;host=d.test;proto=wss'), '<1.2.3.4 https d.test d.test>')
  t.equal(await ask('X-Forwarded-Host: b/test'), '<127.0.0.1 http a.test a.test>')
  await gateway.reload('trust_forwarded_host: true\nfilters: [witness, route-match, proxy]\n')
  t.equal(await ask(forwarded), '<127.0.0.1 http a.test a.test>', 'of a stranger, never')
})
