import t from 'tap'
import { Body, type BodySource } from '../../../core/api/body.ts'
import { WeirError } from '../../../core/api/errors.ts'
import { Collect, Errors, inHook, Manual } from './support.ts'

/** A body whose source a filter wrote, and what became of it. */
function made(source: Partial<BodySource>, watch = new Errors()) {
  const whole: BodySource = { start() {}, pause() {}, resume() {}, cancel() {}, ...source }
  const body = inHook('author', 'call', () => new Body(whole, undefined), watch)
  return { body, sink: new Collect(), watch }
}

function revoked(): object {
  const { proxy, revoke } = Proxy.revocable({}, {})
  revoke()
  return proxy
}

const thrown = (message: string) => (): never => {
  throw new Error(message)
}

t.test('what a source throws breaks the body off, as an error of the hook that made it', async (t) => {
  const starting = made({ start: thrown('start') })
  starting.body.pipe(starting.sink)
  t.match(starting.sink.error, { code: 'filter_error', filter: 'author', hook: 'call', cause: { message: 'start' } })

  const buffered = made({ start: thrown('start') })
  await t.rejects(buffered.body.buffer(10), { code: 'filter_error', filter: 'author' })

  for (const method of ['pause', 'resume'] as const) {
    const { body, sink } = made({ [method]: thrown(method) })
    body.tap(() => {})
    body.pipe(sink)![method]()
    t.match(sink.error, { code: 'filter_error', filter: 'author', cause: { message: method } })
  }

  const { body, sink, watch } = made({ cancel: thrown('cancel') })
  body.pipe(sink)!.cancel()
  t.match(watch.reported, [{ filter: 'author', cause: { message: 'cancel' } }])
  t.equal(sink.error, undefined)
})

t.test("what a source fails with is an error of the hook that made it, or the gateway's as it is", async (t) => {
  const cause = new Error('disk')
  const failing = made({ start: (sink) => sink.fail(cause) })
  failing.body.pipe(failing.sink)
  t.match(failing.sink.error, { code: 'filter_error', filter: 'author', cause })
  const known = new WeirError('upstream_reset')
  const passing = made({ start: (sink) => sink.fail(known) })
  passing.body.pipe(passing.sink)
  t.equal(passing.sink.error, known)
})

t.test('chunks are bytes, whatever stands behind the source', async (t) => {
  for (const wrap of [() => {}, (body: Body) => body.tap(thrown('not for the tap')), (body: Body) => body.limit(10)])
    for (const chunk of ['text', { an: 'object' }, 5, undefined, revoked()]) {
      let cancelled = 0
      const { body, sink } = made({ start: (to) => void to.write(chunk as never), cancel: () => void cancelled++ })
      wrap(body)
      body.pipe(sink)
      t.match(sink.error, { code: 'filter_error', filter: 'author', cause: { message: /made of bytes/ } })
      t.equal(cancelled, 1)
    }
  const plain = new Manual()
  const bytes = new Body(plain, 1).buffer(1)
  plain.sink!.write(new Uint8Array([0x61]) as Buffer)
  plain.sink!.end()
  t.equal((await bytes).toString(), 'a')
})

t.test('nothing comes after the end, or once nobody wants it', async (t) => {
  const source = new Manual()
  const sink = new Collect()
  const handle = new Body(source, undefined).pipe(sink)!
  const { sink: end } = source
  end!.write(Buffer.from('a'))
  end!.end()
  end!.end()
  end!.write(Buffer.from('b'))
  end!.fail(new Error('late'))
  handle.cancel()
  t.strictSame([sink.text, sink.ended, sink.error], ['a', true, undefined])

  const dropped = new Manual()
  const body = new Body(dropped, undefined)
  const ends: unknown[] = []
  body.watch((how) => ends.push(how))
  body.pipe(new Collect())!.cancel()
  dropped.sink!.end()
  t.strictSame(ends, ['dropped'])
})

t.test('something else than a source is an error where it is given', async (t) => {
  for (const wrong of ['text', {}, null, Buffer.from('a')])
    t.throws(() => new Body(wrong as never, 1), { name: 'TypeError', message: /takes a BodySource/ })
})
