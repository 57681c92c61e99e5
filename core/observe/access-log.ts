import type { Finished } from '../api/filter.ts'
import type { Meter } from '../api/meter.ts'
import { type Clock, systemClock } from '../base/clock.ts'
import { type Deadline, TimerWheel } from '../base/timer-wheel.ts'
import { type AccessConditions, conditionsOf } from './access-conditions.ts'
import { type AccessField, DEFAULT_FIELDS, writersOf } from './access-fields.ts'
import { combinedLine, commonLine } from './common-log.ts'
import { flushQuietly, type LogDestination } from './log-destination.ts'
import { type LogStyle, lineStart, PLAIN_STYLE } from './log-style.ts'

export type AccessFormat = 'json' | 'common' | 'combined'

/** What can change while the process runs. */
export interface AccessLogSettings extends AccessConditions {
  readonly enabled: boolean
  readonly format: AccessFormat
  /** Of JSON lines. */
  readonly fields: readonly AccessField[]
}

/** One JSON line per request, with the default fields. */
export const DEFAULT_ACCESS_LOG: AccessLogSettings = {
  enabled: true,
  statuses: undefined,
  paths: { include: undefined, exclude: [] },
  listeners: undefined,
  share: 1,
  keepErrors: true,
  format: 'json',
  fields: DEFAULT_FIELDS,
}

/** The access log: one line per request. */
export interface AccessLog {
  /** Applies settings, from the next line on. */
  configure(settings: AccessLogSettings, style: LogStyle): void
  write(finished: Finished): void
  /** Writes everything that waits. For the end of the process. */
  flushSync(): void
}

export interface AccessLogOptions {
  /** Shared with the logger. */
  readonly destination: LogDestination
  readonly clock?: Clock
  /** Number of this worker, for each line. Undefined: there is one process alone. */
  readonly worker?: number | undefined
  readonly timers?: TimerWheel
  /** Gets the counter of lost lines. */
  readonly meter?: Meter
  /** From 0 to below 1, for `share`. */
  readonly random?: () => number
}

const BATCH = 64 * 1024
const FLUSH_MS = 250
/** Bytes that wait for a slow destination. Further lines are dropped and counted. */
const LIMIT = 1024 * 1024

/**
 * Writes JSON lines with pino's keys, level, time, msg, then the fields that are known (access-fields.ts); or lines of Apache's
 * formats. A path is without its query, which may have secrets. Lines are written in batches of 64 KiB, or after 250 ms.
 */
export class BatchedAccessLog implements AccessLog {
  readonly #destination: LogDestination
  readonly #clock: Clock
  readonly #timers: TimerWheel
  readonly #random: () => number
  /** Undefined: every request gets a line. */
  #keeps: ReturnType<typeof conditionsOf>
  #format: AccessFormat = 'json'
  #style = PLAIN_STYLE
  #writers = writersOf(DEFAULT_FIELDS)
  /**
   * Lines are copied here at once. A list of strings is slower (measured): each line is a rope of two dozen pieces that lives
   * until the batch is written, and collecting the ropes costs several times what writing the line does.
   */
  readonly #pending = Buffer.allocUnsafeSlow(LIMIT)
  #length = 0
  /** The start of a line is the same for all of one millisecond. */
  #wall = 0
  #head = ''
  readonly #worker: string
  #due: Deadline | undefined
  #behind = false
  #dropped = 0
  #unreported = 0

  constructor(options: AccessLogOptions) {
    this.#destination = options.destination
    this.#clock = options.clock ?? systemClock
    this.#timers = options.timers ?? new TimerWheel()
    this.#random = options.random ?? Math.random
    this.#worker = options.worker === undefined ? '' : `,"worker":${options.worker}`
    options.meter?.register({
      name: 'weir_access_log_dropped_total',
      help: 'Lines of the access log that were lost because its destination did not keep up.',
      type: 'counter',
      collect: () => [{ labels: {}, value: this.#dropped }],
    })
    this.#destination.on('drain', () => {
      this.#behind = false
      if (this.#length > 0 || this.#unreported > 0) this.#flush()
    })
  }

  /** Lines lost since the start because the destination did not keep up. */
  get dropped(): number {
    return this.#dropped
  }

  configure(settings: AccessLogSettings, style: LogStyle): void {
    this.#keeps = conditionsOf(settings, this.#random)
    this.#format = settings.format
    this.#writers = writersOf(settings.fields)
    this.#style = style
    this.#wall = 0
  }

  write(finished: Finished): void {
    if (this.#keeps?.(finished) === false) return
    const line = `${this.#line(finished)}\n`
    if (this.#length + line.length > LIMIT) {
      this.#dropped++
      this.#unreported++
      return
    }
    this.#length += (this.#pending as Latin1Buffer).latin1Write(line, this.#length)
    if (this.#behind) return
    if (this.#length >= BATCH) this.#flush()
    else this.#due ??= this.#timers.after(FLUSH_MS, () => this.#flush())
  }

  flushSync(): void {
    this.#flush()
    flushQuietly(this.#destination)
  }

  #flush(): void {
    this.#due?.cancel()
    this.#due = undefined
    if (this.#length > 0) this.#behind = !this.#destination.write(Buffer.from(this.#pending.subarray(0, this.#length)))
    this.#length = 0
    if (this.#unreported === 0) return
    const start = lineStart(40, this.#clock.wall(), this.#style)
    const notice = `${start}${this.#worker},"msg":"access log lines dropped","dropped":${this.#unreported}}\n`
    this.#unreported = 0
    this.#behind = !this.#destination.write(notice)
  }

  #line(finished: Finished): string {
    const wall = this.#clock.wall()
    if (this.#format === 'json') return this.#json(finished, wall)
    return this.#format === 'common' ? commonLine(finished, wall) : combinedLine(finished, wall)
  }

  #json(finished: Finished, wall: number): string {
    if (wall !== this.#wall) {
      this.#wall = wall
      this.#head = `${lineStart(30, wall, this.#style)}${this.#worker},"msg":"access"`
    }
    let line = this.#head
    for (const write of this.#writers) line += write(finished, finished.exchange)
    return `${line}}`
  }
}

// Node's types leave out the method that Buffer.write calls in the end; calling it directly saves 0.3 µs (measured).
type Latin1Buffer = Buffer & { latin1Write(text: string, offset: number): number }
