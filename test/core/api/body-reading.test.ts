import t from 'tap'
import { Body, type BodySink } from '../../../core/api/body.ts'
import { WeirError } from '../../../core/api/errors.ts'
import { Collect, Errors, inHook, Manual } from './support.ts'

const bytes = (text: string): Buffer => Buffer.from(text)

/** A sink that throws where it is told to. */
class Throwing extends Collect {
  readonly #where: keyof BodySink
  constructor(where: keyof BodySink) {
    super()
    this.#where = where
  }
  override write(chunk: Buffer): boolean {
    this.#maybe('write')
    return super.write(chunk)
  }
  override end(): void {
    this.#maybe('end')
    super.end()
  }
  override fail(error: Error): void {
    super.fail(error)
    this.#maybe('fail')
  }
  #maybe(where: keyof BodySink): void {
    if (where === this.#where) throw new Error(`in ${where}`)
  }
}

t.test('a body has as many bytes as its length says, or breaks off', async (t) => {
  for (const [sent, taken, message] of [
    ['abcd', '', /more bytes than its length of 3/],
    ['ab', 'ab', /fewer bytes than its length of 3/],
  ] as const) {
    const source = new Manual()
    const sink = new Collect()
    new Body(source, 3).pipe(sink)
    source.sink!.write(bytes(sent))
    source.sink!.end()
    t.match(sink.error, { code: 'filter_error', filter: undefined, hook: 'body', cause: { message } })
    t.strictSame([sink.text, sink.ended], [taken, false])
    t.match(source.cancelled, [sink.error])
    const buffered = new Manual()
    const whole = new Body(buffered, 3).buffer(10)
    buffered.sink!.write(bytes(sent))
    buffered.sink!.end()
    await t.rejects(whole, { code: 'filter_error', cause: { message } })
  }
})

t.test(
  'what a sink throws breaks the body off, never reaches the source, and is an error of the hook that reads',
  async (t) => {
    const writing = new Manual()
    const atWrite = new Throwing('write')
    inHook('reader', 'response', () => new Body(writing, undefined).pipe(atWrite))
    t.equal(writing.sink!.write(bytes('a')), false)
    t.match(atWrite.error, { code: 'filter_error', filter: 'reader', hook: 'response', cause: { message: 'in write' } })
    t.match(writing.cancelled, [atWrite.error])
    t.doesNotThrow(() => writing.sink!.write(bytes('late')))

    const ending = new Manual()
    const atEnd = new Throwing('end')
    inHook('reader', 'response', () => new Body(ending, undefined).pipe(atEnd))
    ending.sink!.end()
    t.match(atEnd.error, { code: 'filter_error', filter: 'reader', cause: { message: 'in end' } })

    const failing = new Manual()
    const errors = new Errors()
    inHook('reader', 'response', () => new Body(failing, undefined).pipe(new Throwing('fail')), errors)
    failing.sink!.fail(new WeirError('upstream_reset'))
    t.match(errors.reported, [{ filter: 'reader', cause: { message: 'in fail' } }])
  },
)

t.test('an error of the gateway that a sink throws stays what it is', async (t) => {
  const source = new Manual()
  const sink = new Collect()
  const known = new WeirError('upstream_body_too_large')
  sink.write = () => {
    throw known
  }
  new Body(source, undefined).pipe(sink)
  source.sink!.write(bytes('a'))
  t.equal(sink.error, known)
})

t.test('a sink that forgets to return something takes all', async (t) => {
  const source = new Manual()
  new Body(source, undefined).pipe({ write: (() => {}) as never, end: () => {}, fail: () => {} })
  t.equal(source.sink!.write(bytes('a')), true)
})

t.test('a reader that gave up gets nothing, and moves nothing', async (t) => {
  const source = new Manual()
  const sink = new Collect()
  const reading = new Body(source, undefined).pipe(sink)!
  reading.cancel()
  reading.pause()
  t.equal(source.paused, false)
  source.sink!.write(bytes('a'))
  source.sink!.fail(new WeirError('upstream_reset'))
  t.strictSame([sink.text, sink.error], ['', undefined])
})

t.test('a body that is dropped while it is read breaks off', async (t) => {
  const source = new Manual()
  const body = new Body(source, undefined)
  const sink = new Collect()
  body.tap(() => inHook('dropper', 'response', () => body.discard()))
  body.pipe(sink)
  source.sink!.write(bytes('a'))
  t.match(sink.error, { code: 'filter_error', filter: 'dropper', cause: { message: /dropped while it was read/ } })
  t.equal(source.cancelled.length, 1)

  const known = new WeirError('client_gone')
  const other = new Body(new Manual(), undefined)
  const told = new Collect()
  other.pipe(told)
  other.discard(known)
  t.equal(told.error, known)
})

t.test('a sink that drops the body itself is not told', async (t) => {
  const source = new Manual()
  const body = new Body(source, undefined)
  const sink = new Collect()
  sink.write = () => {
    body.discard()
    return true
  }
  body.pipe(sink)
  source.sink!.write(bytes('a'))
  t.strictSame([sink.error, sink.ended, source.cancelled.length], [undefined, false, 1])
})

t.test('a hook that waits for a body hears that the engine dropped it: the client has left', async (t) => {
  const body = new Body(new Manual(), undefined)
  const waiting = inHook('patient', 'request', () => body.buffer(10))
  body.discard()
  await t.rejects(waiting, { code: 'client_gone' })
})

t.test('the terminal filter is not to blame for a body that is handed to it twice', async (t) => {
  const body = new Body(new Manual(), undefined)
  inHook('proxy', 'call', () => body.pipe(new Collect()))
  const again = new Collect()
  inHook('proxy', 'call', () => body.pipe(again))
  t.match(again.error, { code: 'filter_error', filter: undefined, cause: { message: /already been read/ } })
  t.notMatch((again.error!.cause as Error).stack, /\.ts/, 'nor is whoever notices it')
})
