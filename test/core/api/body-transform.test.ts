import { type Duplex, PassThrough, Transform, type TransformOptions } from 'node:stream'
import { mock } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import { createGzip, gunzipSync } from 'node:zlib'
import t from 'tap'
import { Body } from '../../../core/api/body.ts'
import { WeirError } from '../../../core/api/errors.ts'
import { HeaderList } from '../../../core/api/header-list.ts'
import { Collect, Errors, inHook, Manual } from './support.ts'

/** A body of 'abc' that a hook sends through a stream. */
function through(stream: Duplex, watch = new Errors(), limitMs?: number): Body {
  const body = Body.of('abc')
  inHook('packer', 'response', () => body.through(stream), watch, limitMs)
  return body
}

const transform = (options: TransformOptions): Transform => new Transform(options)

t.test('one transform for two bodies is an error where it is given', async (t) => {
  const shared = createGzip()
  const first = through(shared)
  t.throws(() => through(shared), /given to a body before; create one for every body/)
  t.equal(gunzipSync(await first.buffer(100)).toString(), 'abc')
  t.throws(() => Body.from(shared), /given to a body before/)

  for (const end of [(stream: Duplex) => stream.end(), (stream: Duplex) => stream.destroy()]) {
    const stream = new PassThrough()
    end(stream)
    const body = Body.of('abc')
    t.throws(() => body.through(stream), /has ended already/)
    t.match(body, { length: 3, changed: false })
  }
})

t.test('a transform that ends, closes or fails before the body is read', async (t) => {
  const cause = new Error('too early')
  for (const [spoil, found] of [
    [(stream: Duplex) => stream.destroy(cause), cause],
    [(stream: Duplex) => stream.destroy(), { message: /closed before its end/ }],
    [(stream: Duplex) => stream.end(), { message: /had ended already/ }],
  ] as const) {
    const source = new Manual()
    const body = new Body(source, undefined)
    const stream = new PassThrough()
    inHook('packer', 'response', () => body.through(stream))
    spoil(stream)
    await turn()
    const sink = new Collect()
    body.pipe(sink)
    t.match(sink.error, { code: 'filter_error', filter: 'packer', hook: 'response', cause: found })
    t.equal(source.cancelled.length, 1)
  }
})

t.test('texts become bytes, in the encoding of the stream', async (t) => {
  for (const encoding of ['utf8', 'latin1', 'hex', 'base64'] as const) {
    const stream = new PassThrough()
    stream.setEncoding(encoding)
    const body = Body.of(Buffer.from('grün', 'utf8'))
    body.through(stream)
    t.equal(String(await body.buffer(100)), 'grün', encoding)
  }
  const texts = transform({ readableObjectMode: true, transform: (chunk, _encoding, done) => done(null, `<${chunk}>`) })
  t.equal(String(await through(texts).buffer(100)), '<abc>')
})

t.test('anything else breaks the body off, at once or later', async (t) => {
  for (const later of [false, true]) {
    const give = (done: (error: null, data: unknown) => void): void => done(null, { an: 'object' })
    const objects = transform({
      readableObjectMode: true,
      transform: (_chunk, _encoding, done) => void (later ? setImmediate(give, done) : give(done)),
    })
    await t.rejects(through(objects).buffer(100), {
      code: 'filter_error',
      filter: 'packer',
      hook: 'response',
      cause: { message: /made of bytes/ },
    })
    t.equal(objects.destroyed, true)
  }
})

t.test('what a transform throws, on whichever chunk, breaks the body off', async (t) => {
  let calls = 0
  const second = transform({
    transform(_chunk, _encoding, done) {
      if (++calls === 2) throw new Error('on the second')
      setImmediate(done)
    },
  })
  const source = new Manual()
  const body = new Body(source, undefined)
  inHook('packer', 'response', () => body.through(second))
  const whole = body.buffer(100)
  for (const chunk of ['a', 'b', 'c']) source.sink!.write(Buffer.from(chunk))
  await t.rejects(whole, { code: 'filter_error', filter: 'packer', cause: { message: 'on the second' } })
  t.equal(source.cancelled.length, 1)

  const flushing = transform({
    transform: (chunk, _encoding, done) => done(null, chunk),
    flush() {
      throw new Error('in flush')
    },
  })
  await t.rejects(through(flushing).buffer(100), { filter: 'packer', cause: { message: 'in flush' } })
})

t.test('methods of a transform that throw', async (t) => {
  const broken = (name: string) => (): never => {
    throw new Error(name)
  }
  for (const method of ['pause', 'resume'] as const) {
    const stream = new PassThrough()
    const body = through(stream)
    const sink = new Collect()
    const handle = body.pipe(sink)!
    stream[method] = broken(method)
    handle[method]()
    t.match(sink.error, { filter: 'packer', cause: { message: method } })
  }
  const errors = new Errors()
  const stream = new PassThrough()
  stream.destroy = broken('destroy')
  const body = through(stream, errors)
  inHook('tapper', 'response', () => body.tap(broken('tap')))
  const sink = new Collect()
  body.pipe(sink)
  await turn()
  t.match(sink.error, { filter: 'tapper', cause: { message: 'tap' } })
  t.match(errors.reported, [{ filter: 'packer', cause: { message: 'destroy' } }])
})

t.test('chunks wait while the transform works, and the source while too many wait', async (t) => {
  const dones: (() => void)[] = []
  const slow = transform({
    writableHighWaterMark: 4,
    transform: (chunk, _encoding, done) => void dones.push(() => done(null, chunk)),
  })
  const source = new Manual()
  const body = new Body(source, undefined)
  body.through(slow)
  const sink = new Collect()
  body.pipe(sink)
  const write = (text: string): boolean => source.sink!.write(Buffer.from(text))
  t.strictSame([write('a'), write('bc'), source.paused], [true, true, false])
  t.strictSame([write('de'), source.paused], [false, true])
  source.sink!.end(new HeaderList(['X-Sum', '1']))
  for (const [text, paused] of [
    ['a', true],
    ['abc', true],
    ['abcde', true],
  ] as const) {
    dones.shift()!()
    await turn()
    t.strictSame([sink.text, source.paused], [text, paused])
  }
  t.equal(sink.ended, true)

  const again = new Manual()
  const other = new Body(again, undefined)
  other.through(transform({ writableHighWaterMark: 1, transform: (_c, _e, done) => void dones.push(done) }))
  other.pipe(new Collect())
  t.equal(again.sink!.write(Buffer.from('a')), false)
  t.equal(again.paused, true)
  dones.shift()!()
  await turn()
  t.equal(again.paused, false, 'it goes on when the transform has taken all')
})

t.test('a transform that ends before its source drops the rest', async (t) => {
  const source = new Manual()
  const body = new Body(source, undefined)
  const ends: unknown[] = []
  body.watch((end) => ends.push(end))
  body.through(
    transform({
      transform(chunk, _encoding, done) {
        this.push(chunk)
        this.push(null)
        done()
      },
    }),
  )
  const sink = new Collect()
  body.pipe(sink)
  source.sink!.write(Buffer.from('enough'))
  await turn()
  await turn()
  t.match(sink, { text: 'enough', ended: true, error: undefined })
  t.strictSame([ends, source.cancelled.length], [['dropped'], 1])
})

t.test('an error of the source passes as it is; a transform that is gone without a word is an error', async (t) => {
  const source = new Manual()
  const body = new Body(source, undefined)
  body.through(new PassThrough())
  const sink = new Collect()
  body.pipe(sink)
  const known = new WeirError('upstream_reset')
  source.sink!.fail(known)
  t.equal(sink.error, known)

  const silent = new Manual()
  const other = new Body(silent, undefined)
  const stream = new PassThrough({ emitClose: false })
  inHook('packer', 'response', () => other.through(stream))
  const told = new Collect()
  other.pipe(told)
  stream.destroy()
  silent.sink!.write(Buffer.from('a'))
  t.match(told.error, { filter: 'packer', cause: { message: /closed before its end/ } })
})

t.test('the hook_timeout of the filter limits how long a transform may do nothing', async (t) => {
  mock.timers.enable({ apis: ['setTimeout'] })
  t.teardown(() => mock.timers.reset())
  const stuck = transform({ transform() {} })
  const unflushed = transform({ transform: (chunk, _encoding, done) => done(null, chunk), flush() {} })
  for (const stream of [stuck, unflushed]) {
    const sink = new Collect()
    through(stream, undefined, 2000).pipe(sink)
    await turn()
    mock.timers.tick(1999)
    t.equal(sink.error, undefined)
    mock.timers.tick(1)
    const cause = { message: 'the transform did nothing for 2000 ms' }
    t.match(sink.error, { code: 'filter_timeout', filter: 'packer', hook: 'response', cause })
    t.equal(stream.destroyed, true)
  }
})

t.test('its time counts from the last that it did, and not while the source or the reader is slow', async (t) => {
  mock.timers.enable({ apis: ['setTimeout'] })
  t.teardown(() => mock.timers.reset())
  const source = new Manual()
  const body = new Body(source, undefined)
  const dones: (() => void)[] = []
  const slow = transform({ transform: (chunk, _encoding, done) => void dones.push(() => done(null, chunk)) })
  inHook('packer', 'response', () => body.through(slow), undefined, 2000)
  const sink = new Collect()
  const handle = body.pipe(sink)!
  mock.timers.tick(5000)
  source.sink!.write(Buffer.from('a'))
  source.sink!.write(Buffer.from('b'))
  mock.timers.tick(1500)
  dones.shift()!()
  await turn()
  mock.timers.tick(1500)
  sink.more = false
  dones.shift()!()
  await turn()
  source.sink!.write(Buffer.from('c'))
  source.sink!.end()
  mock.timers.tick(5000)
  t.match(sink, { text: 'ab', ended: false, error: undefined })
  handle.resume()
  mock.timers.tick(1500)
  dones.shift()!()
  await turn()
  handle.resume()
  await turn()
  t.match(sink, { text: 'abc', ended: true, error: undefined })
})
