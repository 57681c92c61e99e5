import { setImmediate, setTimeout } from 'node:timers/promises'
import fc from 'fast-check'
import t from 'tap'
import { Fleet } from '../../../core/fleet/fleet.ts'
import { RecordingLogger } from '../../../core/testing/recording-logger.ts'
import { type FakeSettings, FakeWorker, load, unopenable } from './fake-workers.ts'

let time = 0

type Deliver = (to: 'first' | 'second', delivery: () => void) => void

function setUp(t: { teardown(fn: () => unknown): void }, count: number, deliver?: Deliver) {
  const workers = new Map<number, FakeWorker>()
  const spawns: number[] = []
  const log = new RecordingLogger()
  const fleet = new Fleet<FakeSettings>({
    count,
    startsAtOnce: 3,
    spawn: (number) => {
      spawns.push(number)
      const worker = new FakeWorker(number, deliver)
      workers.set(number, worker)
      return worker.spawned
    },
    timeoutMs: 60_000,
    // Every worker that was ready has been so for long, and is replaced at once.
    clock: { now: () => (time += 2000), wall: () => 0 },
    log,
  })
  t.teardown(() => fleet.kill())
  const live = () => [...workers.values()].map((worker) => worker.live)
  return { fleet, workers, spawns, live, log }
}

const textOf = (bytes: Uint8Array | undefined): string => Buffer.from(bytes ?? []).toString()

async function until(condition: () => boolean): Promise<void> {
  for (let i = 0; i < 3000 && !condition(); i++) await setTimeout(1)
}

t.test('the first worker reads, the others get what it read', async (t) => {
  const { fleet, workers, spawns, live } = setUp(t, 3)
  await fleet.start(load('one'))
  t.strictSame(spawns.toSorted(), [1, 2, 3])
  t.strictSame(live(), ['one', 'one', 'one'])
  t.ok([...workers.values()].every(({ opened }) => opened))
  t.equal(fleet.ready, 3)
  t.strictSame(workers.get(1)?.files.size, 0)
  for (const number of [2, 3]) t.equal(textOf(workers.get(number)?.files.get('/one')), 'by 1')
  t.strictSame([...fleet.files], [['/one', 'digest']])
  t.strictSame([...(await fleet.ask({ kind: 'live' })).values()].toSorted(), ['live 1', 'live 2', 'live 3'])
  t.ok(await fleet.stop(0))
})

t.test('not more start at the same time than said', async (t) => {
  const { fleet, spawns } = setUp(t, 12)
  const starting: number[] = []
  const started = fleet.start(load('one'))
  while (fleet.ready < 12) {
    starting.push(spawns.length - fleet.ready)
    await Promise.resolve()
    if (starting.length % 10 === 0) await setImmediate()
  }
  await started
  t.equal(Math.max(...starting), 4)
  t.strictSame(
    spawns.toSorted((a, b) => a - b),
    Array.from({ length: 12 }, (_, i) => i + 1),
  )
})

t.test('a configuration that one refuses runs in none', async (t) => {
  for (const refusing of [[1], [2], [3]]) {
    const { fleet, live } = setUp(t, 3)
    await fleet.start(load('one'))
    const error = await fleet.load(load('two', { refusing })).catch((refused: unknown) => refused)
    t.match(error, { problems: [{ path: ['x'], message: `${refusing} refuses` }], files: ['/missing'] })
    t.strictSame(live(), ['one', 'one', 'one'])
    await fleet.load(load('three'))
    t.strictSame(live(), ['three', 'three', 'three'])
  }
})

t.test('nothing runs if the last step fails', async (t) => {
  const { fleet, live } = setUp(t, 2)
  await fleet.start(load('one'))
  await t.rejects(
    fleet.load(load('two'), async () => {
      throw new Error('the document changed')
    }),
    /the document changed/,
  )
  t.strictSame(live(), ['one', 'one'])
})

t.test('one that ends while it loads does not fail the load; two do', async (t) => {
  const { fleet, live, spawns } = setUp(t, 3)
  await fleet.start(load('one'))
  await fleet.load(load('one that ends', { ending: [1] }))
  await until(() => fleet.ready === 3)
  t.strictSame(live(), Array(3).fill('one that ends'), 'its successor loads what the others run')
  t.strictSame(spawns.toSorted(), [1, 1, 2, 3])
  await t.rejects(
    fleet.load(load('bad', { deadly: true })),
    /worker \d ended while it loaded this configuration: exit code 7/,
  )
})

t.test('a worker that is killed is replaced, and a load meanwhile reaches its successor', async (t) => {
  const { fleet, workers, live } = setUp(t, 2)
  await fleet.start(load('one'))
  workers.get(2)?.spawned.kill()
  await fleet.load(load('two'))
  await until(() => fleet.ready === 2)
  t.strictSame(live(), ['two', 'two'])
  t.equal(textOf(workers.get(2)?.files.get('/two')), 'by 1')
})

t.test('a worker that starts while the gateway drains drains too', async (t) => {
  const { fleet, workers } = setUp(t, 2)
  await fleet.start(load('one'))
  fleet.drain()
  workers.get(2)?.spawned.kill()
  await until(() => fleet.ready === 1)
  await until(() => fleet.ready === 2 && workers.get(2)?.draining === true)
  t.ok(workers.get(2)?.draining)
})

t.test('a configuration that no worker can build is refused at the start', async (t) => {
  const { fleet } = setUp(t, 2)
  await t.rejects(fleet.start(load('one', { refusing: [1] })), /1 refuses/)
})

t.test('workers that end at the start end the start', async (t) => {
  const { fleet, spawns } = setUp(t, 2)
  await t.rejects(fleet.start(load('one', { deadly: true })), /no worker can start; the last one ended: exit code 7/)
  t.strictSame(spawns.filter((number) => number === 1).length, 5)
})

t.test('where no worker can listen the start fails', async (t) => {
  const { fleet } = setUp(t, 2)
  unopenable.add('busy')
  await t.rejects(fleet.start(load('busy')), /the address is in use/)
})

t.test('who does not answer in time is left out', async (t) => {
  const { fleet } = setUp(t, 2)
  await fleet.start(load('one'))
  t.equal((await fleet.ask({ kind: 'activity' })).size, 0)
})

t.test(
  'whatever the order of deliveries and deaths, all end with the newest configuration that was applied',
  async () => {
    const step = fc.oneof(
      fc.record({ kill: fc.integer({ min: 1, max: 3 }) }),
      fc.record({ load: fc.constantFrom('fine', 'refused', 'ending'), worker: fc.integer({ min: 1, max: 3 }) }),
      fc.record({ turns: fc.integer({ min: 1, max: 8 }) }),
    )
    let run = 0
    await fc.assert(
      fc.asyncProperty(
        fc.array(step, { maxLength: 8 }),
        fc.array(fc.nat(3), { minLength: 8, maxLength: 8 }),
        async (steps, delays) => {
          run++
          let n = 0
          const queues = { first: Promise.resolve(), second: Promise.resolve() }
          const deliver: Deliver = (to, delivery) => {
            const turns = delays[n++ % delays.length]!
            queues[to] = queues[to].then(async () => {
              for (let i = 0; i < turns; i++) await setImmediate()
              delivery()
            })
          }
          const { fleet, workers, live } = setUp({ teardown() {} }, 3, deliver)
          await fleet.start(load('0'))
          let applied = '0'
          const loads: Promise<unknown>[] = []
          for (const [i, one] of steps.entries()) {
            if ('kill' in one) workers.get(one.kill)?.spawned.kill()
            else if ('turns' in one) for (let k = 0; k < one.turns; k++) await setImmediate()
            else {
              const name = `${run}.${i + 1}`
              const next = load(
                name,
                { fine: {}, refused: { refusing: [1, 2, 3] }, ending: { ending: [one.worker] } }[one.load],
              )
              loads.push(
                fleet.load(next).then(
                  () => (applied = name),
                  () => {},
                ),
              )
            }
          }
          await Promise.all(loads)
          const expected = () => [...workers.values()].every((worker) => worker.live === applied) && fleet.ready === 3
          for (let i = 0; i < 3000 && !expected(); i++) await setTimeout(1)
          if (!expected()) throw new Error(`${live()} instead of ${applied}; ${fleet.ready} are ready`)
          fleet.kill()
        },
      ),
      { numRuns: 40 },
    )
  },
)
