import { defineService, type ServiceKey } from '../api/service.ts'

/** Whose figures are meant: those of a target, of an endpoint, or without either of the whole gateway. Plain data. */
export interface StatisticsScope {
  /** Id of the endpoint. */
  readonly endpoint?: string | undefined
  /** URL of a target of that endpoint: then attempts are counted, not requests. */
  readonly target?: string | undefined
}

/** What happened in a time. Plain data. */
export interface StatisticsFigures {
  /** Requests that ended, or attempts of a target. */
  readonly requests: number
  /** Those with a status from 400 to 499. */
  readonly client_errors: number
  /** Those with a status from 500 on, those that upstream or gateway broke off, and attempts that got no response. */
  readonly server_errors: number
  /** Those that the client left. */
  readonly aborted: number
  /** Those to which a filter or the engine replied, not the upstream; 0 for targets. */
  readonly local_replies: number
  /** Attempts after the first of a request. */
  readonly retries: number
  /** How often a breaker opened. */
  readonly breaker_opens: number
  /** Bytes of bodies; 0 for targets. */
  readonly bytes_received: number
  readonly bytes_sent: number
  /**
   * Milliseconds; null where nothing ended. The mean is exact, the others are within 5 % of the true one, from 0.01 ms to a day.
   * Requests that the client left, and WebSockets, count with the time that they lasted.
   */
  readonly latency_ms: {
    readonly mean: number
    readonly p50: number
    readonly p95: number
    readonly p99: number
  } | null
}

/** Figures of one step. Plain data. */
export interface StatisticsPoint extends StatisticsFigures {
  /** When the step began (RFC 3339). */
  readonly at: string
}

/** A range of time. Plain data. */
export interface StatisticsRange {
  /** Milliseconds since the Unix epoch. Default: the oldest that is kept with that step. */
  readonly from?: number | undefined
  /** Milliseconds since the Unix epoch. Default: now. */
  readonly to?: number | undefined
  /** Seconds; rounded up to a multiple of a step that is kept, and covers the range. Default: the finest that covers it. */
  readonly step?: number | undefined
}

/** Figures over time. Plain data. */
export interface StatisticsHistory {
  /** Seconds. */
  readonly step: number
  /** Rising in time; steps in which nothing happened are there with zeros, as far back as anything is kept. At most 2,000. */
  readonly points: readonly StatisticsPoint[]
}

/**
 * Statistics of the traffic, of all workers together; for admin filters. They are kept in memory, within a bound. No method rejects.
 *
 * ```ts
 * const history = await env.service(StatisticsKey).history({ endpoint: 'v1/orders' }, { step: 60 })
 * ```
 */
export interface Statistics {
  /**
   * What happened in the last seconds (default 60), rounded up to whole steps, as far as anything is kept. Undefined: there is no such
   * endpoint or target, or statistics are off.
   */
  summary(scope: StatisticsScope, seconds?: number): Promise<StatisticsFigures | undefined>
  /** The same for each endpoint of the configuration, by id. */
  summaries(seconds?: number): Promise<Readonly<Record<string, StatisticsFigures>>>
  /** No range is an error: it is cut to what is kept. Undefined as above. */
  history(scope: StatisticsScope, range?: StatisticsRange): Promise<StatisticsHistory | undefined>
}

/** How long steps are, and how long they are kept; milliseconds. */
export interface StatisticsResolution {
  readonly stepMs: number
  readonly keepMs: number
}

/** Which statistics are kept, and where. Plain data. */
export interface StatisticsSettings {
  /** At least one, the finest first; each step is a multiple of the one before. */
  readonly resolutions: readonly StatisticsResolution[]
  /** Bytes, of all processes together. */
  readonly maxMemory: number
  /** Absolute path of the file that keeps them; undefined: they end with the process. */
  readonly file: string | undefined
}

/** 10 s for 15 minutes, 1 min for 3 hours, in 64 MiB. */
export const DEFAULT_STATISTICS: StatisticsSettings = {
  resolutions: [
    { stepMs: 10_000, keepMs: 900_000 },
    { stepMs: 60_000, keepMs: 10_800_000 },
  ],
  maxMemory: 64 * 1024 ** 2,
  file: undefined,
}

/**
 * The statistics of the gateway.
 *
 * @example const figures = await env.service(StatisticsKey).summary({ endpoint: 'v1/orders' })
 */
export const StatisticsKey: ServiceKey<Statistics> = defineService('statistics')
