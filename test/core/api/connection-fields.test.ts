import t from 'tap'
import { CLIENT_CLAIMS, nominate, withoutNominated } from '../../../core/api/connection-fields.ts'

t.test('nominated fields', async (t) => {
  t.equal(nominate('close', undefined), undefined)
  t.equal(nominate('Keep-Alive, Close, , host, Authorization', undefined), undefined, 'nothing that may go')
  t.same([...nominate('\xa0x-no, \tx-yes\t', undefined)!], ['\xa0x-no', 'x-yes'], 'white space is space and tab')
  const first = nominate('X-One,  x-two ', undefined)
  t.same([...first!], ['x-one', 'x-two'])
  t.same([...nominate('X-Three', first)!], ['x-one', 'x-two', 'x-three'], 'a repeated field adds to it')
})

t.test('what is for all hops can’t be nominated', async (t) => {
  const names = [
    'Via',
    'Host',
    'Cookie',
    'Set-Cookie',
    'Authorization',
    'Content-Length',
    'Content-Type',
    'Cache-Control',
  ]
  const traces = ['traceparent', 'tracestate', 'baggage', 'b3', 'X-B3-TraceId', 'X-B3-Sampled']
  const ids = ['X-Request-Id', 'X-Correlation-ID', 'Request-Id']
  const claims = CLIENT_CLAIMS.map((name) => name.replace('*', 'x'))
  for (const name of [...names, ...traces, ...ids, ...claims])
    t.equal(nominate(`close, ${name}`, undefined), undefined, name)
})

t.test('fields without the nominated ones', async (t) => {
  const fields = ['X-One', '1', 'Host', 'a', 'x-one', '2', 'X-Two', '3']
  t.equal(withoutNominated(fields, undefined), fields)
  t.same(withoutNominated(fields, new Set(['x-one'])), ['Host', 'a', 'X-Two', '3'])
})
