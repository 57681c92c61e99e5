import t from 'tap'
import { exchange } from '../../../core/testing.ts'

t.test('onAbort after the abort calls at once, also when the exchange is over', async (t) => {
  const x = exchange()
  const called: string[] = []
  x.onAbort(() => called.push('before'))
  t.strictSame(called, [])
  x.abort()
  t.strictSame(called, ['before'])
  x.onAbort(() => called.push('after'))
  t.strictSame(called, ['before', 'after'])
  t.equal(x.signal.aborted, true, 'a signal that is made only now')
  x.seal()
  x.onAbort(() => called.push('over'))
  x.abort()
  t.strictSame(called, ['before', 'after', 'over'], 'each once')
})

t.test('onAbort of an exchange that ended well is never called', async (t) => {
  const x = exchange()
  x.onAbort(() => t.fail('called'))
  x.seal()
  x.abort()
  t.equal(x.aborted, false)
})
