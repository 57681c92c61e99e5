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
  t.match(Buffer.concat((await metrics.expose()).content).toString(), /^good_total 3$/m)
  t.strictSame(errors, [['bad_total', bug]])
})

t.test('what can not be collected costs its own lines alone', async (t) => {
  const failed: string[] = []
  const metrics = new Metrics({ onError: (metric) => failed.push(metric) })
  const bad: Record<string, () => unknown> = {
    throws: () => {
      throw new Error('as asked')
    },
    nothing: () => undefined,
    null_row: () => [null],
    bad_label: () => [{ labels: { 'a-b': 'x' }, value: 1 }],
    line_break: () => [{ labels: { 'a="1"} 1\nb': 'x' }, value: 1 }],
    object_label: () => [{ labels: { a: {} }, value: 1 }],
    big: () => [{ labels: {}, value: 1n }],
  }
  metrics.register({ name: 'first', help: 'F.', type: 'gauge', collect: () => [{ labels: {}, value: 1 }] })
  for (const [name, collect] of Object.entries(bad))
    metrics.register({ name, help: 'B.', type: 'gauge', collect: collect as never })
  metrics.register({ name: 'last', help: 'L.', type: 'gauge', collect: () => [{ labels: {}, value: 2 }] })
  const text = Buffer.concat((await metrics.expose()).content).toString()
  t.match(text, /^first 1$/m)
  t.match(text, /^last 2$/m)
  t.strictSame(failed, Object.keys(bad))
  for (const line of text.split('\n')) t.match(line, /^(?:# .*|\w+ \d+|)$/)
})
