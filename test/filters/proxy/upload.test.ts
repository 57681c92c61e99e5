import t from 'tap'
import { Body, type BodySink, type BodySource, WeirError } from '../../../core/index.ts'
import { Upload } from '../../../filters/proxy/upload.ts'

const nextTick = (): Promise<void> => new Promise((done) => process.nextTick(done))

/** A body whose chunks the test gives, an upload of it that has begun, and what happened. */
async function uploading() {
  const calls: string[] = []
  let sink: BodySink | undefined
  const source: BodySource = {
    start: (to) => {
      sink = to
    },
    pause: () => void calls.push('pause'),
    resume: () => void calls.push('resume'),
    cancel: (error) => void calls.push(`cancel ${error?.message}`),
  }
  const upload = new Upload(new Body(source, undefined))
  upload.on('data', (chunk) => void calls.push(`data ${String(chunk)}`))
  upload.on('end', () => void calls.push('end'))
  upload.on('error', (error) => void calls.push(`error ${(error as Error).message}`))
  upload.on('close', () => void calls.push('close'))
  upload.resume()
  t.notOk(sink, 'it begins after the code that calls resume')
  await nextTick()
  return { upload, calls, sink: sink! }
}

t.test('the chunks pass as they come, then the end', async (t) => {
  const { calls, sink } = await uploading()
  t.ok(sink.write(Buffer.from('a')))
  t.ok(sink.write(Buffer.from('b')))
  sink.end()
  t.same(calls, ['data a', 'data b', 'end'])
})

t.test('the source is cancelled when the upload is destroyed', async (t) => {
  const { upload, calls, sink } = await uploading()
  upload.destroy(new Error('reset'))
  upload.destroy(new Error('again'))
  t.same(calls, ['cancel reset'], 'listeners are told after the code that destroys it')
  await nextTick()
  t.same(calls, ['cancel reset', 'error reset', 'close'])
  t.ok(sink.write(Buffer.alloc(128 * 1024)), 'what still comes is taken, and dropped')
  sink.end()
  t.equal(calls.length, 3)
})

t.test('an upload that is destroyed before it begins reads nothing', async (t) => {
  const body = new Body({ start: () => t.fail('read'), pause() {}, resume() {}, cancel() {} }, undefined)
  const upload = new Upload(body)
  upload.resume()
  upload.destroy()
  await nextTick()
})

t.test('a body that breaks off destroys the upload with its error', async (t) => {
  const { upload, calls, sink } = await uploading()
  let error: unknown
  upload.on('error', (value) => {
    error = value
  })
  sink.fail(new WeirError('client_gone'))
  t.ok(upload.destroyed)
  await nextTick()
  t.match(error, { code: 'client_gone' })
  t.equal(calls.at(-1), 'close')
})

t.test('it is blocked while the upstream takes no more, and only then', async (t) => {
  const { upload, calls, sink } = await uploading()
  upload.on('data', () => upload.pause())
  t.notOk(upload.blocked)
  t.notOk(sink.write(Buffer.from('a')), 'the source pauses')
  t.ok(upload.blocked)
  upload.resume()
  t.notOk(upload.blocked)
  upload.resume()
  t.same(calls, ['data a', 'resume'], 'a source that runs is not told again')
})

t.test('a listener that was removed is called no more, even by its own event', async (t) => {
  const { upload, calls } = await uploading()
  const once = (): void => {
    calls.push('once')
    upload.removeListener('end', once)
  }
  upload.on('end', once)
  upload.end()
  upload.end()
  t.same(calls, ['end', 'once', 'end'])
})
