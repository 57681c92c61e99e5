import { createReadStream, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { open } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PassThrough, Readable } from 'node:stream'
import t from 'tap'
import { Body, defineFilter, HeaderList, reply, WeirError } from '../../../core/index.ts'
import { specOf, startGateway } from '../../../core/testing.ts'
import { send } from '../../support/client.ts'
import { Errors, inHook } from './support.ts'

/** Reads a body; `take` says whether it takes more at once. */
function read(body: Body, take: () => boolean = () => true) {
  const { promise, resolve } = Promise.withResolvers<{ text: string; error: Error | undefined }>()
  let text = ''
  const source = body.pipe({
    write: (chunk) => {
      text += chunk.toString()
      return take()
    },
    end: () => resolve({ text, error: undefined }),
    fail: (error) => resolve({ text, error }),
  })!
  return { source, over: promise }
}

t.test('bytes and texts of a stream', async (t) => {
  const body = Body.from(Readable.from(['a', Buffer.from('b'), new Uint8Array([0x63])]), 3)
  t.equal(body.length, 3)
  t.same(await read(body).over, { text: 'abc', error: undefined })
})

t.test('the stream pauses when the sink has enough', async (t) => {
  const stream = new PassThrough()
  const { source, over } = read(Body.from(stream), () => false)
  stream.write('a')
  await new Promise(setImmediate)
  t.equal(stream.isPaused(), true)
  source.resume()
  t.equal(stream.isPaused(), false)
  source.pause()
  t.equal(stream.isPaused(), true)
  stream.end('b')
  source.resume()
  await new Promise(setImmediate)
  source.resume()
  t.same(await over, { text: 'ab', error: undefined })
})

t.test('an error, a close too early, something that is no bytes: the body breaks off', async (t) => {
  const failing = new PassThrough()
  const failed = read(Body.from(failing))
  failing.destroy(new Error('disk'))
  t.match(await failed.over, { error: { code: 'filter_error', cause: { message: 'disk' } } })

  const closing = new PassThrough()
  const closed = read(Body.from(closing))
  closing.destroy()
  t.match(await closed.over, { error: { cause: { message: 'the stream closed before its end' } } })

  const objects = Readable.from([{ no: 'bytes' }])
  t.match(await read(Body.from(objects)).over, { error: { cause: { message: /made of bytes/ } } })
  t.equal(objects.destroyed, true)

  const known = new WeirError('upstream_reset')
  const passing = new PassThrough()
  const passed = read(Body.from(passing))
  passing.destroy(known)
  t.equal((await passed.over).error, known)
})

t.test('what went wrong before anybody reads is not lost', async (t) => {
  const missing = createReadStream(join(tmpdir(), 'weir', 'no', 'such', 'file'))
  const body = Body.from(missing)
  await new Promise((resolve) => missing.once('close', resolve))
  t.match(await read(body).over, { text: '', error: { cause: { code: 'ENOENT' } } })

  const drained = Readable.from([])
  await drained.toArray()
  t.match(await read(Body.from(drained)).over, { error: { cause: { message: 'the stream had ended already' } } })
})

t.test('a body that nobody wants destroys its stream', async (t) => {
  const unread = new PassThrough()
  Body.from(unread).discard()
  t.equal(unread.destroyed, true)
  const begun = new PassThrough()
  const { source } = read(Body.from(begun))
  source.cancel()
  begun.emit('data', Buffer.from('late'))
  t.equal(begun.destroyed, true)
  t.throws(() => Body.from('a text' as never), /takes a readable stream/)
})

t.test('one stream for two bodies is an error where it is given', async (t) => {
  const stream = new PassThrough()
  const body = Body.from(stream)
  t.throws(() => Body.from(stream), /given to a body before; create one for every body/)
  t.throws(() => Body.of('a').through(stream), /given to a body before/)
  stream.end('mine')
  t.equal(String(await body.buffer(10)), 'mine')
})

t.test('texts of a stream that decodes are encoded again', async (t) => {
  for (const encoding of ['utf8', 'latin1', 'hex', 'base64'] as const) {
    const stream = new PassThrough()
    stream.setEncoding(encoding)
    stream.end(Buffer.from('grün'))
    t.equal(String(await Body.from(stream).buffer(10)), 'grün', encoding)
  }
})

t.test('methods of a stream that throw', async (t) => {
  const broken = (name: string) => (): never => {
    throw new Error(name)
  }
  for (const method of ['pause', 'resume'] as const) {
    const stream = new PassThrough()
    const { source, over } = read(inHook('files', 'call', () => Body.from(stream)))
    stream[method] = broken(method)
    source[method]()
    t.match(await over, { error: { code: 'filter_error', filter: 'files', hook: 'call', cause: { message: method } } })
  }
  const errors = new Errors()
  const stream = new PassThrough()
  stream.destroy = broken('destroy')
  inHook('files', 'call', () => Body.from(stream), errors).discard()
  t.match(errors.reported, [{ filter: 'files', cause: { message: 'destroy' } }])
})

t.test('a terminal filter serves a file', async (t) => {
  const dir = mkdtempSync(join(tmpdir(), 'weir-body-'))
  t.teardown(() => rmSync(dir, { recursive: true }))
  writeFileSync(join(dir, 'api'), 'x'.repeat(300_000))
  const files = defineFilter({
    name: 'files',
    apiVersion: 1,
    terminal: true,
    create: () => ({
      async call(x) {
        const file = await open(join(dir, x.request.path)).catch(() => undefined)
        if (file === undefined) return reply(404, 'no_file')
        const { size } = await file.stat()
        const headers = HeaderList.of({ 'Content-Type': 'text/plain', 'Content-Length': String(size) })
        return { status: 200, headers, body: Body.from(file.createReadStream(), size) }
      },
    }),
  })
  const spec = specOf([{ name: 'api', url: 'http://127.0.0.1:9' }], [['route-match', { prefix: '' }], 'files'])
  const gateway = await startGateway(spec, { filters: [files] })
  t.teardown(() => gateway.close())
  const { status, body, headers } = await send(`${gateway.url}/api`)
  t.same([status, headers['content-length'], body], [200, '300000', 'x'.repeat(300_000)])
  const none = await send(`${gateway.url}/api/none`)
  t.match([none.status, none.json()], [404, { code: 'no_file' }])
  const head = await send(`${gateway.url}/api`, { method: 'HEAD' })
  t.same([head.status, head.headers['content-length'], head.body], [200, '300000', ''])
})
