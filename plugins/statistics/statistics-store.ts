import { type Clock, type StatisticsResolution, TimeSlice } from '../../core/index.ts'
import { Figures } from './figures.ts'
import { PackedReader } from './packed-bytes.ts'
import { readFigures } from './packed-figures.ts'
import { Resolution } from './resolution.ts'
import { StepLog } from './step-log.ts'
import { GATEWAY, isTarget } from './subject-keys.ts'

/** Bytes of a subject beside its logs and its key. */
const SUBJECT = 160
/** When less than this share of the bound is free, room is made, until the other one is. */
const LEAST_FREE = 0.03
const FREED = 0.12
/** New subjects leave this share to those that are there. */
const LEFT_FREE = 0.06
/** How much of what a resolution holds is dropped at once. */
const DROPPED_AT_ONCE = 0.25
/** So many steps of each resolution are kept in any case while there are new subjects: then no more of these are added. */
const LEAST_STEPS = 6

/** What did not fit. */
export interface Dropped {
  /** Steps of a subject. */
  steps: number
  /** Figures of a step that are of no subject, but of the gateway. */
  figures: number
}

interface Subject {
  readonly key: string
  /** By resolution. */
  logs: StepLog[]
}

/**
 * The series of all subjects (the gateway, endpoints, targets; by key), in each resolution, within a bound. One caller changes it at a
 * time; others may read meanwhile.
 */
export class StatisticsStore {
  readonly dropped: Dropped = { steps: 0, figures: 0 }
  readonly #clock: Clock
  readonly #subjects = new Map<string, Subject>()
  #resolutions: readonly Resolution[] = []
  #maxBytes = 0
  #bytes = 0

  constructor(clock: Clock) {
    this.#clock = clock
  }

  get bytes(): number {
    return this.#bytes
  }

  /** The finest first. */
  get resolutions(): readonly Resolution[] {
    return this.#resolutions
  }

  keys(): string[] {
    return [...this.#subjects.keys()]
  }

  /** The records of a subject by resolution. */
  records(key: string): readonly Uint8Array[] | undefined {
    return this.#subjects.get(key)?.logs.map(({ records }) => records)
  }

  /**
   * Sets what is kept. Steps of a length that was kept before stay.
   * @param resolutions the finest first; each step is a multiple of the one before
   */
  async configure(resolutions: readonly StatisticsResolution[], maxBytes: number): Promise<void> {
    const before = this.#resolutions
    const from = resolutions.map(({ stepMs }) => before.findIndex((resolution) => resolution.stepMs === stepMs))
    const now = this.#clock.wall()
    this.#resolutions = resolutions.map(({ stepMs, keepMs }, i) => {
      const { floor, since } = before[from[i]!] ?? { floor: -Infinity, since: now }
      return new Resolution(stepMs, keepMs, since, floor)
    })
    for (const subject of this.#subjects.values()) subject.logs = from.map((i) => subject.logs[i] ?? new StepLog())
    this.#maxBytes = maxBytes
    await this.sweep()
  }

  /** Forgets everything. */
  clear(): void {
    this.#subjects.clear()
    this.#resolutions = []
    this.#bytes = 0
  }

  /** Adds what a process has counted. @param piece as a TrafficCounter packs it */
  async take(piece: Uint8Array): Promise<void> {
    const reader = new PackedReader(piece)
    const slice = new TimeSlice()
    const figures = new Figures()
    const whole = new Map<number, Figures>()
    while (!reader.isAtEnd) {
      const at = reader.number()
      const key = reader.text()
      figures.clear()
      readFigures(reader, figures)
      if (!isTarget(key)) getOrMake(whole, at, () => new Figures()).add(figures)
      if (key !== GATEWAY) await this.#put(key, at, figures, slice)
      if (slice.isOver) await slice.yield()
    }
    for (const [at, sum] of whole) await this.#put(GATEWAY, at, sum, slice)
  }

  /** Takes over what another process has kept. Resolutions that are not configured are left out. */
  async restore(key: string, steps: readonly number[], logs: readonly StepLog[], slice: TimeSlice): Promise<void> {
    const found = this.#resolutions.map(({ stepMs }) => logs[steps.indexOf(stepMs)])
    if (this.#subjects.has(key) || found.every((log) => log === undefined || log.isEmpty)) return
    if (!(await this.#hasRoom(LEFT_FREE, slice))) return
    this.#count({ key, logs: found.map((log) => log ?? new StepLog()) })
  }

  /** Adds up figures. @param into by the step, counted in steps of that resolution */
  read(key: string, resolution: number, first: number, last: number, into: (step: number) => Figures): void {
    this.#subjects.get(key)?.logs[resolution]?.read(first, last, into)
  }

  /** Drops what is too old, in time slices, and what lies in the future: then the clock went back, and it can't be told when that was. */
  async sweep(slice = new TimeSlice()): Promise<void> {
    const now = this.#clock.wall()
    for (const resolution of this.#resolutions) resolution.since = Math.min(resolution.since, now)
    const ranges = this.#resolutions.map((resolution) => resolution.range(now, this.#leeway))
    let bytes = 0
    for (const subject of this.#subjects.values()) {
      const { key, logs } = subject
      for (let i = 0; i < ranges.length; i++) logs[i]!.trim(...ranges[i]!)
      if (logs.every(({ isEmpty }) => isEmpty)) this.#subjects.delete(key)
      else bytes += sizeOf(subject)
      if (slice.isOver) await slice.yield()
    }
    this.#bytes = bytes
  }

  /** How far a step may lie in the future: the clock may have been set back a little. */
  get #leeway(): number {
    return this.#resolutions.at(-1)?.stepMs ?? 0
  }

  /** Share of the bound. */
  get #free(): number {
    return 1 - this.#bytes / this.#maxBytes
  }

  async #put(key: string, at: number, figures: Figures, slice: TimeSlice): Promise<void> {
    const isNew = !this.#subjects.has(key)
    let fits = await this.#hasRoom(isNew ? LEFT_FREE : LEAST_FREE, slice)
    // Better short series of all that were there than the end of some.
    if (!fits && !isNew) fits = await this.#makeRoom(1, LEAST_FREE, slice)
    if (!fits) return void this.dropped.figures++
    let subject = this.#subjects.get(key)
    if (subject === undefined) {
      subject = { key, logs: this.#resolutions.map(() => new StepLog()) }
      this.#count(subject)
    }
    const now = this.#clock.wall()
    for (let i = 0; i < this.#resolutions.length; i++) {
      const resolution = this.#resolutions[i]!
      const log = subject.logs[i]!
      const [first, last] = resolution.range(now, this.#leeway)
      const step = resolution.stepOf(at)
      const before = log.size
      log.trim(first, last)
      if (step >= first && step <= last) {
        log.put(step, figures)
        resolution.since = Math.min(resolution.since, at)
      }
      this.#bytes += log.size - before
    }
  }

  #count(subject: Subject): void {
    this.#subjects.set(subject.key, subject)
    this.#bytes += sizeOf(subject)
  }

  /** Whether a share of the bound is free, or can be made free without harm. */
  async #hasRoom(share: number, slice: TimeSlice): Promise<boolean> {
    if (this.#free < share) await this.#makeRoom(LEAST_STEPS, FREED, slice)
    return this.#free >= share
  }

  /**
   * Drops the oldest steps of the finest resolution, of all subjects; when few are left, those of the next one.
   * @param least how many steps each keeps
   * @param share of the bound that is free then
   * @returns false if it is not
   */
  async #makeRoom(least: number, share: number, slice: TimeSlice): Promise<boolean> {
    for (const [i, resolution] of this.#resolutions.entries()) {
      while (this.#free < share) {
        const now = this.#clock.wall()
        if (!resolution.shorten(now, DROPPED_AT_ONCE, least)) break
        const [first, last] = resolution.range(now, this.#leeway)
        for (const { logs } of this.#subjects.values()) {
          const before = logs[i]!.size
          this.dropped.steps += logs[i]!.trim(first, last)
          this.#bytes += logs[i]!.size - before
          if (slice.isOver) await slice.yield()
        }
      }
    }
    return this.#free >= share
  }
}

const sizeOf = ({ key, logs }: Subject): number => logs.reduce((sum, { size }) => sum + size, SUBJECT + key.length)

function getOrMake<K, V>(map: Map<K, V>, key: K, make: () => V): V {
  let value = map.get(key)
  if (value === undefined) {
    value = make()
    map.set(key, value)
  }
  return value
}
