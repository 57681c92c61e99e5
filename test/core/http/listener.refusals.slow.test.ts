import t from 'tap'
import { defineFilter } from '../../../core/index.ts'
import { specOf, startGateway, type TestGateway } from '../../../core/testing.ts'
import { sendRaw } from '../../support/client.ts'
import { startUpstream, type Upstream } from '../../support/upstream.ts'

interface Setting {
  readonly gw: TestGateway
  readonly upstream: Upstream
  /** Targets that the upstream saw, and what the chain took for Host. */
  readonly seen: string[]
  readonly hosts: (string | undefined)[]
}

/** A gateway whose chain keeps the Host, and an upstream behind it. */
async function start(t: Pick<Tap, 'teardown'>): Promise<Setting> {
  const seen: string[] = []
  const hosts: (string | undefined)[] = []
  const upstream = await startUpstream((req, res) => {
    seen.push(`${req.method} ${req.url}`)
    req.resume()
    req.on('end', () => res.end('ok'))
  })
  t.teardown(() => upstream.close())
  const witness = defineFilter({
    name: 'witness',
    apiVersion: 1,
    create: () => ({ request: (x) => void hosts.push(x.request.headers.get('host'), x.downstream.host) }),
  })
  const spec = specOf([{ name: 'api', url: upstream.url }], ['witness', ['route-match', { prefix: '' }], 'proxy'])
  const gw = await startGateway(spec, { filters: [witness] })
  t.teardown(() => gw.close())
  return { gw, upstream, seen, hosts }
}
type Tap = typeof t

const head = (start: string, ...fields: string[]): string => `${[start, ...fields].join('\r\n')}\r\n\r\n`
const GOOD = head('GET /api/x HTTP/1.1', 'Host: a.test')

t.test('a refused head reaches only log hooks', async (t) => {
  const { gw, seen, hosts } = await start(t)
  const cases = [
    ['GET /api/x HTTP/1.1', [], 400, 'host_invalid'],
    ['GET /api/x HTTP/1.1', ['Host: a b'], 400, 'host_invalid'],
    ['GET http://a.test/api/x HTTP/1.1', ['Host:'], 400, 'host_invalid'],
    ['GET /api/x#y HTTP/1.1', ['Host: a.test'], 400, 'target_invalid'],
    ['GET ftp://a.test/api/x HTTP/1.1', ['Host: a.test'], 400, 'target_invalid'],
    ['GET http://u@a.test/api/x HTTP/1.1', ['Host: a.test'], 400, 'target_invalid'],
    ['POST /api/x HTTP/1.0', ['Host: a.test', 'Transfer-Encoding: chunked'], 400, 'framing_invalid'],
    ['POST /api/x HTTP/1.1', ['Host: a.test', 'Transfer-Encoding: gzip, chunked'], 501, 'transfer_coding_unknown'],
    ['TRACE /api/x HTTP/1.1', ['Host: a.test'], 501, 'method_not_implemented'],
    ['CONNECT a.test:443 HTTP/1.1', ['Host: a.test:443'], 501, 'method_not_implemented'],
    ['GET /api/x HTTP/1.1', ['Host: a.test', 'Expect: foo'], 417, 'expectation_unknown'],
    ['GET /api/x HTTP/1.1', ['Host: a.test', 'Expect: foo', 'Expect: 100-continue'], 417, 'expectation_unknown'],
    ['GET /api/x HTTP/1.1', ['Host: a.test', 'Expect: 100-continue', 'Expect: foo'], 417, 'expectation_unknown'],
    ['GET /api/x HTTP/1.1', ['Host: a%4g'], 400, 'host_invalid'],
    ['GET /api/x HTTP/1.1', ['Host: a.test', 'Expect: 100-continue, foo'], 417, 'expectation_unknown'],
    ['GET /api/x', ['Host: a.test'], 505, 'version_not_supported'],
  ] as const
  for (const [line, fields, status, reason] of cases) {
    // What is pipelined behind it is not served: nobody knows for whom it is.
    const answer = await sendRaw(gw.port, head(line, ...fields) + GOOD)
    t.match(answer, new RegExp(`^HTTP/1\\.1 ${status} .*\r\nConnection: close\r\n`, 's'), line)
    t.match(answer, `"code":"${reason}"`, line)
    t.match(answer, /\r\nproxy-status: weir; error=http_request_error\r\n/i)
    t.equal(answer.split(/HTTP\/1\.1 \d/).length, 2, 'one answer')
    t.match(gw.finished.at(-1), { outcome: 'completed', status, exchange: { response: { local: { reason } } } })
  }
  t.equal(gw.finished.length, cases.length)
  t.strictSame([seen, hosts], [[], []])
})

t.test('a valid Host', async (t) => {
  const { gw, seen } = await start(t)
  const fields = ['a.test', 'a.test:0', 'a.test:65535', 'A-b_c.~', '[::1]', '[2001:db8::1]:80', '1.2.3.4:80']
  for (const host of fields)
    t.match(
      await sendRaw(gw.port, head('GET /api/x HTTP/1.1', `Host: ${host}`, 'Connection: close')),
      /^HTTP\/1.1 200 /,
    )
  t.equal(seen.length, fields.length)
  for (const host of [
    'a,b',
    'a.test:65536',
    'a.test:000080',
    '[::1',
    '[1.2.3.4]',
    'a%4',
    'a%4g',
    'a%',
    ':80',
    '%61.test',
    'a%2etest',
  ])
    for (const sent of [
      head('GET /api/x HTTP/1.1', `Host: ${host}`),
      head(`GET http://${host}/api/x HTTP/1.1`, 'Host: a.test'),
    ])
      t.match(await sendRaw(gw.port, sent), /^HTTP\/1.1 400 /, sent)
  t.equal(seen.length, fields.length)
})

t.test('the host of an absolute target replaces Host', async (t) => {
  const { gw, seen, hosts } = await start(t)
  const close = 'Connection: close'
  await sendRaw(gw.port, head('GET HTTP://b.test:81/api/x?y HTTP/1.1', 'Host: a.test', close))
  t.strictSame([seen, hosts], [['GET /x?y'], ['b.test:81', 'b.test:81']])
  t.match(await sendRaw(gw.port, head('OPTIONS http://b.test HTTP/1.1', 'Host: b.test', close)), /^HTTP\/1.1 204 /)
  t.match(await sendRaw(gw.port, head('GET https://b.test?x HTTP/1.1', 'Host: b.test', close)), /^HTTP\/1.1 404 /)
})

t.test('requests before a refused one get their responses', async (t) => {
  const { gw, seen } = await start(t)
  const answer = await sendRaw(gw.port, GOOD + GOOD + head('CONNECT a.test:1 HTTP/1.1', 'Host: a.test'))
  t.strictSame(
    [...answer.matchAll(/HTTP\/1.1 (\d+)/g)].map(([, status]) => status),
    ['200', '200', '501'],
  )
  t.strictSame(seen, ['GET /x', 'GET /x'])
})

t.test('an upload that is refused by its head gets its response while the client still sends', async (t) => {
  const { gw } = await start(t)
  const upload = `${head('POST /api/x HTTP/1.1', 'Host: a b', 'Content-Length: 500000')}${'x'.repeat(500_000)}`
  t.match(await sendRaw(gw.port, upload), /^HTTP\/1.1 400 .*"code":"host_invalid"/s)
})
