import t from 'tap'
import { EventListeners, FOR_INSTANCE, forInstance } from '../../../core/control/event-listeners.ts'
import { RecordingLogger } from '../../../core/testing/recording-logger.ts'

t.test('what one listener does is nothing to the others', async (t) => {
  const log = new RecordingLogger()
  const listeners = new EventListeners<number>(log, 'a listener of numbers')
  const heard: number[] = []
  const remove = listeners.add((n) => {
    remove()
    throw new Error(`not ${n}`)
  })
  listeners.add(async (n) => {
    throw new Error(`never ${n}`)
  })
  listeners.add((n) => heard.push(n))
  listeners.tell(1)
  listeners.tell(2)
  await Promise.resolve()
  t.strictSame(heard, [1, 2])
  t.equal(listeners.size, 2)
  t.match(
    log.lines.map(({ message, fields }) => [message, (fields.err as Error).message]),
    [
      ['a listener of numbers failed', 'not 1'],
      ['a listener of numbers failed', 'never 1'],
      ['a listener of numbers failed', 'never 2'],
    ],
  )
})

t.test('a signal removes a listener, and keeps nothing of one that was removed', async (t) => {
  const listeners = new EventListeners<number>(new RecordingLogger(), 'a listener')
  const controller = new AbortController()
  listeners.add(() => {}, controller.signal)
  const other = listeners.add(() => {}, controller.signal)
  other()
  other()
  t.equal(listeners.size, 1)
  controller.abort()
  t.equal(listeners.size, 0)
  listeners.add(() => {}, controller.signal)
  t.equal(listeners.size, 0, 'what comes after the end is not added')
})

t.test('only a service that knows instances makes one for each', async (t) => {
  const { signal } = new AbortController()
  const plain = { x: 1 }
  t.equal(forInstance(plain, signal), plain)
  t.equal(forInstance(undefined, signal), undefined)
  const knowing = { [FOR_INSTANCE]: (given: AbortSignal) => ({ given }) }
  t.equal((forInstance(knowing, signal) as unknown as { given: AbortSignal }).given, signal)
})
