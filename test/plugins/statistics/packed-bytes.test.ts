import fc from 'fast-check'
import t from 'tap'
import { PackedBytesError, PackedReader, PackedWriter } from '../../../plugins/statistics/packed-bytes.ts'

t.test('what is written is read', async () => {
  const value = fc.oneof(fc.maxSafeNat(), fc.string({ unit: 'binary' }), fc.uint8Array({ maxLength: 2000 }))
  fc.assert(
    fc.property(fc.array(value, { maxLength: 30 }), (values) => {
      const writer = new PackedWriter()
      for (const one of values)
        if (typeof one === 'number') writer.number(one)
        else if (typeof one === 'string') writer.text(one)
        else writer.block(one)
      const reader = new PackedReader(writer.take())
      const same = values.every((one) => {
        if (typeof one === 'number') return reader.number() === one
        if (typeof one === 'string') return reader.text() === one
        return Buffer.from(reader.block()).equals(one)
      })
      return same && reader.isAtEnd && writer.length === 0
    }),
  )
})

t.test('small numbers are short', async (t) => {
  const writer = new PackedWriter()
  writer.number(127)
  t.equal(writer.length, 1)
  writer.number(128)
  t.equal(writer.length, 3)
  t.same(writer.view, [127, 128, 1])
})

t.test('bytes of something else are an error, never more than there are', async (t) => {
  const read = (bytes: readonly number[], what: 'number' | 'text' | 'block') => () =>
    new PackedReader(Uint8Array.from(bytes))[what]()
  t.throws(read([], 'number'), /cut/)
  t.throws(read([128], 'number'), /cut/)
  t.throws(read(Array(20).fill(255), 'number'), /too large/)
  t.throws(read([3, 65], 'text'), /cut/)
  t.throws(read([1, 255], 'text'), /UTF-8/)
  t.throws(read([200, 1, 0], 'block'), /cut/)
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 30 }), (bytes) => {
      const reader = new PackedReader(bytes)
      try {
        while (!reader.isAtEnd) reader.text()
      } catch (error) {
        return error instanceof PackedBytesError
      }
      return true
    }),
  )
})
