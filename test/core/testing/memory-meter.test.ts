import t from 'tap'
import { MemoryMeter } from '../../../core/testing.ts'

const metric = (name: string, values: Record<string, number>) => ({
  name,
  help: 'h',
  type: 'gauge' as const,
  collect: () => Object.entries(values).map(([kind, value]) => ({ labels: { kind, of: 'test' }, value })),
})

t.test('metrics are read when asked, and summed over what is not named', async (t) => {
  const meter = new MemoryMeter()
  const values: Record<string, number> = { a: 1 }
  const remove = meter.register(metric('weir_x', values))
  values.b = 2
  t.equal(meter.value('weir_x', { kind: 'b' }), 2)
  t.equal(meter.value('weir_x'), 3)
  t.equal(meter.value('weir_x', { kind: 'c' }), undefined)
  t.equal(
    meter.text(),
    '# HELP weir_x h\n# TYPE weir_x gauge\nweir_x{kind="a",of="test"} 1\nweir_x{kind="b",of="test"} 2\n',
  )
  remove()
  t.equal(meter.value('weir_x'), undefined)
})

t.test('it refuses what the meter of the gateway refuses', async (t) => {
  const meter = new MemoryMeter()
  meter.register(metric('weir_x', {}))
  t.throws(() => meter.register(metric('weir_x', {})), /already been registered/)
  t.throws(() => meter.register(metric('weir-x', {})), /Invalid metric name/)
})
