import t from 'tap'
import type { Attempt, Outcome } from '../../../core/api/attempt.ts'
import { WeirError } from '../../../core/api/errors.ts'
import type { Filter, Finished, TerminalFilter } from '../../../core/api/filter.ts'
import { Recording } from '../../../core/api/recording.ts'
import { LocalReply, reply } from '../../../core/api/reply.ts'
import { traceFilter } from '../../../core/observe/filter-spans.ts'
import type { RecordingTrace } from '../../../core/observe/tracing.ts'
import { attempt, exchange, outcome, withResponse } from '../../../core/testing.ts'
import { HOSTILE } from '../../support/hostile.ts'

/** A trace that only remembers. */
class Memory implements RecordingTrace {
  readonly traceId = 'a'.repeat(32)
  readonly attempts: string[] = []
  attribute(): void {}
  event(): void {}
  beginAttempt(_x: unknown, { number }: Attempt): void {
    this.attempts.push(`begin ${number}`)
  }
  endAttempt({ number }: Attempt, { result }: Outcome): void {
    this.attempts.push(`end ${number} ${result}`)
  }
}

/** Each look at its clock moves it by 1 ms. */
function sampled() {
  const x = exchange()
  const trace = new Memory()
  x.trace = trace
  let now = 0
  const recording = new Recording(x, { now: () => ++now, wall: () => 0 }, false)
  x.recording = recording
  return { x, trace, recording, step: (name: string) => recording.steps.get(name) }
}

const NEW = { reason: undefined, changes: undefined }
const nothing = (): void => {}
const response = () => withResponse(exchange()).response

t.test('it has exactly the hooks of the filter, except dispose', async (t) => {
  const all: Filter = {
    request: nothing,
    routed: nothing,
    upstream: (_x, call, next) => next(call),
    admit: nothing,
    settled: nothing,
    response: nothing,
    log: nothing,
    dispose: nothing,
  }
  t.same(
    Object.keys(traceFilter(all, 'all')).sort(),
    Object.keys(all)
      .filter((hook) => hook !== 'dispose')
      .sort(),
  )
  t.same(Object.keys(traceFilter({}, 'none')), [])
  t.same(Object.keys(traceFilter({ call: response }, 'proxy')), ['call', 'settled'], 'a terminal filter always settles')
  t.same(Object.keys(traceFilter({ call: response, pick: () => reply(503, 'x') }, 'proxy')).sort(), [
    'call',
    'pick',
    'settled',
  ])
})

t.test('synchronous hooks stay synchronous, asynchronous ones asynchronous', async (t) => {
  const { x, step } = sampled()
  const filter = traceFilter({ request: nothing, routed: async () => reply(401, 'token_missing') }, 'auth')
  t.equal(filter.request!(x), undefined)
  t.strictSame(step('auth'), { ...NEW, name: 'auth', startedAt: 1, endedAt: 2, selfMs: 1, verdict: 'continue' })
  const promise = filter.routed!(x)
  t.ok(promise instanceof Promise)
  t.match(step('auth'), { startedAt: 1, endedAt: undefined, verdict: undefined }, 'runs again')
  t.ok((await promise) instanceof LocalReply)
  t.strictSame(step('auth'), {
    ...NEW,
    name: 'auth',
    startedAt: 1,
    endedAt: 4,
    selfMs: 2,
    verdict: 'reply',
    reason: 'token_missing',
  })
})

t.test('hooks keep their this', async (t) => {
  class Counting implements Filter {
    #n = 0
    request(): LocalReply {
      return reply(400, `n${++this.#n}`)
    }
  }
  const { x } = sampled()
  t.match(traceFilter(new Counting(), 'counting').request!(x), { reason: 'n1' })
})

t.test('errors pass through and are noted without their message', async (t) => {
  const { x, step } = sampled()
  const broken = new TypeError('secret')
  const fail = (error: unknown) => () => {
    throw error
  }
  t.throws(() => traceFilter({ request: fail(broken) }, 'sync').request!(x), broken)
  await t.rejects(traceFilter({ request: async () => fail(broken)() }, 'async').request!(x) as Promise<void>, broken)
  t.throws(() => traceFilter({ routed: fail(new WeirError('request_not_forwardable')) }, 'known').routed!(x))
  t.throws(() => traceFilter({ admit: fail('text') }, 'odd').admit!(x, attempt(0)))
  t.match(step('sync'), { verdict: 'error', reason: 'TypeError', endedAt: 2 })
  t.match(step('async'), { verdict: 'error', reason: 'TypeError' })
  t.match(step('known'), { verdict: 'error', reason: 'request_not_forwardable' })
  t.match(step('odd'), { verdict: 'error', reason: 'string' })
})

t.test('later hooks do not prolong an inbound step, but may change its verdict', async (t) => {
  const { x, step } = sampled()
  const filter = traceFilter(
    { request: nothing, settled: nothing, response: () => reply(502, 'bad_answer'), log: nothing },
    'f',
  )
  filter.request!(x)
  filter.settled!(x, attempt(0), outcome('success', 200))
  t.match(step('f'), { startedAt: 1, endedAt: 2, verdict: 'continue' })
  filter.response!(withResponse(x))
  t.match(step('f'), { startedAt: 1, endedAt: 2, verdict: 'reply', reason: 'bad_answer' })
  filter.log!({ exchange: x } as Finished)
  t.match(step('f'), { verdict: 'reply' })
})

t.test('a filter whose first hook comes late is noted for that hook', async (t) => {
  const { x, step } = sampled()
  const filter = traceFilter({ settled: nothing, log: nothing }, 'metrics')
  filter.settled!(x, attempt(0), outcome('success', 200))
  filter.log!({ exchange: x } as Finished)
  t.strictSame(step('metrics'), { ...NEW, name: 'metrics', startedAt: 1, endedAt: 2, selfMs: 2, verdict: 'continue' })
})

t.test("an endpoint's instance continues what the chain's began", async (t) => {
  const { x, recording, step } = sampled()
  traceFilter({ request: nothing }, 'auth').request!(x)
  traceFilter({ routed: () => reply(403, 'role_missing') }, 'auth').routed!(x)
  t.equal(recording.steps.size, 1)
  t.match(step('auth'), { startedAt: 1, endedAt: 4, selfMs: 2, verdict: 'reply' })
})

t.test('the terminal filter: an attempt begins before the call and ends when it is settled', async (t) => {
  const { x, trace, step } = sampled()
  const terminal: TerminalFilter = {
    call: () => {
      trace.attempts.push('call')
      return Promise.reject(new WeirError('upstream_reset'))
    },
  }
  const filter = traceFilter(terminal, 'proxy')
  const first = attempt(0, 1)
  await t.rejects(filter.call(x, first, { upgrade: undefined }) as Promise<never>)
  filter.settled!(x, first, outcome('failure'))
  t.same(trace.attempts, ['begin 1', 'call', 'end 1 failure'])
  t.match(step('proxy'), { verdict: 'error', reason: 'upstream_reset' })

  const again = traceFilter({ call: response, settled: () => void trace.attempts.push('own settled') }, 'proxy')
  const second = attempt(1, 2)
  again.call(x, second, { upgrade: undefined })
  again.settled!(x, second, outcome('success', 200))
  t.same(trace.attempts.slice(3), ['begin 2', 'end 2 success', 'own settled'])
  t.match(step('proxy'), { verdict: 'continue', reason: undefined }, 'the last attempt decides')
})

t.test('pick is the first hook of a terminal filter', async (t) => {
  const { x, step } = sampled()
  const none = reply(503, 'no_target')
  t.equal(traceFilter({ call: response, pick: () => none }, 'proxy').pick!(x, []), none)
  t.match(step('proxy'), { verdict: 'reply', reason: 'no_target', startedAt: 1, endedAt: 2 })
})

t.test('without a trace it only passes on', async (t) => {
  const x = exchange()
  const refusal = reply(400, 'no')
  const filter = traceFilter({ request: () => refusal, log: nothing, call: response }, 'f')
  t.equal((filter as Filter).request!(x), refusal)
  filter.log!({ exchange: undefined, outcome: 'unparsed', status: 400, error: undefined, durationMs: 0 })
  const made = filter.call(x, attempt(0), { upgrade: undefined })
  t.match(made, { status: 200 })
  filter.settled!(x, attempt(0), outcome('success', 200))
})

t.test('what a hook throws passes as it is, whatever it is', async (t) => {
  for (const [what, value] of Object.entries(HOSTILE)) {
    const { x, step } = sampled()
    const filter = traceFilter({ request: throws(value), response: async () => throws(value)() }, 'bad')
    t.equal(
      caught(() => filter.request!(x)),
      value,
      what,
    )
    t.match(step('bad'), { verdict: 'error', reason: String, endedAt: Number }, what)
    const late = await (filter.response!(withResponse(x)) as Promise<void>).then(nothing, (error: unknown) => [error])
    t.ok(Array.isArray(late) && Object.is(late[0], value), `${what}, later`)
  }
  const long = Object.assign(new Error('x'), { name: 'N'.repeat(5000) })
  const { x, step } = sampled()
  caught(() => traceFilter({ request: throws(long) }, 'long').request!(x))
  t.ok(step('long')!.reason!.length < 200)
})

const throws = (value: unknown) => (): never => {
  throw value
}

function caught(run: () => unknown): unknown {
  try {
    return run()
  } catch (error) {
    return error
  }
}
