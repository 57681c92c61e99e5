import {
  type Clock,
  type EndpointRegistry,
  type Statistics,
  type StatisticsFigures,
  type StatisticsHistory,
  type StatisticsRange,
  type StatisticsScope,
  TimeSlice,
} from '../../core/index.ts'
import { Figures } from './figures.ts'
import { askedOf, resolutionFor } from './history-range.ts'
import type { StatisticsStore } from './statistics-store.ts'
import { GATEWAY, keyOf } from './subject-keys.ts'

const DEFAULT_SECONDS = 60

export interface StatisticsServiceParts {
  readonly store: StatisticsStore
  readonly clock: Clock
  readonly registry: EndpointRegistry
  /** Brings everything into the store that has been counted so far. Never rejects. */
  collect(): Promise<void>
}

/** Answers from the store, after everything is there that was counted before the question. */
export class StatisticsService implements Statistics {
  readonly #parts: StatisticsServiceParts

  constructor(parts: StatisticsServiceParts) {
    this.#parts = parts
  }

  async summary(scope: StatisticsScope, seconds?: number): Promise<StatisticsFigures | undefined> {
    await this.#parts.collect()
    const key = this.#keyOf(scope)
    return key === undefined ? undefined : this.#sum(key, seconds).plain()
  }

  async summaries(seconds?: number): Promise<Readonly<Record<string, StatisticsFigures>>> {
    await this.#parts.collect()
    if (this.#isOff) return {}
    const slice = new TimeSlice()
    const all: [string, StatisticsFigures][] = []
    for (const { id } of this.#parts.registry.all()) {
      all.push([id, this.#sum(keyOf(id), seconds).plain()])
      if (slice.isOver) await slice.yield()
    }
    return Object.fromEntries(all)
  }

  async history(scope: StatisticsScope, range: StatisticsRange = {}): Promise<StatisticsHistory | undefined> {
    await this.#parts.collect()
    const key = this.#keyOf(scope)
    if (key === undefined) return undefined
    const { store, clock } = this.#parts
    const { resolution, stepMs, from, count } = askedOf(range, store.resolutions, clock.wall())
    const points = Array.from({ length: count }, (): Figures | undefined => undefined)
    const each = stepMs / store.resolutions[resolution]!.stepMs
    const first = from / store.resolutions[resolution]!.stepMs
    if (count > 0)
      store.read(key, resolution, first, first + count * each - 1, (step) => {
        const at = Math.floor((step - first) / each)
        points[at] ??= new Figures()
        return points[at]
      })
    const nothing = new Figures()
    return {
      step: stepMs / 1000,
      points: points.map((figures = nothing, i) => ({
        at: new Date(from + i * stepMs).toISOString(),
        ...figures.plain(),
      })),
    }
  }

  get #isOff(): boolean {
    return this.#parts.store.resolutions.length === 0
  }

  /** In whole steps: the one in which the time begins, and all after it. */
  #sum(key: string, seconds = DEFAULT_SECONDS): Figures {
    const { store, clock } = this.#parts
    const now = clock.wall()
    const ms = (seconds > 0 ? seconds : DEFAULT_SECONDS) * 1000
    const resolution = resolutionFor(store.resolutions, ms, now)
    const { stepMs } = store.resolutions[resolution]!
    const sum = new Figures()
    store.read(key, resolution, Math.floor((now - ms) / stepMs), Math.floor(now / stepMs), () => sum)
    return sum
  }

  /** Undefined: there is no such endpoint or target, or statistics are off. */
  #keyOf({ endpoint, target }: StatisticsScope): string | undefined {
    if (this.#isOff) return undefined
    if (endpoint === undefined) return target === undefined ? GATEWAY : undefined
    const state = this.#parts.registry.get(endpoint)
    if (state === undefined) return undefined
    return target === undefined || state.targets.some(({ url }) => url === target) ? keyOf(endpoint, target) : undefined
  }
}
