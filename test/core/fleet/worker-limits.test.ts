import t from 'tap'
import { FleetLimits } from '../../../core/fleet/fleet-limits.ts'
import { WorkerLimits } from '../../../core/fleet/worker-limits.ts'

/** Workers and the primary, whose messages arrive when `deliver` is called. */
function setUp(count: number) {
  const queue: (() => void)[] = []
  let messages = 0
  const workers = new Map<number, WorkerLimits>()
  const fleet = new FleetLimits((name, value) =>
    queue.push(() => {
      for (const worker of workers.values()) worker.take(name, value)
    }),
  )
  const add = (number: number): WorkerLimits => {
    fleet.greeted(number)
    const worker = new WorkerLimits(number, count, (name, use) => {
      messages++
      queue.push(() => fleet.take(number, name, use))
    })
    workers.set(number, worker)
    return worker
  }
  const deliver = (): void => {
    for (let next = queue.shift(); next !== undefined; next = queue.shift()) next()
  }
  return { fleet, add, deliver, sent: () => messages }
}

t.test('one worker may have what the others do not use', async (t) => {
  const { add, deliver } = setUp(4)
  const parts = [1, 2, 3, 4].map((number) => add(number).divide('connections', 100, () => {}))
  t.same(
    parts.map(({ part }) => part),
    [25, 25, 25, 25],
    'before anybody has said anything',
  )
  deliver()
  let used = 0
  while (used < parts[0]!.part) {
    parts[0]!.used(++used)
    deliver()
  }
  t.ok(used >= 97 && used <= 100, `${used}`)
  const total = parts.reduce((sum, { part }) => sum + Math.max(1, part), 0)
  t.ok(total <= 103, `${total}: each may always use one`)
  for (; used > 0; used--) parts[0]!.used(used - 1)
  deliver()
  t.ok(
    parts.every(({ part }) => part >= 20),
    'and what is free again is for all',
  )
})

t.test('a use that hardly changes is not told', async (t) => {
  const { add, deliver, sent } = setUp(2)
  const part = add(1).divide('requests', 1000, () => {})
  add(2)
  deliver()
  const before = sent()
  for (let i = 0; i < 1000; i++) part.used(50 + (i % 20))
  deliver()
  t.equal(sent() - before, 0)
})

t.test('what a worker used is free when it has ended; a new limit counts', async (t) => {
  const { fleet, add, deliver } = setUp(2)
  const first = add(1)
  const second = add(2)
  const changes: number[] = []
  const a = first.divide('requests', 10, (part) => changes.push(part))
  const b = second.divide('requests', 10, () => {})
  deliver()
  b.used(4)
  deliver()
  t.ok(a.part <= 6, `${a.part}`)
  t.equal(changes.at(-1), a.part)
  fleet.gone(2)
  deliver()
  t.equal(a.part, 10)
  const larger = first.divide('requests', 20, () => {})
  deliver()
  t.equal(larger.part, 20)
  const none = first.divide('requests', Number.POSITIVE_INFINITY, () => {})
  deliver()
  t.equal(none.part, Number.POSITIVE_INFINITY)
})
