import { randomUUID } from 'node:crypto'
import { type Clock, TimeSlice } from '../../core/index.ts'
import { Figures } from './figures.ts'
import { PackedWriter } from './packed-bytes.ts'
import { writeFigures } from './packed-figures.ts'

/** Bytes of a subject while it has figures (measured: test/bench/statistics-memory.ts). */
export const SUBJECT_BYTES = 900
/** Share of the bound that is left to what was packed and nobody has taken. */
const UNTAKEN = 0.15

/** What a process has counted since it was asked before, packed. Plain data. */
export interface Piece {
  /** Rising. */
  readonly number: number
  readonly bytes: Uint8Array
}

/** What a process has counted, as far as nobody has said that it was taken. Plain data. */
export interface Counted {
  /** Of the process. */
  readonly id: string
  readonly pieces: readonly Piece[]
}

/** Whose traffic is counted; an endpoint, for instance. */
export class Subject {
  readonly key: string
  /** Of one step; undefined while nothing happens. */
  figures: Figures | undefined = undefined
  /** When that step began; milliseconds since the Unix epoch. */
  from = Number.NaN

  /** @param key without line breaks but those of `keyOf` */
  constructor(key: string) {
    this.key = key
  }
}

/**
 * Figures of the present step by subject. When a subject is counted for the first time in a new step, it packs those of the step before:
 * no timer does it for all at once. Who asks gets everything that is not known to be taken, so that nothing is lost or counted twice
 * where a response is late.
 */
export class StepCounters {
  /** Packed figures that were lost: nobody took them for a long time. */
  lost = 0
  readonly #clock: Clock
  readonly #id = randomUUID()
  /** Those with figures. */
  readonly #active = new Set<Subject>()
  readonly #packed = new PackedWriter()
  #pieces: readonly Piece[] = []
  #number = 0
  #cutting: Promise<unknown> = Promise.resolve()
  #stepMs = 0
  #maxBytes = 0
  /** When the step began; milliseconds since the Unix epoch. */
  #from = 0
  /** When it ends; monotonic milliseconds. */
  #end = -Infinity

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** @param stepMs length of a step; milliseconds. @param maxBytes memory for everything that it holds */
  configure(stepMs: number, maxBytes: number): void {
    if (stepMs !== this.#stepMs) this.#end = -Infinity
    this.#stepMs = stepMs
    this.#maxBytes = maxBytes
  }

  /**
   * The figures of a subject in which something counts that has just ended. It reads no clock within a step.
   * @param ended monotonic milliseconds
   * @returns undefined if there is no room for another subject
   */
  of(subject: Subject, ended: number): Figures | undefined {
    if (ended >= this.#end) this.#turn()
    return subject.from === this.#from ? subject.figures : this.#enter(subject)
  }

  /** The same for a subject for which there is always room. */
  always(subject: Subject, ended: number): Figures {
    if (subject.figures === undefined) {
      subject.figures = new Figures()
      this.#active.add(subject)
    }
    return this.of(subject, ended)!
  }

  /**
   * Hands over what was counted.
   * @param taken number of the last piece that was taken; undefined: of this process none was
   */
  cut(taken: Readonly<Record<string, number>>): Promise<Counted> {
    const cut = this.#cutting.then(() => this.#cut(taken[this.#id] ?? 0))
    this.#cutting = cut
    return cut
  }

  async #cut(taken: number): Promise<Counted> {
    const slice = new TimeSlice()
    this.#pieces = this.#pieces.filter(({ number }) => number > taken)
    for (const subject of this.#active) {
      if (subject.figures!.isEmpty) {
        subject.figures = undefined
        subject.from = Number.NaN
        this.#active.delete(subject)
      } else this.#pack(subject)
      if (slice.isOver) await slice.yield()
    }
    if (this.#packed.length > 0)
      this.#pieces = [...this.#pieces, { number: ++this.#number, bytes: this.#packed.take() }]
    return { id: this.#id, pieces: this.#pieces }
  }

  /** The clocks are read once a step, so that a jump of the wall clock shows when the step ends. */
  #turn(): void {
    const wall = this.#clock.wall()
    this.#from = Math.floor(wall / this.#stepMs) * this.#stepMs
    this.#end = this.#clock.now() + this.#from + this.#stepMs - wall
  }

  #enter(subject: Subject): Figures | undefined {
    if (subject.figures !== undefined) this.#pack(subject)
    else {
      if ((this.#active.size + 1) * SUBJECT_BYTES > this.#maxBytes * (1 - UNTAKEN)) return undefined
      subject.figures = new Figures()
      this.#active.add(subject)
    }
    subject.from = this.#from
    return subject.figures
  }

  #pack({ key, figures, from }: Subject): void {
    if (figures!.isEmpty) return
    const waiting = this.#pieces.reduce((sum, { bytes }) => sum + bytes.length, this.#packed.length)
    if (this.#active.size * SUBJECT_BYTES + waiting > this.#maxBytes) this.lost++
    else {
      this.#packed.number(from)
      this.#packed.text(key)
      writeFigures(this.#packed, figures!)
    }
    figures!.clear()
  }
}
