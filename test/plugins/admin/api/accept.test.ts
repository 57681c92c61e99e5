import t from 'tap'
import { accepts } from '../../../../plugins/admin/api/accept.ts'

t.test('the most specific range counts (RFC 9110 §12.5.1)', async (t) => {
  for (const accept of [
    undefined,
    '',
    ' ',
    '*/*',
    'application/json',
    'Application/JSON ; q=0.1',
    'text/html, application/*',
    '*/*;q=0, application/json',
    'application/json;version=1',
  ])
    t.ok(accepts(accept, 'application/json'), accept ?? 'none')
  for (const accept of [
    'text/html',
    'application/json;q=0',
    'application/json;q=0.0, */*',
    'application/*;q=0, */*',
    'application',
    'json',
    ',',
  ])
    t.notOk(accepts(accept, 'application/json; charset=utf-8'), accept)
})
