import t from 'tap'
import type { HistogramSample } from '../../../core/api/meter.ts'
import { endpoint } from '../../../core/testing.ts'
import { RequestDurations } from '../../../filters/metrics/request-durations.ts'

const counts = (samples: HistogramSample[]): string[] =>
  samples.map(({ labels, count }) => `${Object.values(labels).join(' ')} ${count}`)

t.test('series by endpoint, method, status', async (t) => {
  const table = new RequestDurations()
  const orders = endpoint('v1/orders')
  table.observe(orders, 'GET', 200, 0.02)
  table.observe(orders, 'GET', 200, 3)
  table.observe(orders, 'GET', 'upstream_reset', 1)
  table.observe(orders, 'BREW', 200, 1)
  table.observe(orders, '_OTHER', 200, 1)
  table.observe(undefined, 'POST', 404, 1)
  t.same(counts(table.samples()), [
    'v1/orders GET 200 2',
    'v1/orders GET upstream_reset 1',
    'v1/orders _OTHER 200 2',
    '_none POST 404 1',
  ])
  const [first] = table.samples()
  t.same(
    first?.bounds.filter((_, i) => first.buckets[i]! > 0),
    [0.025, 5],
  )
  t.equal(first?.sum, 3.02)
})

t.test('an endpoint of a reloaded configuration goes on where its predecessor was', async (t) => {
  const table = new RequestDurations()
  table.observe(endpoint('orders'), 'GET', 200, 1)
  table.observe(endpoint('orders'), 'GET', 200, 1)
  t.same(counts(table.samples()), ['orders GET 200 2'])
})

t.test('beyond the cap there is one series', async (t) => {
  const table = new RequestDurations(3)
  for (let i = 0; i < 10; i++) table.observe(endpoint(`e${i}`), 'GET', 200, 1)
  table.observe(endpoint('e0'), 'GET', 200, 1)
  t.same(counts(table.samples()), ['e0 GET 200 2', 'e1 GET 200 1', 'e2 GET 200 1', '_OTHER _OTHER _OTHER 7'])
})
