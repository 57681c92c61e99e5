import type {
  Clock,
  Deadline,
  EndpointRegistry,
  Logger,
  Meter,
  Reports,
  Statistics,
  StatisticsSettings,
  TimerWheel,
} from '../../core/index.ts'
import { startTimer } from '../../core/index.ts'
import { readStatistics, writeStatistics } from './statistics-file.ts'
import { StatisticsService } from './statistics-service.ts'
import { StatisticsStore } from './statistics-store.ts'
import type { Counted } from './step-counters.ts'
import type { TrafficCounter } from './traffic-counter.ts'

/** Name of the report of each process. */
export const REPORT = 'statistics'
/** Share of `maxMemory` that the series may take; the rest is for what processes have counted and nobody has taken. */
export const SERIES_SHARE = 0.7
/** How often everything is collected, so that a process that is killed takes little along; milliseconds. */
const COLLECT_MS = 5000
/** How often the file is written; milliseconds. */
const SAVE_MS = 5 * 60_000
/** How often old steps of idle endpoints go; milliseconds. */
const SWEEP_MS = 30_000
/** How long the end of the process waits for it; milliseconds. */
const LAST_SAVE_MS = 5000
/** A process that was not heard of for so long has ended; milliseconds. */
const FORGET_MS = 10 * 60_000

/** What every part of the process has. */
export interface ProcessBasics {
  readonly clock: Clock
  readonly timers: TimerWheel
  readonly logger: Logger
  readonly meter: Meter
}

/**
 * The statistics of the gateway, in the process that has the admin listener. It holds the series; what serves requests holds the figures
 * that it has not handed over. It asks for these every five seconds, and before each answer, so that answers are exact; each piece has a
 * number, so that none is taken twice, and is kept until its number comes back. A process that stops hands over the rest; one that is
 * killed takes along what it has counted since it was asked last.
 *
 * Series of endpoints that leave the configuration are not shown any more and go when they are too old: an endpoint that comes back
 * within that time has its history.
 */
export class GatewayStatistics {
  readonly service: Statistics
  readonly #basics: ProcessBasics
  readonly #traffic: TrafficCounter
  readonly #workers: Reports | undefined
  readonly #store: StatisticsStore
  /** Number of the last piece that was taken of each process, and when that was. */
  readonly #taken = new Map<string, { readonly number: number; readonly at: number }>()
  #settings: StatisticsSettings | undefined
  /** Whatever changes the store, one after the other. */
  #last: Promise<void> = Promise.resolve()
  /** A collection that has not begun. */
  #next: Promise<void> | undefined
  #timer: Deadline | undefined
  #savedAt = 0
  #sweptAt = 0
  #saving: Promise<void> | undefined
  #wasRead = false

  /**
   * @param traffic of this process
   * @param workers reports of the processes that serve requests; undefined: there is this one alone
   */
  constructor(basics: ProcessBasics, registry: EndpointRegistry, traffic: TrafficCounter, workers?: Reports) {
    const { clock, meter } = basics
    this.#basics = basics
    this.#traffic = traffic
    this.#workers = workers
    this.#store = new StatisticsStore(clock)
    this.service = new StatisticsService({ store: this.#store, clock, registry, collect: () => this.#collect() })
    registry.subscribe((event) => {
      if (event.type === 'breaker_state' && event.to === 'open' && this.#settings !== undefined)
        traffic.breakerOpened(event.endpoint, event.target)
    })
    meter.register({
      name: 'weir_statistics_bytes',
      help: 'Memory of the series of the statistics.',
      type: 'gauge',
      collect: () => [{ labels: {}, value: this.#store.bytes }],
    })
    meter.register({
      name: 'weir_statistics_dropped_total',
      help: 'Steps of an endpoint or target that were dropped before their time, or not kept, because max_memory had no room.',
      type: 'counter',
      collect: () => [
        { labels: { what: 'old' }, value: this.#store.dropped.steps },
        { labels: { what: 'new' }, value: this.#store.dropped.figures },
      ],
    })
  }

  /** Uses these settings from now on. Undefined: statistics are off. */
  apply(settings: StatisticsSettings | undefined): void {
    this.#settings = settings
    if (settings === undefined) {
      this.#timer?.cancel()
      this.#timer = undefined
      return void this.#alone(async () => this.#store.clear())
    }
    void this.#alone(() => this.#store.configure(settings.resolutions, settings.maxMemory * SERIES_SHARE))
    if (settings.file !== undefined && !this.#wasRead) {
      const { file, maxMemory } = settings
      this.#wasRead = true
      void this.#alone(async () => void (await readStatistics(file, this.#store, maxMemory)), file)
    }
    if (this.#timer !== undefined) return
    this.#savedAt = this.#basics.clock.now()
    this.#schedule()
  }

  /** A process hands over what it has counted. */
  take(counted: Counted): Promise<void> {
    return this.#alone(() => this.#take(counted))
  }

  /** The other processes have stopped: saves what there is. */
  async stop(): Promise<void> {
    this.#timer?.cancel()
    this.#timer = undefined
    if (this.#settings?.file === undefined) return
    let late: Deadline | undefined
    const waited = new Promise<void>((resolve) => {
      late = startTimer(LAST_SAVE_MS, () => {
        this.#basics.logger.warn({ file: this.#settings?.file }, 'the statistics could not be saved in time')
        resolve()
      })
    })
    await Promise.race([this.#collect().then(() => this.#save()), waited])
    late?.cancel()
  }

  #schedule(): void {
    this.#timer = this.#basics.timers.after(COLLECT_MS, () => {
      this.#schedule()
      void this.#collect()
      if (this.#basics.clock.now() - this.#savedAt >= SAVE_MS) void this.#save()
    })
  }

  /** Resolves when everything is in the store that was counted before the call. */
  #collect(): Promise<void> {
    this.#next ??= this.#alone(async () => {
      this.#next = undefined
      if (this.#settings === undefined) return
      const { clock } = this.#basics
      const taken = Object.fromEntries(Array.from(this.#taken, ([id, { number }]) => [id, number]))
      const own = this.#traffic.cut(taken)
      const others = (await this.#workers?.ask(REPORT, taken)) ?? []
      for (const counted of [await own, ...(others as Counted[])]) await this.#take(counted)
      for (const [id, { at }] of this.#taken) if (clock.now() - at > FORGET_MS) this.#taken.delete(id)
      if (clock.now() - this.#sweptAt < SWEEP_MS) return
      this.#sweptAt = clock.now()
      await this.#store.sweep()
    })
    return this.#next
  }

  async #take({ id, pieces }: Counted): Promise<void> {
    if (this.#settings === undefined) return
    for (const { number, bytes } of pieces) {
      if (number <= (this.#taken.get(id)?.number ?? 0)) continue
      this.#taken.set(id, { number, at: this.#basics.clock.now() })
      await this.#store.take(bytes)
    }
    const known = this.#taken.get(id)
    if (known !== undefined) this.#taken.set(id, { ...known, at: this.#basics.clock.now() })
  }

  /** Does it when nothing else changes the store. Never rejects. @param file that is meant, if something goes wrong */
  #alone(work: () => Promise<void>, file?: string): Promise<void> {
    this.#last = this.#last.then(work).catch((error: unknown) => this.#warn(file, error))
    return this.#last
  }

  #save(): Promise<void> {
    const file = this.#settings?.file
    if (file === undefined) return Promise.resolve()
    this.#savedAt = this.#basics.clock.now()
    this.#saving ??= writeStatistics(file, this.#store)
      .catch((error: unknown) => this.#warn(file, error))
      .finally(() => {
        this.#saving = undefined
      })
    return this.#saving
  }

  #warn(file: string | undefined, error: unknown): void {
    if (file === undefined) return this.#basics.logger.error({ err: error }, 'the statistics failed')
    const { message } = error as Error
    this.#basics.logger.warn({ file, reason: message }, `the file of the statistics can't be used: ${message}`)
  }
}
