import t from 'tap'
import type { GatewayEvent } from '../../../../core/index.ts'
import { EventRing, MAX_READERS } from '../../../../plugins/admin/api/event-ring.ts'

/** A ring whose time the test moves, and readers that write into texts. */
function make() {
  let listener: (event: GatewayEvent) => void = () => {}
  let fire: (() => void) | undefined
  let stopping = false
  const ring = new EventRing({
    events: {
      subscribe: (added) => {
        listener = added
        return () => {}
      },
    },
    timers: {
      after: (_ms, next) => {
        fire = next
        return {
          cancel: () => {
            fire = undefined
          },
        }
      },
    },
    stopping: async () => stopping,
  })
  const read = (takes = () => true, lastId?: string) => {
    const seen = { text: '', ended: false, failed: false }
    const source = ring.open(lastId)!.pipe({
      write: (chunk) => {
        seen.text += chunk
        return takes()
      },
      end: () => {
        seen.ended = true
      },
      fail: () => {
        seen.failed = true
      },
    })!
    return { seen, source }
  }
  return {
    ring,
    read,
    emit: (worker: number) => listener({ type: 'worker_ended', at: 1, worker }),
    tick: async (times = 1) => {
      for (let n = 0; n < times; n++) {
        fire?.()
        await new Promise((resolve) => setImmediate(resolve))
      }
    },
    round: () => new Promise((resolve) => setImmediate(resolve)),
    stop: () => {
      stopping = true
    },
    get ticks() {
      return fire !== undefined
    },
  }
}

t.test('comments keep a connection open that has nothing to tell', async (t) => {
  const made = make()
  const { seen } = made.read()
  await made.tick(14)
  t.notMatch(seen.text, /^:/m)
  await made.tick()
  t.match(seen.text, /\n\n: \n\n$/)
})

t.test('readers end when the gateway stops', async (t) => {
  const made = make()
  const [one, other] = [made.read(), made.read()]
  await made.tick()
  t.notOk(one.seen.ended)
  made.stop()
  await made.tick()
  t.ok(one.seen.ended && other.seen.ended)
  t.equal(made.ring.readers, 0)
  t.notOk(made.ticks, 'nothing runs without readers')
})

t.test('a reader that leaves is forgotten', async (t) => {
  const made = make()
  const { source, seen } = made.read()
  t.equal(made.ring.readers, 1)
  source.cancel()
  t.equal(made.ring.readers, 0)
  made.emit(1)
  await made.round()
  t.notMatch(seen.text, /worker/)
  made.ring.open(undefined)!.discard()
  t.equal(made.ring.readers, 0, 'one that was never read, as for HEAD')
  t.notOk(made.ticks)
})

t.test('a slow reader goes on where it was, and fails once that is not kept any more', async (t) => {
  const made = make()
  let takes = true
  const { seen, source } = made.read(() => takes)
  takes = false
  made.emit(0)
  await made.round()
  for (let n = 1; n < 1000; n++) made.emit(n)
  await made.round()
  t.match(seen.text, /"worker":0/)
  t.notMatch(seen.text, /"worker":1\D/)
  takes = true
  source.resume()
  const workers = Array.from(seen.text.matchAll(/"worker":(\d+)/g), ([, worker]) => Number(worker))
  t.strictSame(
    workers,
    Array.from({ length: 1000 }, (_, n) => n),
    'each once, in order',
  )
  takes = false
  for (let n = 0; n < 2; n++) {
    made.emit(n)
    await made.round()
  }
  for (let n = 0; n < 1000; n++) made.emit(n)
  await made.round()
  t.ok(seen.failed)
  t.equal(made.ring.readers, 0)
})

t.test('there is a bound on readers', async (t) => {
  const { ring } = make()
  for (let n = 0; n < MAX_READERS; n++) ring.open(undefined)
  t.equal(ring.open(undefined), undefined)
  ring.close()
  t.equal(ring.readers, 0)
})

t.test('one timer, also when readers change while it asks whether the gateway stops', async (t) => {
  const timers = new Set<() => void>()
  const ring = new EventRing({
    events: { subscribe: () => () => {} },
    timers: {
      after: (_ms, next) => {
        timers.add(next)
        return { cancel: () => timers.delete(next) }
      },
    },
    stopping: async () => false,
  })
  const sink = { write: () => true, end: () => {}, fail: () => {} }
  const first = ring.open(undefined)!.pipe(sink)!
  for (const fire of [...timers]) {
    timers.delete(fire)
    fire()
  }
  first.cancel()
  ring.open(undefined)!.pipe(sink)
  await new Promise((resolve) => setImmediate(resolve))
  t.equal(timers.size, 1)
})
