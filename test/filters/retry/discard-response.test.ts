import t from 'tap'
import { Body, type BodySink } from '../../../core/index.ts'
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
  await discardResponse(body, 1000)
  t.ok(started, 'nothing is thrown into it')
  t.equal(cancelled, 1)
})
