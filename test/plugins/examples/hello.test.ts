import t from 'tap'
import { exchange, FilterBench, withResponse } from '../../../core/testing.ts'
import hello from '../../../plugins/examples/hello.ts'

t.test('names the gateway on what passes', async (t) => {
  const { filter } = await new FilterBench().make(hello, {}, { name: 'greeter' })
  const x = withResponse(exchange())
  t.equal(filter.response!(x), undefined)
  t.equal(x.response.headers.get('x-hello'), 'from greeter')
})
