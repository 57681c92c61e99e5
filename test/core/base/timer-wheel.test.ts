import { once } from 'node:events'
import { type AddressInfo, connect, createServer } from 'node:net'
import fc from 'fast-check'
import t from 'tap'
import { TimerWheel } from '../../../core/base/timer-wheel.ts'

const TICK = 50

t.test('never early, at most two ticks late, and a cancelled one never', async () => {
  const deadline = fc.record({ at: fc.nat(5000), ms: fc.nat(60_000), cancel: fc.boolean() })
  fc.assert(
    fc.property(fc.array(deadline, { minLength: 1, maxLength: 20 }), fc.nat(1_000_000), (deadlines, start) => {
      let now = start
      const wheel = new TimerWheel({ tick: TICK, manual: true, now: () => now })
      const fired = new Map<number, number>()
      const todo = deadlines.map((d, i) => ({ ...d, i })).sort((a, b) => a.at - b.at)
      const due = Math.max(...deadlines.map((d) => d.at + d.ms)) + 3 * TICK
      for (let next = 0; now <= start + due; now += 10) {
        while (next < todo.length && start + todo[next]!.at <= now) {
          const { i, ms, cancel } = todo[next++]!
          const began = now
          const made = wheel.after(ms, () => {
            if (fired.has(i)) throw new Error('fired twice')
            fired.set(i, now - began - ms)
          })
          if (cancel) made.cancel()
        }
        if (now % TICK < 10) wheel.advance()
      }
      return (
        wheel.size === 0 &&
        todo.every(({ i, cancel }) => {
          const late = fired.get(i)
          if (cancel) return late === undefined
          return late !== undefined && late >= 0 && late <= 2 * TICK + 10
        })
      )
    }),
    { numRuns: 60 },
  )
})

t.test('after a block the wheel fires nothing early', async (t) => {
  let now = 0
  const fired: string[] = []
  const wheel = new TimerWheel({ tick: TICK, manual: true, now: () => now })
  wheel.after(100, () => {
    fired.push('first')
    wheel.after(1000, () => fired.push('nested'))
  })
  now = 100_000
  wheel.after(1000, () => fired.push('second'))
  wheel.advance()
  t.strictSame(fired, ['first'])
  now += 999
  wheel.advance()
  t.strictSame(fired, ['first'])
  now += 1 + 2 * TICK
  wheel.advance()
  t.strictSame(fired.sort(), ['first', 'nested', 'second'])
})

t.test('a deadline that throws does not stop the others', async (t) => {
  let now = 0
  const errors: unknown[] = []
  const wheel = new TimerWheel({ tick: TICK, manual: true, now: () => now, onError: (error) => errors.push(error) })
  let fired = 0
  wheel.after(10, () => void fired++)
  wheel.after(10, () => {
    throw new Error('late')
  })
  const gone = wheel.after(10, () => void fired++)
  gone.cancel()
  gone.cancel()
  t.equal(wheel.size, 2)
  now = 200
  wheel.advance()
  t.equal(fired, 1)
  t.match(errors, [{ message: 'late' }])
})

t.test('the age of a turn counts from its end, however long it lasted', async (t) => {
  let now = 0
  const wheel = new TimerWheel({ tick: TICK, manual: true, now: () => now })
  wheel.after(100_000, () => {})
  const first = wheel.turn
  t.equal(wheel.since(first), 0)
  now = 5000
  t.equal(wheel.turn, first, 'the process was stalled: nobody has looked at the clock')
  t.equal(wheel.since(first), 0)
  wheel.advance()
  t.not(wheel.turn, first)
  now = 5070
  t.equal(wheel.since(first), 70)
})

t.test('after a block the sockets are read before a deadline fires', async (t) => {
  const order: string[] = []
  const server = createServer((socket) => {
    socket.on('data', () => order.push('data'))
    socket.on('error', () => {})
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => server.close())
  const client = connect((server.address() as AddressInfo).port, '127.0.0.1')
  t.teardown(() => client.destroy())
  await once(client, 'connect')
  const wheel = new TimerWheel()
  await new Promise<void>((resolve) => {
    wheel.after(100, () => {
      order.push('deadline')
      resolve()
    })
    setImmediate(() => {
      client.write('x')
      for (const end = performance.now() + 300; performance.now() < end; );
    })
  })
  t.strictSame(order, ['data', 'deadline'])
})
