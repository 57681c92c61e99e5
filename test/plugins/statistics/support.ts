import fc from 'fast-check'
import { ManualClock } from '../../../core/testing.ts'
import { COUNTS, Figures, MICROSECONDS } from '../../../plugins/statistics/figures.ts'
import { PackedWriter } from '../../../plugins/statistics/packed-bytes.ts'
import { writeFigures } from '../../../plugins/statistics/packed-figures.ts'

/** Figures of some requests. */
export const figures: fc.Arbitrary<Figures> = fc
  .record({
    counts: fc.array(fc.nat({ max: 2 ** 31 - 1 }), { minLength: COUNTS, maxLength: COUNTS }),
    took: fc.array(fc.double({ min: 0, max: 1e6, noNaN: true }), { maxLength: 20 }),
  })
  .map(({ counts, took }) => {
    const made = new Figures()
    for (const ms of took) made.took(ms)
    counts.forEach((count, i) => {
      made.counts[i]! += count
    })
    made.counts[MICROSECONDS] = Math.round(made.counts[MICROSECONDS]!)
    return made
  })

/** The sum of some figures. */
export function sumOf(all: Iterable<Figures>): Figures {
  const sum = new Figures()
  for (const one of all) sum.add(one)
  return sum
}

/** Figures of one request that took so long. @param requests so many of them */
export function took(ms: number, requests = 1): Figures {
  const made = new Figures()
  for (let i = 0; i < requests; i++) {
    made.counts[0]!++
    made.took(ms)
  }
  return made
}

/** A clock that is set back and forth; the monotonic time goes on. */
export class JumpingClock extends ManualClock {
  #jumped = 0

  override wall(): number {
    return super.wall() + this.#jumped
  }

  /** @param ms milliseconds; negative: back */
  jump(ms: number): void {
    this.#jumped += ms
  }
}

/** What a process hands over. */
export function pieceOf(records: readonly (readonly [at: number, key: string, figures: Figures])[]): Uint8Array {
  const writer = new PackedWriter()
  for (const [at, key, one] of records) {
    writer.number(at)
    writer.text(key)
    writeFigures(writer, one)
  }
  return writer.take()
}
