import t from 'tap'
import { Ids } from '../../../plugins/telemetry/ids.ts'

t.test('ids have their length and differ', async (t) => {
  const ids = new Ids()
  const traces = new Set<string>()
  const spans = new Set<string>()
  for (let i = 0; i < 1000; i++) {
    traces.add(ids.trace())
    spans.add(ids.span())
  }
  t.equal(traces.size, 1000)
  t.equal(spans.size, 1000)
  for (const id of traces) if (!/^[0-9a-f]{32}$/.test(id)) t.fail(id)
  for (const id of spans) if (!/^[0-9a-f]{16}$/.test(id)) t.fail(id)
})

t.test('randomness is fetched in large pieces', async (t) => {
  let fills = 0
  const ids = new Ids((pool) => {
    fills++
    pool.fill(7)
  })
  for (let i = 0; i < 100; i++) ids.trace()
  t.equal(fills, 1)
  t.equal(ids.span(), '07'.repeat(8))
})

t.test('no id is all zero', async (t) => {
  const ids = () => {
    let fills = 0
    return new Ids((bytes) => bytes.fill(fills++ === 0 ? 0 : 1))
  }
  t.equal(ids().trace(), '01'.repeat(16))
  t.equal(ids().span(), '01'.repeat(8))
})

t.test('preset ids are given out once', async (t) => {
  const ids = new Ids()
  const wanted = 'ab'.repeat(16)
  ids.preset(wanted, 'cd'.repeat(8))
  t.equal(ids.generateSpanId(), 'cd'.repeat(8))
  t.equal(ids.generateTraceId(), wanted)
  t.not(ids.generateTraceId(), wanted)
  t.match(ids.generateSpanId(), /^(?!(?:cd){8})[0-9a-f]{16}$/)
  ids.preset(undefined, 'cd'.repeat(8))
  t.not(ids.generateTraceId(), wanted, 'a child leaves no trace id behind')
})
