import { setImmediate, setTimeout } from 'node:timers/promises'
import fc from 'fast-check'
import t from 'tap'
import { type Batch, Values } from '../../../core/fleet/values.ts'

t.test('who comes gets everything, then what changes', async (t) => {
  const values = new Values()
  values.set('a', 1)
  values.set('b', 2)
  const batches: Batch[] = []
  const sender = values.sendTo((batch) => batches.push(batch) > 0)
  await setImmediate()
  t.strictSame(batches.splice(0), [
    [
      ['a', 1],
      ['b', 2],
    ],
  ])
  for (let i = 0; i < 1000; i++) values.set('a', i)
  values.set('b', undefined)
  values.set('never', undefined)
  await setImmediate()
  t.strictSame(batches, [], 'nothing while a batch is under way')
  sender.taken()
  await setImmediate()
  t.strictSame(batches.splice(0), [
    [
      ['a', 999],
      ['b', undefined],
    ],
  ])
  sender.taken()
  values.forget(sender)
  values.set('a', 'late')
  await setImmediate()
  t.strictSame(batches, [])
})

t.test('a batch that could not be sent is sent later, without a further change', async (t) => {
  const values = new Values()
  values.set('a', 1)
  const sent = Promise.withResolvers<Batch>()
  let attempts = 0
  values.sendTo((batch) => {
    if (++attempts < 3) return false
    sent.resolve(batch)
    return true
  })
  // The retry alone does not keep the process.
  const alive = setInterval(() => {}, 1000)
  t.strictSame(await sent.promise, [['a', 1]])
  const forgotten = values.sendTo(() => {
    attempts++
    return false
  })
  await setImmediate()
  values.forget(forgotten)
  await setTimeout(250)
  clearInterval(alive)
  t.equal(attempts, 4)
})

t.test('whatever is lost on the way, the other side ends with the same values', async () => {
  const change = fc.record({ key: fc.constantFrom('a', 'b', 'c'), value: fc.option(fc.nat(9), { nil: undefined }) })
  await fc.assert(
    fc.asyncProperty(fc.array(fc.record({ change, sendable: fc.boolean(), taken: fc.boolean() })), async (steps) => {
      const values = new Values()
      const other = new Map<string, unknown>()
      let sendable = true
      let underWay = 0
      let mostUnderWay = 0
      const sender = values.sendTo((batch) => {
        if (!sendable) return false
        mostUnderWay = Math.max(mostUnderWay, ++underWay)
        for (const [key, value] of batch) {
          if (value === undefined) other.delete(key)
          else other.set(key, value)
        }
        return true
      })
      const take = (): void => {
        if (underWay === 0) return
        underWay--
        sender.taken()
      }
      for (const step of steps) {
        sendable = step.sendable
        values.set(step.change.key, step.change.value)
        await Promise.resolve()
        if (step.taken) take()
      }
      sendable = true
      values.set('last', true)
      for (let i = 0; i < 4; i++) {
        await Promise.resolve()
        take()
      }
      const all = [...values.keys()].map((key) => [key, values.get(key)]).toSorted()
      return mostUnderWay <= 1 && JSON.stringify(all) === JSON.stringify([...other].toSorted())
    }),
  )
})
