import t from 'tap'
import { TimerWheel } from '../../../core/base/timer-wheel.ts'
import type { WheelTurn } from '../../../core/index.ts'
import { SilenceWatch, Watched } from '../../../filters/proxy/silence-watch.ts'

class Request extends Watched {
  limit = 1000
  readonly silent: number[] = []
  failed = (): void => {}

  constructor(turn: WheelTurn) {
    super(turn)
  }
  idleLimit(): number {
    return this.limit
  }
  onIdle(ms: number): void {
    this.silent.push(ms)
    this.failed()
  }
}

function watch(shortestMs = 1000) {
  let now = 0
  const timers = new TimerWheel({ manual: true, now: () => now })
  const silence = new SilenceWatch(timers, shortestMs)
  const pass = (ms: number): void => {
    for (const end = now + ms; now < end; ) {
      now += 50
      timers.advance()
    }
  }
  const enter = (): Request => {
    const request = new Request(silence.turn)
    silence.enter(request)
    return request
  }
  return { timers, silence, pass, enter }
}

t.test('a request fails once, when it was silent for its limit, and little later', async (t) => {
  const { timers, pass, enter } = watch()
  const request = enter()
  pass(1000)
  t.same(request.silent, [], 'not early')
  pass(200)
  t.equal(request.silent.length, 1)
  t.ok(request.silent[0]! >= 1000 && request.silent[0]! <= 1200)
  t.equal(timers.size, 0)
  pass(5000)
  t.equal(request.silent.length, 1)
})

t.test('what happens counts, and an infinite limit never ends', async (t) => {
  const { silence, pass, enter } = watch()
  const [busy, paused, other] = [enter(), enter(), enter()]
  paused.limit = Number.POSITIVE_INFINITY
  for (let i = 0; i < 10; i++) {
    pass(500)
    busy.active = silence.turn
  }
  t.same([busy.silent, paused.silent, other.silent.length], [[], [], 1])
  paused.limit = 1000
  pass(200)
  t.equal(paused.silent.length, 1)
})

t.test('one that leaves is forgotten, wherever it stands, and the deadline goes with the last', async (t) => {
  const { timers, silence, pass, enter } = watch()
  const requests = Array.from({ length: 5 }, enter)
  for (const i of [2, 0, 4, 4]) silence.leave(requests[i]!)
  t.equal(timers.size, 1, 'one deadline for all')
  pass(1200)
  t.same(
    requests.map(({ silent }) => silent.length),
    [0, 1, 0, 1, 0],
  )
  t.equal(timers.size, 0)
  const again = enter()
  silence.leave(again)
  t.equal(timers.size, 0)
})

t.test('one that fails may take others with it, and begin a new one', async (t) => {
  const { timers, silence, pass, enter } = watch()
  const requests = Array.from({ length: 4 }, enter)
  const later: Request[] = []
  for (const request of requests)
    request.failed = () => {
      for (const other of requests) silence.leave(other)
      later.push(enter())
    }
  pass(1200)
  t.equal(requests.flatMap(({ silent }) => silent).length, 1)
  t.equal(later.length, 1)
  t.equal(timers.size, 1)
  pass(1200)
  t.equal(later[0]!.silent.length, 1)
  t.equal(timers.size, 0)
})

t.test('with a long limit it looks once a second', async (t) => {
  const { pass, enter } = watch(3_600_000)
  const request = enter()
  let looks = 0
  request.idleLimit = () => {
    looks++
    return 3_600_000
  }
  pass(10_000)
  t.ok(looks >= 8 && looks <= 10, `${looks}`)
})

t.test('what one throws does not end the watch over the others', async (t) => {
  let now = 0
  const timers = new TimerWheel({ manual: true, now: () => now, onError: () => {} })
  const silence = new SilenceWatch(timers, 1000)
  const requests = [new Request(silence.turn), new Request(silence.turn)]
  for (const request of requests) {
    request.failed = () => {
      throw new Error('failed')
    }
    silence.enter(request)
  }
  for (; now < 1500; now += 50) timers.advance()
  t.same(
    requests.map(({ silent }) => silent.length),
    [1, 1],
  )
  t.equal(timers.size, 0)
})
