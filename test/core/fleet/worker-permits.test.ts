// Permits of several workers: both ends over channels in this process, with reordered timing, and workers that end.
import { mock } from 'node:test'
import { setImmediate } from 'node:timers/promises'
import fc from 'fast-check'
import t from 'tap'
import { pairedChannels } from '../../../core/fleet/channel.ts'
import { FleetPermits, type PermitTaker } from '../../../core/fleet/fleet-permits.ts'
import type { PermitAnswers, PermitBatch } from '../../../core/fleet/messages.ts'
import { WorkerPermits } from '../../../core/fleet/worker-permits.ts'

type Deliver = Parameters<typeof pairedChannels>[0]

/** A worker with both ends of its channel. */
function addWorker(fleet: FleetPermits, count: number, deliver?: Deliver) {
  const [primary, worker] = pairedChannels<PermitBatch, PermitAnswers>(deliver)
  const member: PermitTaker = { link: { sendPermits: (answers) => void primary.send(answers) } }
  const sent: PermitBatch[] = []
  const permits = new WorkerPermits((batch) => {
    sent.push(batch)
    return worker.send(batch)
  }, count)
  fleet.greeted(member)
  primary.onMessage((batch) => fleet.take(member, batch))
  primary.onClose(() => fleet.gone(member))
  worker.onMessage((answers) => permits.take(answers))
  worker.onClose(() => permits.closed())
  return { permits, worker, primary, sent }
}

/** What became of a question. */
interface Call {
  state: 'waits' | 'active' | 'refused' | 'over'
  release(): void
}

function call(permits: WorkerPermits, maxConcurrent: number, maxQueue: number, pool = 'p'): Call {
  const asked: Call = { state: 'waits', release: () => {} }
  const release = permits.ask(
    pool,
    { maxConcurrent, maxQueue },
    {
      granted: () => {
        asked.state = 'active'
      },
      refused: () => {
        asked.state = 'refused'
      },
    },
  )
  asked.release = () => {
    asked.state = 'over'
    release()
  }
  return asked
}

async function settled(): Promise<void> {
  for (let i = 0; i < 30; i++) await setImmediate()
}

const states = (calls: readonly Call[]): string => calls.map(({ state }) => state[0]).join('')

t.test('a limit holds over workers; the queue is one, first come, first served', async (t) => {
  const fleet = new FleetPermits()
  const [a, b] = [addWorker(fleet, 2), addWorker(fleet, 2)]
  const calls: Call[] = []
  for (const { permits } of [a, b, a, b, a]) {
    calls.push(call(permits, 2, 2))
    await settled()
  }
  t.equal(states(calls), 'aawwr')
  calls[0]!.release()
  calls[0]!.release()
  await settled()
  t.equal(states(calls), 'oaawr')
  calls[3]!.release()
  calls[1]!.release()
  calls[2]!.release()
  await settled()
  const more = Array.from({ length: 3 }, () => call(b.permits, 2, 0))
  const other = call(b.permits, 2, 0, 'q')
  await settled()
  t.equal(states([...more, other]), 'aara')
})

t.test('what is asked in one turn is one message, and there is none of what was taken back', async (t) => {
  const fleet = new FleetPermits()
  const { permits, sent } = addWorker(fleet, 2)
  const calls = Array.from({ length: 100 }, () => call(permits, 50, 0))
  calls[7]!.release()
  await settled()
  t.strictSame(
    sent.map(({ asked, left }) => [asked.length, left.length]),
    [[99, 0]],
  )
  for (const one of calls) one.release()
  await settled()
  t.strictSame(
    sent.slice(1).map(({ asked, left }) => [asked.length, left.length]),
    [[0, 50]],
    'those that were refused are not told again',
  )
})

t.test('what a worker had is free when it ends', async (t) => {
  const fleet = new FleetPermits()
  const [a, b] = [addWorker(fleet, 2), addWorker(fleet, 2)]
  const [first, queued] = [call(a.permits, 1, 5), call(a.permits, 1, 5)]
  await settled()
  const other = call(b.permits, 1, 5)
  await settled()
  t.equal(states([first, queued, other]), 'aww')
  a.worker.close()
  await settled()
  t.equal(other.state, 'active')
})

t.test('without the primary each worker gives out its part', async (t) => {
  const fleet = new FleetPermits()
  const { permits, primary, sent } = addWorker(fleet, 2)
  const before = Array.from({ length: 3 }, () => call(permits, 4, 1))
  await settled()
  primary.close()
  await settled()
  const messages = sent.length
  const after = [call(permits, 4, 1), call(permits, 4, 1)]
  await settled()
  t.equal(states(before) + states(after), 'aaawr', 'half of four, and one may wait')
  before[0]!.release()
  before[1]!.release()
  await settled()
  t.equal(states(after), 'ar')
  t.equal(sent.length, messages, 'nobody is asked any more')
})

t.test('a primary that does not answer is not waited for; its late answers count', async (t) => {
  mock.timers.enable({ apis: ['setTimeout'] })
  t.teardown(() => mock.timers.reset())
  const fleet = new FleetPermits()
  const held: (() => void)[] = []
  let hangs = true
  const { permits } = addWorker(
    fleet,
    2,
    (_, delivery) => void (hangs ? held.push(delivery) : void setImmediate().then(delivery)),
  )
  const calls = Array.from({ length: 4 }, () => call(permits, 4, 0))
  await settled()
  t.equal(states(calls), 'wwww')
  mock.timers.tick(300)
  await settled()
  t.equal(states(calls), 'aarr')
  hangs = false
  for (let delivery = held.shift(); delivery !== undefined; delivery = held.shift()) delivery()
  await settled()
  t.equal(states(calls), 'aarr', 'who was refused does not hear of it again')
  const more = Array.from({ length: 4 }, () => call(permits, 4, 0))
  await settled()
  t.equal(states(more), 'aarr', 'two are still out')
})

t.test('never more than the limit, and nobody waits for nothing, whatever the order of messages', async () => {
  const step = fc.tuple(fc.constantFrom('ask', 'ask', 'release', 'deliver', 'deliver', 'end'), fc.nat(9), fc.nat(2))
  await fc.assert(
    fc.asyncProperty(
      fc.array(step, { maxLength: 120 }),
      fc.integer({ min: 1, max: 4 }),
      fc.nat(3),
      async (steps, max, queue) => {
        const fleet = new FleetPermits()
        // By end of a channel: deliveries to one end keep their order.
        const held: (() => void)[][] = []
        const add = () => {
          const ends = { first: [] as (() => void)[], second: [] as (() => void)[] }
          held.push(ends.first, ends.second)
          return { ...addWorker(fleet, 3, (to, delivery) => void ends[to].push(delivery)), calls: [] as Call[] }
        }
        const workers = [add(), add(), add()]
        const ended: Call[] = []
        const active = () => workers.flatMap(({ calls }) => calls).filter(({ state }) => state === 'active').length
        const deliver = (n: number): boolean => {
          const full = held.filter((list) => list.length > 0)
          full[n % full.length]?.shift()?.()
          return full.length > 0
        }
        for (const [kind, n, which] of steps) {
          const worker = workers[which]!
          if (kind === 'ask') worker.calls.push(call(worker.permits, max, queue))
          else if (kind === 'release') worker.calls[n]?.release()
          else if (kind === 'deliver') deliver(n)
          else if (n === 0) {
            worker.worker.close()
            ended.push(...worker.calls)
            // Its successor comes once the primary knows.
            while (deliver(0));
            workers[which] = add()
          }
          await setImmediate()
          if (active() > max) throw new Error(`${active()} of ${max}`)
        }
        for (let i = 0; i < 20; i++) {
          while (deliver(0));
          await setImmediate()
        }
        const waiting = workers.flatMap(({ calls }) => calls).filter(({ state }) => state === 'waits').length
        if (active() > max) throw new Error(`${active()} of ${max} at the end`)
        if (waiting > queue) throw new Error(`${waiting} wait, ${queue} may`)
        if (waiting > 0 && active() < max) throw new Error('one waits though there are permits')
      },
    ),
    { numRuns: 100 },
  )
})
