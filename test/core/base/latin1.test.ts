import t from 'tap'
import { latin1 } from '../../../core/base/latin1.ts'

t.test('each byte is a character', async (t) => {
  const bytes = Buffer.from(Array.from({ length: 256 }, (_, i) => i))
  t.equal(latin1(bytes), bytes.toString('latin1'))
  t.equal(latin1(bytes.subarray(65, 68)), 'ABC')
  t.equal(latin1(Buffer.alloc(0)), '')
})
