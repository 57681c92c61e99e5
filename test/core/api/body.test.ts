import { createGunzip, createGzip, gzipSync } from 'node:zlib'
import t from 'tap'
import { Body } from '../../../core/api/body.ts'
import { WeirError } from '../../../core/api/errors.ts'
import { Collect, inHook, Manual } from './support.ts'

t.test('tap sees every chunk, and backpressure passes', async (t) => {
  const source = new Manual()
  const body = new Body(source, undefined)
  const seen: string[] = []
  body.tap((chunk) => seen.push(chunk.toString()))
  const sink = new Collect()
  const handle = body.pipe(sink)!
  t.equal(source.sink!.write(Buffer.from('ab')), true)
  sink.more = false
  t.equal(source.sink!.write(Buffer.from('cd')), false)
  handle.pause()
  t.equal(source.paused, true)
  handle.resume()
  t.equal(source.paused, false)
  source.sink!.end()
  t.strictSame([seen, sink.text, sink.ended], [['ab', 'cd'], 'abcd', true])
  t.throws(() => body.tap(() => {}), /already been read/)
})

t.test('through a transform', async (t) => {
  const body = Body.of(gzipSync('a'.repeat(200_000)))
  body.through(createGunzip())
  t.equal(body.length, undefined)
  t.equal(body.changed, true)
  t.equal((await body.buffer(1_000_000)).length, 200_000)
  const broken = Body.of('not gzip')
  broken.through(createGunzip())
  await t.rejects(broken.buffer(1000), { code: 'filter_error', cause: { message: 'incorrect header check' } })
})

t.test('a transform that is full pauses its source', async (t) => {
  const source = new Manual()
  const body = new Body(source, undefined)
  body.through(createGzip({ writableHighWaterMark: 8 } as object))
  const whole = body.buffer(1_000_000)
  t.equal(source.sink!.write(Buffer.alloc(1000)), false)
  t.equal(source.paused, true)
  source.sink!.end()
  t.ok((await whole).length > 0)
})

t.test('buffer', async (t) => {
  const body = Body.of('hello')
  t.equal((await body.buffer(5)).toString(), 'hello')
  t.equal((await body.buffer(5)).toString(), 'hello', 'stays readable')
  await t.rejects(Body.of('hello').buffer(4), { code: 'request_body_too_large' })
  const source = new Manual()
  const late = new Body(source, undefined).buffer(4)
  source.sink!.write(Buffer.from('abc'))
  source.sink!.write(Buffer.from('de'))
  await t.rejects(late, { code: 'request_body_too_large' })
  t.match(source.cancelled, [{ code: 'request_body_too_large' }])
  t.equal((await Body.empty().buffer(0)).length, 0)
})

t.test('replay and rewind', async (t) => {
  const source = new Manual()
  const body = new Body(source, undefined)
  body.replay(6)
  t.equal(body.rewind(), true, 'not started yet')
  body.pipe(new Collect())
  source.sink!.write(Buffer.from('abc'))
  t.equal(body.rewind(), true)
  const second = new Collect()
  body.pipe(second)
  source.sink!.write(Buffer.from('def'))
  source.sink!.end()
  t.strictSame([second.text, second.ended], ['abcdef', true])
  t.equal(body.rewind(), true)
  const third = new Collect()
  body.pipe(third)
  t.strictSame([third.text, third.ended], ['abcdef', true])
  const big = Body.of('too much')
  big.replay(3)
  big.pipe(new Collect())
  t.equal(big.rewind(), false)
})

t.test('chunks between a rewind and the next start are kept, even beyond the cap', async (t) => {
  const source = new Manual()
  const body = new Body(source, undefined)
  body.replay(4)
  body.pipe(new Collect())
  source.sink!.write(Buffer.from('abc'))
  t.equal(body.rewind(), true)
  t.equal(source.sink!.write(Buffer.from('def')), false)
  t.equal(source.paused, true)
  const sink = new Collect()
  body.pipe(sink)
  source.sink!.write(Buffer.from('g'))
  source.sink!.end()
  t.equal(sink.text, 'abcdefg')
  t.equal(body.rewind(), false)
})

t.test('a replay pauses when its sink has enough', async (t) => {
  const source = new Manual()
  const body = new Body(source, undefined)
  body.replay(4)
  body.pipe(new Collect())
  for (const chunk of ['ab', 'cd']) source.sink!.write(Buffer.from(chunk))
  t.equal(body.rewind(), true)
  const sink = new Collect()
  sink.more = false
  const handle = body.pipe(sink)!
  t.strictSame([sink.text, source.paused], ['ab', true])
  t.equal(source.sink!.write(Buffer.from('ef')), false, 'what comes meanwhile waits')
  source.sink!.end()
  t.strictSame([sink.text, sink.ended], ['ab', false])
  handle.resume()
  t.strictSame([sink.text, sink.ended], ['abcd', false])
  sink.more = true
  handle.resume()
  t.strictSame([sink.text, sink.ended], ['abcdef', true])
  sink.ended = false
  handle.resume()
  t.equal(sink.ended, false, 'the end is told once')
  t.equal(body.rewind(), false)
})

t.test('a replay continues with its source after what was kept', async (t) => {
  const source = new Manual()
  const body = new Body(source, undefined)
  body.replay(100)
  const first = body.pipe(new Collect())!
  source.sink!.write(Buffer.from('ab'))
  first.cancel(new Error('that attempt failed'))
  t.strictSame([source.paused, source.cancelled], [true, []])
  t.equal(body.rewind(), true)
  const sink = new Collect()
  const handle = body.pipe(sink)!
  t.strictSame([sink.text, source.paused], ['ab', false])
  handle.pause()
  t.equal(source.paused, true)
  handle.resume()
  t.equal(source.paused, false)
  const broken = new WeirError('upstream_reset')
  source.sink!.fail(broken)
  t.equal(sink.error, broken)
  t.equal(body.rewind(), true)
  const last = new Collect()
  body.pipe(last)
  t.strictSame([last.text, last.error], ['ab', broken])
})

t.test('a body kept for replay that is discarded, or wrapped, cancels its source', async (t) => {
  const error = new Error('over')
  const unread = new Manual()
  const first = new Body(unread, undefined)
  first.replay(100)
  first.discard(error)
  t.strictSame(unread.cancelled, [error])
  const read = new Manual()
  const second = new Body(read, undefined)
  second.replay(100)
  const handle = second.pipe(new Collect())!
  read.sink!.write(Buffer.from('ab'))
  handle.cancel()
  t.strictSame(read.cancelled, [], 'it may be sent again')
  second.discard(error)
  t.strictSame(read.cancelled, [error])
  const wrapped = new Manual()
  const third = new Body(wrapped, undefined)
  third.replay(100)
  third.tap(() => {})
  third.pipe(new Collect())!.cancel(error)
  t.strictSame(wrapped.cancelled, [error])
  t.equal(third.rewind(), false)
})

t.test('discard, replace, watch', async (t) => {
  const source = new Manual()
  const body = new Body(source, 3)
  const ends: unknown[] = []
  body.watch((end) => ends.push(end))
  body.replace('new')
  t.strictSame(ends, ['dropped'])
  t.equal(source.cancelled.length, 1)
  t.equal((await body.buffer(9)).toString(), 'new')
  const failed = new Manual()
  const other = new Body(failed, undefined)
  other.watch((end) => ends.push(end))
  const sink = new Collect()
  other.pipe(sink)
  const error = new WeirError('upstream_reset')
  failed.sink!.fail(error)
  t.equal(sink.error, error)
  t.equal(ends[1], error)
})

t.test('watch on an empty body calls its function at once', async (t) => {
  const ends: unknown[] = []
  Body.empty().watch((end) => ends.push(end))
  const dropped = Body.of('a')
  dropped.discard()
  dropped.watch((end) => ends.push(end))
  t.strictSame(ends, ['ended', 'ended'])
  const broken = (): never => {
    throw new Error('in the hook')
  }
  t.throws(() => Body.empty().watch(broken), { message: 'in the hook' })
  t.doesNotThrow(() => Body.empty().tap(broken))
})

t.test('a body that is dropped is empty and changed, unless there were no bytes', async (t) => {
  const body = new Body(new Manual(), 3)
  body.discard()
  t.match(body, { empty: true, length: 0, changed: true })
  const unknown = new Body(new Manual(), undefined)
  unknown.discard()
  t.match(unknown, { empty: true, length: 0, changed: true })
  const none = new Body(new Manual(), 0)
  none.discard()
  t.match(none, { empty: true, length: 0, changed: false })
  const empty = Body.empty()
  empty.discard()
  t.equal(empty.changed, false)
})

t.test('the length of a body is a number of bytes, or unknown', async (t) => {
  const body = Body.of('abc')
  for (const wrong of ['3', '3\r\nX: y', -1, 1.5, NaN, Infinity, null])
    t.throws(() => Object.assign(body, { length: wrong }), { name: 'TypeError', message: /number of bytes/ })
  t.throws(() => new Body(new Manual(), '3' as never), /number of bytes/)
  t.equal(body.length, 3)
  body.length = undefined
  t.equal(body.length, undefined)
})

t.test('bytes that can not be sent replace nothing', async (t) => {
  const body = Body.of('abc')
  t.throws(() => body.replace({ no: 'bytes' } as never))
  t.strictSame([body.changed, String(await body.buffer(9))], [false, 'abc'])
})

t.test('an empty body that was buffered is empty', async (t) => {
  const source = new Manual()
  const body = new Body(source, undefined)
  const bytes = body.buffer(10)
  source.sink!.end()
  t.equal((await bytes).length, 0)
  t.match(body, { empty: true, length: 0, started: false, changed: false })
})

t.test('a body that a hook has read breaks off for the next reader, as the error of that hook', async (t) => {
  const source = new Manual()
  const body = new Body(source, undefined)
  const late = inHook('greedy', 'request', () => body.buffer(4))
  source.sink!.write(Buffer.from('too long'))
  await t.rejects(late, { code: 'request_body_too_large' })
  const sink = new Collect()
  t.equal(body.pipe(sink), undefined)
  t.match(sink.error, {
    code: 'filter_error',
    filter: 'greedy',
    hook: 'request',
    cause: { message: /already been read/ },
  })
  t.throws(() => body.tap(() => {}), /already been read/)
})

t.test('what replaces a body ends a wait for the old one', async (t) => {
  const body = new Body(new Manual(), undefined)
  const bytes = body.buffer(10)
  inHook('hasty', 'response', () => body.replace('new'))
  await t.rejects(bytes, { code: 'filter_error', filter: 'hasty', cause: { message: /dropped while it was read/ } })
  t.equal(String(await body.buffer(10)), 'new')
})

t.test('bytes that come in the moment of a replacement do not win', async (t) => {
  const source = new Manual()
  const body = new Body(source, undefined)
  const bytes = body.buffer(10)
  source.sink!.write(Buffer.from('old'))
  source.sink!.end()
  body.replace('new')
  t.equal(String(await bytes), 'old')
  t.equal(String(await body.buffer(10)), 'new')
})
