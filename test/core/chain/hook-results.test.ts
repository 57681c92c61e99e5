import t from 'tap'
import { Body } from '../../../core/api/body.ts'
import { HeaderList } from '../../../core/api/header-list.ts'
import { type Response, reply } from '../../../core/api/reply.ts'
import {
  checkLeftResponse,
  promptVerdictOf,
  responseOf,
  targetOf,
  verdictOf,
} from '../../../core/chain/hook-results.ts'
import { exchange, targetOf as target, withResponse } from '../../../core/testing.ts'

const REPLY = reply(403, 'no')
const JUNK = [null, true, false, 0, 'text', Symbol('s'), {}, [], () => {}, new Map()]
const response = (rest: object = {}) => ({ status: 200, headers: new HeaderList(), body: Body.empty(), ...rest })

const NOWHERE = { write: () => true, end() {}, fail() {} }

/** What the check threw. */
function thrown(check: () => unknown): unknown {
  try {
    check()
  } catch (error) {
    return error
  }
  return 'nothing'
}

const errorOf = (hook: string, message: RegExp) => ({
  code: 'filter_error',
  filter: 'f',
  hook,
  cause: { name: 'TypeError', message },
})

t.test('a verdict is nothing or a reply', async (t) => {
  t.equal(verdictOf(undefined, 'f', 'request'), undefined)
  t.equal(verdictOf(REPLY, 'f', 'request'), REPLY)
  for (const junk of [...JUNK, Promise.resolve()])
    t.match(
      thrown(() => verdictOf(junk, 'f', 'request')),
      errorOf('request', /^the hook returned .*; it may return nothing, or a reply/),
      typeof junk,
    )
})

t.test('a synchronous hook returns no promise', async (t) => {
  t.equal(promptVerdictOf(undefined, 'f', 'admit'), undefined)
  t.equal(promptVerdictOf(REPLY, 'f', 'admit'), REPLY)
  t.match(
    thrown(() => promptVerdictOf(1, 'f', 'admit')),
    errorOf('admit', /returned a number; it may/),
  )
  const rejecting = Promise.reject(new Error('handled'))
  t.match(
    thrown(() => promptVerdictOf(rejecting, 'f', 'admit')),
    errorOf('admit', /^the hook returned a promise; it is synchronous/),
  )
})

t.test('a response, or a reply with the name of the filter', async (t) => {
  const upgrade = { socket: { destroy() {} }, protocol: 'echo', idleMs: 0 }
  for (const whole of [response(), response({ status: 101, upgrade }), response({ status: 999, statusText: 'odd' })])
    t.equal(responseOf(whole, 'f', 'call'), whole)
  const copy = responseOf(REPLY, 'f', 'call')
  t.match(copy, { status: 403, reason: 'no', filter: 'f' })
  t.not(copy, REPLY, 'other filters may return the same object')
  t.equal(responseOf(copy, 'outer', 'upstream'), copy, 'it keeps the name of the filter that made it')
  const broken = [
    { status: 99 },
    { status: 100 },
    { status: 101 },
    { status: 200, upgrade: {} },
    { status: 1000 },
    { status: 200.5 },
    { status: '200' },
  ]
  const parts = [{ headers: { 'x-a': '1' } }, { headers: undefined }, { body: 'text' }, { body: undefined }]
  for (const wrong of [undefined, ...JUNK, ...[...broken, ...parts].map(response)])
    t.match(
      thrown(() => responseOf(wrong, 'f', 'call')),
      errorOf('call', /must return a response or a reply/),
    )
})

t.test('a target, a reply or nothing', async (t) => {
  const chosen = target('http://a.test')
  t.equal(targetOf(chosen, 'f'), chosen)
  t.equal(targetOf(undefined, 'f'), undefined)
  t.match(targetOf(REPLY, 'f'), { filter: 'f' })
  t.match(
    thrown(() => targetOf(Promise.resolve(chosen), 'f')),
    errorOf('pick', /returned a promise; it is synchronous/),
  )
  for (const junk of JUNK)
    t.match(
      thrown(() => targetOf(junk, 'f')),
      errorOf('pick', /must return a target/),
      typeof junk,
    )
})

t.test('an error names the kind of a value, not the value', async (t) => {
  const kinds: [value: unknown, kind: string][] = [
    [null, 'null'],
    ['secret', 'a string'],
    [['secret'], 'an array'],
    [{ secret: 1 }, 'an object that is neither'],
  ]
  for (const [value, kind] of kinds) {
    const { cause } = thrown(() => verdictOf(value, 'f', 'routed')) as { cause: Error }
    t.ok(cause.message.startsWith(`the hook returned ${kind};`), cause.message)
    t.notMatch(cause.message, 'secret')
  }
  t.match(
    thrown(() => responseOf(undefined, 'f', 'call')),
    { cause: { message: /^the hook returned nothing;/ } },
  )
})

t.test('a response whose body was read already can not be sent', async (t) => {
  const read = response({ body: Body.of('text') }) as Response
  read.body.pipe(NOWHERE)
  t.match(
    thrown(() => responseOf(read, 'f', 'call')),
    errorOf('call', /body nobody has read/),
  )
})

t.test('a response that a hook has edited', async (t) => {
  const left = (edit: (response: { -readonly [K in keyof Response]: Response[K] }) => unknown) => {
    const x = withResponse(exchange())
    edit(x.response)
    return thrown(() => checkLeftResponse(x))
  }
  t.throws(() => checkLeftResponse(exchange()), /can not be sent/)
  t.equal(
    left(() => {}),
    'nothing',
  )
  t.equal(
    left((r) => (r.status = 404)),
    'nothing',
  )
  t.match(
    left((r) => (r.status = Number.NaN)),
    /can not be sent/,
  )
  t.match(
    left((r) => (r.status = 101)),
    /can not be sent/,
    'no tunnel, no switch',
  )
  t.match(
    left((r) => {
      r.body = Body.of('a')
      r.body.pipe(NOWHERE)
    }),
    /has read the body/,
  )
})
