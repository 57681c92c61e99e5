import t from 'tap'
import type { Dispatcher } from 'undici'
import { HeaderList, WeirError } from '../../../core/index.ts'
import { ResponseSource } from '../../../filters/proxy/response-source.ts'

/** A source, its reader, and everything that both ends are told, in order. */
function made(accepts: (chunk: string) => boolean = () => true) {
  const log: string[] = []
  const controller = {
    pause: () => void log.push('upstream paused'),
    resume: () => void log.push('upstream resumed'),
  } as Dispatcher.DispatchController
  const source = new ResponseSource(controller, {
    resumed: () => void log.push('owner resumed'),
    cancel: (error) => void log.push(`owner cancelled: ${error?.message ?? 'client gone'}`),
  })
  const sink = {
    write: (chunk: Buffer) => {
      log.push(`got ${chunk}`)
      return accepts(String(chunk))
    },
    end: (trailers?: HeaderList) => void log.push(trailers === undefined ? 'ended' : `ended with ${[...trailers.raw]}`),
    fail: (error: Error) => void log.push(`failed: ${(error as WeirError).code}`),
  }
  const write = (text: string): void => source.write(Buffer.from(text))
  return { log, source, sink, write }
}

t.test('chunks that come before the body is read wait in order', async (t) => {
  const { log, source, sink, write } = made()
  write('a')
  write('b')
  t.same(log, [])
  source.start(sink)
  write('c')
  source.end(new HeaderList(['X-Sum', '1']))
  t.same(log, ['got a', 'got b', 'got c', 'ended with X-Sum,1'])
})

t.test('too many of them pause the upstream until the body is read', async (t) => {
  const { log, source, sink } = made()
  const chunk = Buffer.alloc(128 * 1024)
  source.write(chunk)
  t.equal(source.paused, false)
  source.write(chunk)
  t.equal(source.paused, true)
  source.start({ ...sink, write: () => true })
  t.same(log, ['upstream paused', 'owner resumed', 'upstream resumed'])
  t.equal(source.paused, false)
})

t.test('a reader that takes no more pauses the upstream', async (t) => {
  const { log, source, sink, write } = made((chunk) => chunk !== 'full')
  source.start(sink)
  write('full')
  t.equal(source.paused, true)
  source.resume()
  t.equal(source.paused, false)
  t.same(log, ['got full', 'upstream paused', 'owner resumed', 'upstream resumed'])

  const queued = made((chunk) => chunk !== 'full')
  queued.write('full')
  queued.write('more')
  queued.source.start(queued.sink)
  t.same(queued.log, ['got full', 'got more', 'upstream paused'], 'also one that says so of what was queued')
})

t.test('a body that is over before it is read', async (t) => {
  const ended = made()
  ended.write('a')
  ended.source.end(undefined)
  ended.source.start(ended.sink)
  t.same(ended.log, ['got a', 'ended'])

  const failed = made()
  failed.write('a')
  failed.source.fail(new WeirError('upstream_reset'))
  failed.source.start(failed.sink)
  t.same(failed.log, ['got a', 'failed: upstream_reset'])
})

t.test('a reader that cancels is told nothing more', async (t) => {
  const { log, source, sink } = made()
  source.start(sink)
  source.cancel(new Error('enough'))
  source.detach()
  source.fail(new WeirError('client_gone'))
  t.same(log, ['owner cancelled: enough'])
})
