import { Figures } from './figures.ts'
import { PackedBytesError, PackedReader, PackedWriter } from './packed-bytes.ts'
import { readFigures, writeFigures } from './packed-figures.ts'

/** Bytes of a log beside its records: the objects (measured: test/bench/statistics-memory.ts). */
const OBJECTS = 320
const NONE = new Uint8Array(0)

// One of each for all logs: everything here is synchronous.
const figuresWriter = new PackedWriter()
const recordWriter = new PackedWriter()
const reader = new PackedReader(NONE)
const both = new Figures()

/**
 * The figures of one subject by step, packed one behind the other, in the order of the steps: step, length, figures. A step has one
 * record; steps in which nothing happened have none. Steps are numbers that rise with time; who holds the log knows how long one is.
 */
export class StepLog {
  #bytes: Uint8Array = NONE
  #start = 0
  #end = 0
  /** Where the last record begins, and of which step it is. */
  #lastAt = 0
  #lastStep = -Infinity
  /** Of the first record; no later than it. */
  #firstStep = Infinity

  /** Bytes that it holds. */
  get size(): number {
    return OBJECTS + this.#bytes.length
  }

  get isEmpty(): boolean {
    return this.#start === this.#end
  }

  /** The records as they are stored, until the next change. */
  get records(): Uint8Array {
    return this.#bytes.subarray(this.#start, this.#end)
  }

  /** A log of these records. @throws PackedBytesError if they are none */
  static of(records: Uint8Array): StepLog {
    const log = new StepLog()
    log.#bytes = records.slice()
    log.#end = records.length
    while (log.#start < log.#end) {
      const step = log.#open(log.#start)
      if (step <= log.#lastStep) throw new PackedBytesError('steps are not in order')
      log.#lastAt = log.#start
      log.#lastStep = step
      log.#firstStep = Math.min(log.#firstStep, step)
      both.clear()
      readFigures(reader, both)
      if (!reader.isAtEnd) throw new PackedBytesError('a record is too long')
      log.#start = reader.at
    }
    log.#start = 0
    return log
  }

  /** Adds figures to those of a step. */
  put(step: number, figures: Figures): void {
    if (step > this.#lastStep) return this.#splice(this.#end, this.#end, step, figures)
    if (step === this.#lastStep) return this.#merge(this.#lastAt, this.#end, step, figures)
    let at = this.#start
    while (at < this.#end) {
      const found = this.#open(at)
      const next = this.#next()
      if (found === step) return this.#merge(at, next, step, figures)
      if (found > step) break
      at = next
    }
    this.#splice(at, at, step, figures)
  }

  /** Drops what is before one step, or after another. @returns the number of records that were before */
  trim(first: number, last: number): number {
    let dropped = 0
    if (this.#firstStep < first) {
      while (this.#start < this.#end && this.#open(this.#start) < first) {
        this.#start = this.#next()
        dropped++
      }
      this.#firstStep = this.isEmpty ? Infinity : this.#open(this.#start)
    }
    if (this.#lastStep > last) this.#cut(last)
    if (this.isEmpty) this.#clear()
    else if (this.#bytes.length > 2 * (this.#end - this.#start) + 128) this.#move(this.#roomFor(0))
    return dropped
  }

  /** Adds up the figures from one step to another, both included. @param into what the figures of a step are added to */
  read(first: number, last: number, into: (step: number) => Figures): void {
    if (first > this.#lastStep) return
    for (let at = this.#start; at < this.#end; ) {
      const step = this.#open(at)
      if (step > last) return
      at = this.#next()
      if (step >= first) readFigures(reader, into(step))
    }
  }

  /** Reads the head of a record, and lets `reader` read its figures. */
  #open(at: number): number {
    reader.open(this.#bytes, at, this.#end)
    const step = reader.number()
    const length = reader.number()
    if (reader.at + length > this.#end) throw new PackedBytesError('a record is cut')
    this.#recordEnd = reader.at + length
    reader.open(this.#bytes, reader.at, this.#recordEnd)
    return step
  }

  #recordEnd = 0

  /** Where the record ends that was opened last. */
  #next(): number {
    return this.#recordEnd
  }

  #merge(at: number, next: number, step: number, figures: Figures): void {
    both.clear()
    this.#open(at)
    readFigures(reader, both)
    both.add(figures)
    this.#splice(at, next, step, both)
  }

  /** Puts a record in the place of the bytes from `at` to `next`. */
  #splice(at: number, next: number, step: number, figures: Figures): void {
    figuresWriter.length = 0
    writeFigures(figuresWriter, figures)
    recordWriter.length = 0
    recordWriter.number(step)
    recordWriter.block(figuresWriter.view)
    const record = recordWriter.view
    const more = record.length - (next - at)
    const isLast = next === this.#end
    const [from, to] = [at - this.#start, next - this.#start]
    if (this.#end + more > this.#bytes.length) this.#move(this.#roomFor(more))
    const start = this.#start + from
    if (!isLast) this.#bytes.copyWithin(start + record.length, this.#start + to, this.#end)
    this.#bytes.set(record, start)
    this.#end += more
    this.#firstStep = Math.min(this.#firstStep, step)
    if (isLast) {
      this.#lastAt = start
      this.#lastStep = step
    } else this.#lastAt += more
  }

  /** Bytes for the records and some more; enough for a while. */
  #roomFor(more: number): number {
    return Math.ceil(((this.#end - this.#start + more) * 1.125 + 16) / 32) * 32
  }

  /** Lets the records begin at 0, in as many bytes. */
  #move(size: number): void {
    const bytes = size <= this.#bytes.length && size * 2 > this.#bytes.length ? this.#bytes : new Uint8Array(size)
    if (bytes === this.#bytes) bytes.copyWithin(0, this.#start, this.#end)
    else bytes.set(this.records)
    this.#bytes = bytes
    this.#lastAt -= this.#start
    this.#end -= this.#start
    this.#start = 0
  }

  /** Drops what is after a step. */
  #cut(last: number): void {
    let at = this.#start
    this.#lastStep = -Infinity
    while (at < this.#end) {
      const step = this.#open(at)
      if (step > last) break
      this.#lastAt = at
      this.#lastStep = step
      at = this.#next()
    }
    this.#end = at
  }

  #clear(): void {
    this.#bytes = NONE
    this.#start = 0
    this.#end = 0
    this.#lastAt = 0
    this.#lastStep = -Infinity
    this.#firstStep = Infinity
  }
}
