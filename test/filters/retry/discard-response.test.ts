import t from 'tap'
import { Body, type BodySink, type BodySource } from '../../../core/index.ts'
import { discardResponse } from '../../../filters/retry/discard-response.ts'

t.test('too much that is there already: the source is cancelled all the same', async (t) => {
  let cancelled = 0
  let started = false
  const body = new Body(
    {
      start(sink: BodySink) {
        for (let i = 0; i < 3; i++) sink.write(Buffer.alloc(400))
        started = true
      },
      pause() {},
      resume() {},
      cancel() {
        cancelled++
      },
    },
    undefined,
  )
  await discardResponse(body, 1000, 3_600_000)
  t.ok(started, 'nothing is thrown into it')
  t.equal(cancelled, 1)
})

t.test('64 KiB are read, one byte more closes the connection', async (t) => {
  const cancelled = async (declared: boolean, length: number): Promise<boolean> => {
    let cancels = 0
    const source: BodySource = {
      start(sink) {
        setImmediate(() => {
          for (let left = length; left > 0 && cancels === 0; left -= 1024)
            sink.write(Buffer.alloc(Math.min(left, 1024)))
          if (cancels === 0) sink.end()
        })
      },
      pause() {},
      resume() {},
      cancel() {
        cancels++
      },
    }
    await discardResponse(new Body(source, declared ? length : undefined), undefined, 3_600_000)
    return cancels > 0
  }
  for (const declared of [true, false]) {
    t.notOk(await cancelled(declared, 64 * 1024))
    t.ok(await cancelled(declared, 64 * 1024 + 1))
  }
})
