import t from 'tap'
import { FleetProbes } from '../../../core/fleet/fleet-probes.ts'

function setUp() {
  let now = 0
  const closed: string[] = []
  const probes = new FleetProbes({ now: () => now, wall: () => 0 }, (breaker) => closed.push(breaker))
  const ask = (breaker = 'b'): boolean => probes.ask(breaker, 2, 1000)
  const wait = (ms: number): void => {
    now += ms
  }
  return { probes, closed, ask, wait }
}

t.test('as many probes as allowed, successes included, close it', async (t) => {
  const { probes, closed, ask } = setUp()
  t.strictSame([ask(), ask(), ask(), ask('other')], [true, true, false, true])
  probes.report('b', 'success')
  t.notOk(ask(), 'one success, one under way')
  probes.report('b', 'ignored')
  t.ok(ask(), 'one that says nothing is replaced')
  t.strictSame(closed, [])
  probes.report('b', 'success')
  t.strictSame(closed, ['b'])
  t.strictSame([ask(), ask(), ask()], [true, true, false], 'the next phase begins anew')
})

t.test('a failure ends the phase', async (t) => {
  const { probes, closed, ask } = setUp()
  ask()
  ask()
  probes.report('b', 'success')
  probes.report('b', 'failure')
  t.strictSame([ask(), ask(), ask()], [true, true, false])
  t.strictSame(closed, [])
})

t.test('a probe whose worker has ended stops counting', async (t) => {
  const { ask, wait } = setUp()
  ask()
  wait(999)
  t.strictSame([ask(), ask()], [true, false])
  wait(1)
  t.strictSame([ask(), ask()], [true, false])
})

t.test('reports about nothing do nothing', async (t) => {
  const { probes, closed, ask } = setUp()
  for (const verdict of ['success', 'failure', 'ignored'] as const) probes.report('b', verdict)
  ask()
  probes.changed('b')
  probes.report('b', 'success')
  t.strictSame(closed, [])
})
