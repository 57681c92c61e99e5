import t from 'tap'
import { exchange, type TestRequest } from '../../../core/testing.ts'
import { requestFields } from '../../../filters/proxy/request-fields.ts'

/** Values by name in lower case; those of repeated fields are joined. */
function fieldsOf(init: TestRequest, preserveHost = false): Record<string, string> {
  const fields = requestFields(exchange(init), preserveHost)
  const byName: Record<string, string> = {}
  for (let i = 0; i < fields.length; i += 2) {
    const name = fields[i]!.toLowerCase()
    byName[name] = byName[name] === undefined ? fields[i + 1]! : `${byName[name]} | ${fields[i + 1]!}`
  }
  return byName
}

const sent = { Forwarded: 'for=10.0.0.1', 'X-Forwarded-For': '10.0.0.1', X_Forwarded_Host: 'evil.test' }

t.test('forwarding fields of an untrusted client are replaced', async (t) => {
  t.same(fieldsOf({ headers: sent, host: 'api.test:8080' }), {
    via: '1.1 weir',
    'x-forwarded-for': '192.0.2.1',
    'x-forwarded-host': 'api.test:8080',
    'x-forwarded-proto': 'http',
    forwarded: 'for=192.0.2.1;host="api.test:8080";proto=http',
  })
})

t.test('those of a trusted proxy are continued', async (t) => {
  const downstream = { trusted: true, peer: '2001:db8::1', scheme: 'https' as const }
  t.match(fieldsOf({ headers: sent, host: '', downstream }), {
    'x-forwarded-for': '10.0.0.1, 2001:db8::1',
    'x-forwarded-proto': 'https',
    forwarded: 'for=10.0.0.1, for="[2001:db8::1]";proto=https',
  })
})

t.test('Host is sent on only where it is preserved', async (t) => {
  const init = { headers: { Host: 'client.test' }, host: 'client.test' }
  t.equal(fieldsOf(init).host, undefined)
  t.equal(fieldsOf(init, true).host, 'client.test')
  t.equal(fieldsOf({ host: '' }, true).host, undefined, 'none is made up')
})

t.test('Max-Forwards is counted down for OPTIONS alone', async (t) => {
  const left = (method: string, value: string): string | undefined =>
    fieldsOf({ method, headers: { 'Max-Forwards': value } })['max-forwards']
  t.equal(left('OPTIONS', '3'), '2')
  t.equal(left('GET', '3'), '3')
  for (const odd of ['0', '', '-1', '03', '1e3', '99999999999']) t.equal(left('OPTIONS', odd), odd, odd)
})
