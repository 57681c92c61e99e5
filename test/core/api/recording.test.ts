import t from 'tap'
import { Recording } from '../../../core/api/recording.ts'
import { attempt, exchange, ManualClock, outcome, withResponse } from '../../../core/testing.ts'

function recording(explains = false) {
  const clock = new ManualClock()
  const x = exchange()
  const made = new Recording(x, clock, explains)
  const enter = (name: string) => {
    const known = made.steps.get(name)
    return made.enter(known ?? made.begin(name))
  }
  const self = (name: string) => made.steps.get(name)?.selfMs
  return { x, clock, made, enter, self, after: (ms: number) => clock.advance(ms) }
}

t.test(
  'each moment belongs to the innermost hook, else to the attempt that is open, else to the gateway',
  async (t) => {
    const { made, enter, self, after } = recording()
    after(1)
    const none = enter('retry')
    after(2)
    const retry = made.enter(undefined) // it waits for next
    after(4)
    const first = attempt(7, 1)
    made.beginAttempt(first)
    enter('proxy')
    after(8)
    made.enter(undefined)
    after(16)
    made.endAttempt(first, outcome('failure'))
    made.endAttempt(first, outcome('success'))
    made.enter(retry)
    after(32)
    made.enter(none)
    after(64)
    made.finish()
    after(128)
    made.enter(retry)
    made.finish()
    t.equal(self('retry'), 34)
    t.equal(self('proxy'), 8)
    t.match(made.attempts, [{ selfMs: 16, outcome: { result: 'failure' } }])
    t.equal(made.selfMs, 69)
    t.equal(made.at, 127)
  },
)

t.test('of attempts at once, an open one has the time', async (t) => {
  const { made, after } = recording()
  const [a, b] = [attempt(0, 1), attempt(1, 2)]
  made.beginAttempt(a)
  after(1)
  made.beginAttempt(b)
  after(2)
  made.endAttempt(b, outcome('success'))
  after(4)
  made.endAttempt(a, outcome('ignored'))
  made.endAttempt(attempt(9), outcome('ignored'))
  after(8)
  made.finish()
  t.strictSame(
    made.attempts.map(({ selfMs }) => selfMs),
    [5, 2],
  )
  t.equal(made.selfMs, 8)
})

t.test('names of changed fields belong to whoever worked meanwhile', async (t) => {
  const { x, made, enter } = recording(true)
  const { headers } = x.request
  headers.set('X-Engine', '1')
  const none = enter('a')
  headers.set('X-Request-Id', 'secret')
  headers.add('Accept', 'text/html')
  headers.add('accept', 'text/plain')
  const a = made.enter(undefined)
  enter('b')
  headers.delete('accept')
  headers.delete('x-engine')
  headers.set('X-Engine', '2')
  made.enter(a)
  withResponse(x, 200, { Server: 'up', Age: '1' })
  made.enter(none)
  enter('a')
  x.response!.headers.delete('age')
  x.response!.headers.set('X-Cache', 'hit')
  made.enter(undefined)
  made.finish()
  const changes = (name: string) => {
    const { request, response } = made.steps.get(name)!.changes!
    return [[...request.set], [...request.removed], [...response.set], [...response.removed]]
  }
  t.strictSame(changes('a'), [['X-Request-Id', 'Accept'], [], ['X-Cache'], ['Age']])
  t.strictSame(changes('b'), [['X-Engine'], ['Accept'], [], []])
  t.notMatch(JSON.stringify([...made.steps.keys(), changes('a')]), /secret/)
})

t.test('where no explanation is wanted, fields are not looked at', async (t) => {
  const { x, made, enter } = recording()
  enter('a')
  x.request.headers.set('X-A', '1')
  made.finish()
  t.equal(made.explains, false)
  t.equal(made.steps.get('a')!.changes, undefined)
})
