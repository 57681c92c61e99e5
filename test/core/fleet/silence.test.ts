import { setTimeout } from 'node:timers/promises'
import t from 'tap'
import { Silence, watchSilence } from '../../../core/fleet/silence.ts'
import { RecordingLogger } from '../../../core/testing/recording-logger.ts'

t.test('silence adds up until a word', async (t) => {
  const silence = new Silence(100)
  t.strictSame([silence.tick(100), silence.tick(120)], [100, 220])
  silence.broken()
  t.equal(silence.tick(100), 100)
})

t.test('a tick that comes late says nothing of the worker', async (t) => {
  const silence = new Silence(100)
  t.strictSame([silence.tick(100), silence.tick(3_600_000), silence.tick(100)], [100, 100, 200])
})

t.test('a worker that has ended is not silent', async (t) => {
  let now = 0
  const kills: number[] = []
  const worker = (number: number, isGone: boolean) => {
    return { number, isGone, opened: true, silence: new Silence(10), spawned: { kill: () => void kills.push(number) } }
  }
  const workers = [worker(1, true), worker(2, false)]
  const clock = { now: () => (now += 10), wall: () => 0 }
  const watch = watchSilence(() => workers, { timeoutMs: 80, clock, log: new RecordingLogger() })
  // The watch alone does not keep the process.
  while (kills.length === 0) await setTimeout(5)
  watch.cancel()
  t.ok(kills.every((number) => number === 2))
})
