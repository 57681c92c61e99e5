import { once } from 'node:events'
import t from 'tap'
import { Body, type BodySink, type BodySource, WeirError } from '../../../core/index.ts'
import { Upload } from '../../../filters/proxy/upload.ts'

/** A body whose chunks the test gives, and an upload of it that has begun. */
function uploading() {
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
  upload.read(0)
  return { upload, calls, sink: sink! }
}

t.test('the source is cancelled when the upload is destroyed', async (t) => {
  const { upload, calls, sink } = uploading()
  upload.on('error', () => {})
  upload.destroy(new Error('reset'))
  await new Promise((done) => upload.once('close', done))
  t.same(calls, ['cancel reset'])
  t.ok(sink.write(Buffer.alloc(128 * 1024)), 'what still comes is taken, and dropped')
  sink.end()
})

t.test('a body that breaks off destroys the upload with its error', async (t) => {
  const { upload, sink } = uploading()
  const failed = once(upload, 'error')
  sink.fail(new WeirError('client_gone'))
  t.match((await failed)[0], { code: 'client_gone' })
})

t.test('it is blocked while the upstream takes no more, and only then', async (t) => {
  const { upload, sink } = uploading()
  t.notOk(upload.blocked)
  t.notOk(sink.write(Buffer.alloc(64 * 1024)))
  t.ok(upload.blocked)
  upload.read()
  t.notOk(upload.blocked)
})
