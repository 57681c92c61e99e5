import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import { Body, type BodySink } from '../../../core/index.ts'
import { discard, pause } from '../../../filters/retry/discard-response.ts'
import { exchange } from '../../support/exchange.ts'

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
  await discard(body, 1000)
  t.ok(started, 'nothing is thrown into it')
  t.equal(cancelled, 1)
})

t.test('a wait beyond the range of timers does not end at once', async (t) => {
  const x = exchange()
  const waited = pause(x, 30 * 86_400_000).then(
    () => 'over',
    () => 'aborted',
  )
  await sleep(30)
  x.abort()
  t.equal(await waited, 'aborted')
})
