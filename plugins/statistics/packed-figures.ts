import { COUNTS, type Figures } from './figures.ts'
import { BUCKETS } from './latency-sketch.ts'
import { PackedBytesError, type PackedReader, type PackedWriter } from './packed-bytes.ts'

/**
 * Writes figures: a bit for each count that is not zero, those counts, the first bucket of the sketch that is not empty, the number of
 * buckets up to the last one, and their counts. A bucket of zero is followed by how many more of them come. A step with a hundred
 * requests takes about 50 bytes.
 */
export function writeFigures(to: PackedWriter, { counts, latency }: Figures): void {
  let mask = 0
  for (let i = 0; i < COUNTS; i++) if (counts[i]! >= 0.5) mask |= 1 << i
  to.number(mask)
  for (let i = 0; i < COUNTS; i++) if (counts[i]! >= 0.5) to.number(Math.round(counts[i]!))
  const buckets = latency.counts
  let first = 0
  while (first < buckets.length && buckets[first] === 0) first++
  let end = buckets.length
  while (end > first && buckets[end - 1] === 0) end--
  to.number(end - first)
  if (end === first) return
  to.number(latency.low + first)
  for (let i = first; i < end; i++) {
    const count = buckets[i]!
    to.number(count)
    if (count > 0) continue
    const run = i
    while (buckets[i + 1] === 0) i++
    to.number(i - run)
  }
}

/** Adds what was written to figures. @throws PackedBytesError */
export function readFigures(from: PackedReader, into: Figures): void {
  const mask = from.number()
  if (mask >= 1 << COUNTS) throw new PackedBytesError('unknown counts')
  for (let i = 0; i < COUNTS; i++) if ((mask & (1 << i)) !== 0) into.counts[i]! += from.number()
  const span = from.number()
  if (span === 0) return
  const first = from.number()
  if (first + span > BUCKETS) throw new PackedBytesError('unknown buckets')
  for (let i = 0; i < span; i++) {
    const count = from.number()
    if (count > 0) into.latency.addTo(first + i, count)
    else i += from.number()
  }
}
