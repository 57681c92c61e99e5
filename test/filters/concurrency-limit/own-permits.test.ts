import fc from 'fast-check'
import t from 'tap'
import { OwnPermits } from '../../../filters/concurrency-limit/own-permits.ts'

/** Whoever asks, and what it says when it has a permit. Undefined if it is refused. */
function wait(permits: OwnPermits, granted: () => void): { leave(): void } | undefined {
  let refused = false
  const leave = permits.ask({
    granted,
    refused: () => {
      refused = true
    },
  })
  return refused ? undefined : { leave }
}

t.test('first come, first served, within the bounds', async (t) => {
  const slots = new OwnPermits()
  slots.use({ maxConcurrent: 1, maxQueue: 2 }, slots.next())
  const order: string[] = []
  t.equal(slots.enter(), true)
  t.equal(slots.enter(), false)
  wait(slots, () => order.push('a'))
  const b = wait(slots, () => order.push('b'))!
  t.equal(
    wait(slots, () => order.push('c')),
    undefined,
  )
  t.equal(slots.queued, 2)
  b.leave()
  b.leave()
  wait(slots, () => order.push('c'))
  slots.release()
  t.equal(slots.enter(), false, 'nobody overtakes the queue')
  slots.release()
  slots.release()
  t.same(order, ['a', 'c'])
  t.equal(slots.active, 0)
})

t.test('later rules replace earlier ones, never the other way', async (t) => {
  const slots = new OwnPermits()
  const [first, failed, second] = [slots.next(), slots.next(), slots.next()]
  slots.use({ maxConcurrent: 1, maxQueue: 10 }, first)
  t.equal(slots.enter(), true)
  const entered: number[] = []
  for (let i = 0; i < 5; i++) wait(slots, () => entered.push(i))
  slots.use({ maxConcurrent: 3, maxQueue: 0 }, second)
  t.same(entered, [0, 1], 'a higher limit lets in who waits')
  slots.use({ maxConcurrent: 100, maxQueue: 100 }, failed)
  slots.use({ maxConcurrent: 100, maxQueue: 100 }, first)
  t.equal(slots.active, 3)
  t.equal(
    wait(slots, () => {}),
    undefined,
    'a shorter queue keeps those in it and takes no more',
  )
  slots.use({ maxConcurrent: 1, maxQueue: 10 }, slots.next())
  slots.release()
  slots.release()
  t.same(entered, [0, 1])
  slots.release()
  t.same(entered, [0, 1, 2])
})

t.test('agrees with a list', async () => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.integer({ min: 0, max: 9 }), fc.nat(5), fc.nat(5)), { maxLength: 300 }),
      (steps) => {
        const slots = new OwnPermits()
        let max = 2
        let queue = 2
        slots.use({ maxConcurrent: max, maxQueue: queue }, slots.next())
        let active = 0
        let waiting: number[] = []
        const expected: number[] = []
        const entered: number[] = []
        const waiters = new Map<number, { leave(): void }>()
        const settle = (): void => {
          while (active < max && waiting.length > 0) {
            active++
            expected.push(waiting.shift()!)
          }
        }
        steps.forEach(([kind, a, b], id) => {
          if (kind < 5) {
            const free = waiting.length === 0 && active < max
            if (slots.enter() !== free) throw new Error('enter')
            if (free) active++
            else {
              const waiter = wait(slots, () => entered.push(id))
              if ((waiter !== undefined) !== waiting.length < queue) throw new Error('wait')
              if (waiter === undefined) return
              waiters.set(id, waiter)
              waiting.push(id)
            }
          } else if (kind < 7) {
            if (active === 0) return
            slots.release()
            active--
            settle()
          } else if (kind < 9) {
            const id = waiting[a]
            if (id === undefined) return
            waiters.get(id)!.leave()
            waiting = waiting.filter((other) => other !== id)
          } else {
            max = a + 1
            queue = b
            slots.use({ maxConcurrent: max, maxQueue: queue }, slots.next())
            settle()
          }
        })
        return (
          slots.active === active &&
          slots.queued === waiting.length &&
          JSON.stringify(entered) === JSON.stringify(expected)
        )
      },
    ),
    { numRuns: 500 },
  )
})
