import t from 'tap'
import hello from '../../../plugins/examples/hello.ts'
import { answered, Bench, exchange } from '../../support/exchange.ts'

t.test('names the gateway on what passes', async (t) => {
  const { filter } = await new Bench().make(hello, {}, { name: 'greeter' })
  const x = answered(exchange())
  t.equal(filter.response!(x), undefined)
  t.equal(x.response.headers.get('x-hello'), 'from greeter')
})
