import { PassThrough } from 'node:stream'
import t from 'tap'
import type { Exchange } from '../../../core/index.ts'
import { exchange, type TestRequest } from '../../../core/testing.ts'
import { requestFields } from '../../../filters/proxy/request-fields.ts'

/** Values by name in lower case; those of repeated fields are joined. */
function fieldsOf(
  init: TestRequest,
  preserveHost = false,
  change: (x: Exchange) => void = () => {},
): Record<string, string> {
  const x = exchange(init)
  change(x)
  const fields = requestFields(x, preserveHost, 'weir-1')
  const byName: Record<string, string> = {}
  for (let i = 0; i < fields.length; i += 2) {
    const name = fields[i]!.toLowerCase()
    byName[name] = byName[name] === undefined ? fields[i + 1]! : `${byName[name]} | ${fields[i + 1]!}`
  }
  return byName
}

t.test('forwarding fields tell what the engine knows', async (t) => {
  const written = { Forwarded: 'for=10.0.0.1', 'X-Forwarded-For': '10.0.0.1', 'x-real-IP': '10.0.0.1' }
  t.same(fieldsOf({ headers: { ...written, 'X-Forwarded-Port': '1' }, host: 'api.test:8080' }), {
    'x-forwarded-port': '1',
    via: '1.1 weir-1',
    'x-forwarded-for': '192.0.2.1',
    'x-forwarded-host': 'api.test:8080',
    'x-forwarded-proto': 'http',
    forwarded: 'for=192.0.2.1;host="api.test:8080";proto=http',
    'x-real-ip': '192.0.2.1',
  })
})

t.test('both families tell the same of the hops before (RFC 7239 §7.4)', async (t) => {
  const downstream = {
    trusted: true,
    peer: '2001:db8::1',
    address: '10.0.0.2',
    hops: ['unknown', '_hidden', '10.0.0.2', '2001:db8::2'],
    scheme: 'https' as const,
    publicHost: 'a.test',
  }
  t.match(fieldsOf({ host: 'b.test', downstream }), {
    'x-forwarded-for': 'unknown, _hidden, 10.0.0.2, 2001:db8::2, 2001:db8::1',
    'x-forwarded-host': 'a.test',
    'x-forwarded-proto': 'https',
    forwarded:
      'for=unknown;host=a.test;proto=https, for=_hidden, for=10.0.0.2, for="[2001:db8::2]", for="[2001:db8::1]";host=a.test;proto=https',
    'x-real-ip': '10.0.0.2',
  })
  t.match(fieldsOf({ host: '', downstream: { peer: '::1', hops: ['10.0.0.1'] } }), {
    forwarded: 'for=10.0.0.1;proto=http, for="[::1]";proto=http',
  })
})

t.test('Host is sent on only where it is preserved', async (t) => {
  const init = { headers: { Host: 'client.test' }, host: 'client.test' }
  t.equal(fieldsOf(init).host, undefined)
  t.equal(fieldsOf(init, true).host, 'client.test')
  t.equal(fieldsOf({ host: '' }, true).host, undefined, 'none is made up')
})

t.test('Content-Length is that of the body, whatever the client or a filter says', async (t) => {
  const sent = { 'Content-Length': '10', 'Transfer-Encoding': 'chunked' }
  const fields = (change: (x: Exchange) => void, body = '0123456789'): Record<string, string> =>
    fieldsOf({ method: 'POST', headers: sent, body }, false, change)
  t.match(
    fields(() => {}),
    { 'content-length': '10', 'transfer-encoding': undefined },
  )
  t.match(
    fields(({ request: { body } }) => body.replace('abc')),
    { 'content-length': '3' },
  )
  t.match(
    fields(({ request: { body } }) => body.discard()),
    { 'content-length': undefined },
  )
  t.match(
    fields(({ request: { body } }) => body.through(new PassThrough())),
    { 'content-length': undefined },
  )
  t.match(
    fields(() => {}, ''),
    { 'content-length': undefined },
  )
  t.match(
    fields(({ request: { headers } }) => {
      for (const wrong of ['3', '12', 'a lot']) headers.add('content-length', wrong)
      headers.add('Transfer-Encoding', 'gzip, chunked')
    }),
    { 'content-length': '10', 'transfer-encoding': undefined },
  )
})

t.test('digests of a body that a filter changed are dropped', async (t) => {
  const headers = { 'Content-MD5': 'a', Digest: 'b', 'Content-Digest': 'c', 'Repr-Digest': 'd', 'X-Digest': 'e' }
  const names = ['content-md5', 'digest', 'content-digest', 'repr-digest', 'x-digest']
  const init = { method: 'POST', headers, body: 'abc' }
  const kept = (change?: (x: Exchange) => void): string[] => {
    const fields = fieldsOf(init, false, change)
    return names.filter((name) => fields[name] !== undefined)
  }
  t.same(kept(), names)
  t.same(
    kept(({ request: { body } }) => body.replace('abc')),
    ['x-digest'],
  )
})

t.test('Max-Forwards is counted down for OPTIONS alone', async (t) => {
  const left = (method: string, value: string): string | undefined =>
    fieldsOf({ method, headers: { 'Max-Forwards': value } })['max-forwards']
  t.equal(left('OPTIONS', '3'), '2')
  t.equal(left('GET', '3'), '3')
  for (const odd of ['0', '', '-1', '03', '1e3', '99999999999']) t.equal(left('OPTIONS', odd), odd, odd)
})
