// What one worker finds is known to all: two ends over channels in this process, each with a registry of its own.
import { setImmediate } from 'node:timers/promises'
import t from 'tap'
import { systemClock } from '../../../core/base/clock.ts'
import { FleetStatus } from '../../../core/fleet/fleet-status.ts'
import type { Member } from '../../../core/fleet/member.ts'
import type { Batch } from '../../../core/fleet/values.ts'
import { WorkerStatus } from '../../../core/fleet/worker-status.ts'
import type { BreakerHandle } from '../../../core/state/endpoint-state.ts'
import { EndpointRegistry } from '../../../core/state/registry.ts'
import { endpoint, RecordingLogger, targetOf } from '../../../core/testing.ts'

const api = endpoint('api', { targets: [targetOf('http://a.test')] })
const other = endpoint('other')

function registryOf(endpoints = [api]) {
  const registry = new EndpointRegistry(systemClock, new RecordingLogger())
  registry.sync(endpoints)
  const events: string[] = []
  registry.subscribe((event) => events.push(event.type))
  const target = () => registry.get('api')!.targets[0]!
  return { registry, events, target }
}

function setUp(count: number) {
  const primary = registryOf()
  const status = new FleetStatus(primary.registry, systemClock)
  const add = (endpoints = [api]) => {
    const own = registryOf(endpoints)
    let worker: WorkerStatus | undefined
    const member = {
      link: {
        sendValues: (batch: Batch) => {
          void setImmediate().then(() => {
            worker!.take(structuredClone(batch))
            status.taken(member)
          })
          return true
        },
      },
    } as unknown as Member<unknown>
    status.greeted(member)
    worker = new WorkerStatus(own.registry, (batch) => {
      void setImmediate().then(() => {
        status.take(member, structuredClone(batch))
        worker!.taken()
      })
      return true
    })
    return { ...own, worker, member }
  }
  return { primary, status, add, workers: Array.from({ length: count }, () => add()) }
}

/** Every message has arrived, and what follows from it. */
async function settled(): Promise<void> {
  for (let i = 0; i < 20; i++) await setImmediate()
}

/** A breaker that remembers what it adopts. */
function breaker(): BreakerHandle & { readonly adopted: unknown[] } {
  const adopted: unknown[] = []
  return {
    filter: 'b',
    target: undefined,
    phase: 'closed',
    trip() {},
    reset() {},
    adopted,
    adopt: (...all) => void adopted.push(all),
  }
}

t.test('health goes from the primary to every worker, also to one that comes later', async (t) => {
  const { primary, add, workers } = setUp(2)
  primary.registry.setHealth(primary.target(), 'unhealthy', 'no')
  const late = add()
  await settled()
  t.strictSame(
    [...workers, late].map(({ target }) => target().health),
    ['unhealthy', 'unhealthy', 'unhealthy'],
  )
  primary.registry.setHealth(primary.target(), 'healthy', 'yes')
  await settled()
  t.strictSame(
    [...workers, late].map(({ target }) => target().health),
    ['healthy', 'healthy', 'healthy'],
  )
})

t.test('a target is ejected as long as one worker ejects it', async (t) => {
  const { primary, workers } = setUp(2)
  const [one, two] = workers as [(typeof workers)[0], (typeof workers)[0]]
  const seen = () => [primary, one, two].map(({ target }) => target().sound)
  one.registry.eject(one.target(), 'bad')
  await settled()
  t.strictSame(seen(), [false, false, false])
  t.notOk(two.target().ejected, 'what another ejects is not for this one to end')
  two.registry.eject(two.target(), 'bad here, too')
  one.registry.restore(one.target(), 'its time is over')
  await settled()
  t.strictSame(seen(), [false, false, false])
  two.registry.restore(two.target(), 'its time is over')
  await settled()
  t.strictSame(seen(), [true, true, true])
  t.strictSame(primary.events, ['target_ejected', 'endpoint_status', 'target_returned', 'endpoint_status'])
})

t.test('what a worker had ejected returns when the worker ends', async (t) => {
  const { primary, status, workers } = setUp(2)
  const [one, two] = workers as [(typeof workers)[0], (typeof workers)[0]]
  one.registry.eject(one.target(), 'bad')
  await settled()
  status.gone(one.member)
  await settled()
  t.ok(primary.target().sound)
  t.ok(two.target().sound)
})

t.test('an open breaker is adopted by the others, once, and nobody reports it again', async (t) => {
  const { primary, workers, add } = setUp(2)
  const [one, two] = workers as [(typeof workers)[0], (typeof workers)[0]]
  const breakers = [breaker(), breaker()]
  one.registry.get('api')!.breakers.add(breakers[0]!)
  two.registry.get('api')!.breakers.add(breakers[1]!)
  const change = { filter: 'b', target: undefined, from: 'closed', to: 'open', reason: 'failures', until: 5 } as const
  one.registry.breaker(one.registry.get('api')!, change)
  await settled()
  t.strictSame(breakers[0]!.adopted, [], 'its own')
  t.strictSame(breakers[1]!.adopted, [['open', 5, 'failures']])
  t.strictSame(primary.events, ['breaker_state'])
  two.worker.loaded()
  t.equal(breakers[1]!.adopted.length, 1)
  const late = add([other])
  await settled()
  const third = breaker()
  late.registry.sync([api])
  late.registry.get('api')!.breakers.add(third)
  late.worker.loaded()
  t.strictSame(third.adopted, [['open', 5, 'failures']], 'an endpoint that comes later')
  two.registry.breaker(two.registry.get('api')!, { ...change, from: 'open', to: 'half_open' })
  await settled()
  t.equal(breakers[0]!.adopted.length, 0, 'each worker probes by itself')
  two.registry.breaker(two.registry.get('api')!, { ...change, from: 'half_open', to: 'closed' })
  await settled()
  t.match(breakers[0]!.adopted, [['closed']])
})

t.test('what is about an endpoint that is gone is forgotten', async (t) => {
  const { primary, status, workers, add } = setUp(1)
  workers[0]!.registry.eject(workers[0]!.target(), 'bad')
  primary.registry.setHealth(primary.target(), 'unhealthy', 'no')
  await settled()
  primary.registry.sync([other])
  status.loaded()
  primary.registry.sync([api])
  const late = add()
  await settled()
  t.ok(late.target().sound)
})
