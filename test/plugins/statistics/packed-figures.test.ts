import fc from 'fast-check'
import t from 'tap'
import { Figures } from '../../../plugins/statistics/figures.ts'
import { PackedBytesError, PackedReader, PackedWriter } from '../../../plugins/statistics/packed-bytes.ts'
import { readFigures, writeFigures } from '../../../plugins/statistics/packed-figures.ts'
import { figures, sumOf, took } from './support.ts'

const packed = (of: Figures): Uint8Array => {
  const writer = new PackedWriter()
  writeFigures(writer, of)
  return writer.take()
}

t.test('figures are the same after packing, and add to what is there', async (t) => {
  fc.assert(
    fc.property(figures, figures, (one, other) => {
      const into = sumOf([one])
      const reader = new PackedReader(packed(other))
      readFigures(reader, into)
      t.strictSame(into.plain(), sumOf([one, other]).plain())
      return reader.isAtEnd
    }),
  )
})

t.test('nothing takes two bytes, and a busy step some dozens', async (t) => {
  t.equal(packed(new Figures()).length, 2)
  const busy = new Figures()
  for (let i = 0; i < 100; i++) {
    busy.counts[0]!++
    busy.took(5 + 0.3 * i)
  }
  t.ok(packed(busy).length < 40, `${packed(busy).length} bytes`)
  t.ok(packed(sumOf([took(0.1), took(60_000)])).length < 20, 'a gap between two buckets is short')
})

t.test('bytes of something else are an error', async () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
      const into = new Figures()
      try {
        readFigures(new PackedReader(bytes), into)
      } catch (error) {
        return error instanceof PackedBytesError
      }
      return into.latency.counts.length <= 256
    }),
  )
})
