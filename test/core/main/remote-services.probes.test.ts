import t from 'tap'
import { FleetProbes } from '../../../core/fleet/fleet-probes.ts'
import { callService, remoteProbes } from '../../../core/main/remote-services.ts'

const clock = { now: () => performance.now(), wall: () => 0 }

t.test('probes are given out by the primary', async (t) => {
  const closed: string[] = []
  const probes = new FleetProbes(clock, (breaker) => closed.push(breaker))
  const slots = remoteProbes((call) => callService(new Map(), call, probes), clock)
  t.strictSame([await slots.ask('b', 1, 1000), await slots.ask('b', 1, 1000)], [true, false])
  slots.report('b', 'success')
  t.strictSame(closed, ['b'])
})

t.test('a probe that is granted too late is given back', async (t) => {
  const probes = new FleetProbes(clock, () => {})
  let answer: () => void = () => {}
  const slots = remoteProbes(async (call) => {
    if (call.method === 'ask') await new Promise<void>((resolve) => (answer = resolve))
    return callService(new Map(), call, probes)
  }, clock)
  t.notOk(await slots.ask('b', 1, 1000))
  answer()
  await new Promise(setImmediate)
  t.ok(probes.ask('b', 1, 1000))
})

t.test('a primary that does not answer for a second, or is gone, does not keep breakers open', async (t) => {
  let now = 0
  const silent = remoteProbes(() => new Promise(() => {}), { now: () => now, wall: () => 0 })
  t.notOk(await silent.ask('b', 1, 1000))
  now = 999
  t.notOk(await silent.ask('b', 1, 1000))
  now = 1000
  t.ok(await silent.ask('b', 1, 1000))
  const gone = remoteProbes(() => Promise.reject(new Error('gone')), clock)
  t.ok(await gone.ask('b', 1, 1000))
  t.doesNotThrow(() => gone.report('b', 'success'))
})
