import t from 'tap'
import { Metrics } from '../../../core/observe/metrics.ts'

t.test('a metric whose collect throws does not take the others with it', async (t) => {
  const errors: unknown[] = []
  const metrics = new Metrics({ onError: (metric, error) => errors.push([metric, error]) })
  const bug = new Error('bug')
  metrics.register({
    name: 'bad_total',
    help: 'Throws.',
    type: 'counter',
    collect: () => {
      throw bug
    },
  })
  metrics.register({ name: 'good_total', help: 'Counts.', type: 'counter', collect: () => [{ labels: {}, value: 3 }] })
  t.match((await metrics.expose()).text, /^good_total 3$/m)
  t.strictSame(errors, [['bad_total', bug]])
})
