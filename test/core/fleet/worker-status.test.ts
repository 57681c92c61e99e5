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
function breaker(): BreakerHandle & { phase: BreakerHandle['phase']; readonly adopted: unknown[] } {
  const adopted: unknown[] = []
  const made: ReturnType<typeof breaker> = {
    filter: 'b',
    target: undefined,
    phase: 'closed',
    trip() {},
    reset() {},
    adopted,
    adopt: (...all) => {
      made.phase = all[0]
      adopted.push(all)
    },
  }
  return made
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
  breakers[0]!.phase = 'open'
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
  breakers[1]!.phase = 'half_open'
  two.registry.breaker(two.registry.get('api')!, { ...change, from: 'open', to: 'half_open' })
  await settled()
  t.equal(breakers[0]!.adopted.length, 0, 'each worker probes by itself')
  breakers[1]!.phase = 'closed'
  two.registry.breaker(two.registry.get('api')!, { ...change, from: 'half_open', to: 'closed' })
  await settled()
  t.match(breakers[0]!.adopted, [['closed']])
})

/** A breaker of a worker that does what it is told, and reports it. */
function operable({ registry }: ReturnType<typeof registryOf>) {
  const state = registry.get('api')!
  let phase: BreakerHandle['phase'] = 'closed'
  let adoptions = 0
  const turn = (to: 'open' | 'closed', reason: string): void => {
    const from = phase
    phase = to
    if (from !== to) registry.breaker(state, { filter: 'b', target: undefined, from, to, reason, until: 5 })
  }
  state.breakers.add({
    filter: 'b',
    target: undefined,
    get phase() {
      return phase
    },
    trip: () => turn('open', 'by hand'),
    reset: () => turn('closed', 'by hand'),
    adopt: (to) => {
      adoptions++
      phase = to
    },
  })
  return {
    trip: () => turn('open', 'by hand'),
    reset: () => turn('closed', 'by hand'),
    phase: () => phase,
    adoptions: () => adoptions,
  }
}

t.test('a breaker that all open at once is reported once, and none takes it for a further failure', async (t) => {
  const { primary, workers } = setUp(3)
  const breakers = workers.map(operable)
  for (const { trip } of breakers) trip()
  await settled()
  t.strictSame(
    breakers.map(({ phase, adoptions }) => [phase(), adoptions()]),
    breakers.map(() => ['open', 0]),
  )
  t.strictSame(primary.events, ['breaker_state'])
})

t.test('the last change counts in all, also where changes cross each other', async (t) => {
  const { workers } = setUp(2)
  const breakers = workers.map(operable) as [ReturnType<typeof operable>, ReturnType<typeof operable>]
  const phases = () => breakers.map(({ phase }) => phase())
  breakers[0].trip()
  await settled()
  t.strictSame(phases(), ['open', 'open'])
  breakers[0].reset()
  // Sent before the primary heard of the reset.
  const late = { from: 'closed', to: 'open', reason: 'failures', until: 5, by: 'another' }
  for (const { worker } of workers) worker.take([['["breaker_state","api","b",null]', late]])
  t.strictSame(phases(), ['open', 'open'])
  await settled()
  t.strictSame(phases(), ['closed', 'closed'])
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

t.test('what a worker that has ended said last changes nothing', async (t) => {
  const { primary, status, workers } = setUp(1)
  const [one] = workers as [(typeof workers)[0]]
  one.registry.eject(one.target(), 'bad')
  status.gone(one.member)
  await settled()
  t.ok(primary.target().sound)
  status.greeted(one.member)
  primary.registry.setHealth(primary.target(), 'unhealthy', 'no')
  await settled()
  t.equal(one.target().health, 'unknown')
})
