import { REPORT, SERIES_SHARE } from '../../plugins/statistics/gateway-statistics.ts'
import { TrafficCounter } from '../../plugins/statistics/traffic-counter.ts'
import type { Runtime } from '../chain/runtime.ts'
import type { OwnReports } from '../control/reports.ts'
import type { StatisticsSettings } from '../control/statistics.ts'

/** Listeners that lead to no endpoints. */
const NOT_COUNTED: ReadonlySet<string> = new Set(['admin', 'probes'])

/** The counter of a process, which tells what it has counted. It counts when `count` says so. */
export function makeTrafficCounter({ clock, meter }: Runtime, reports: OwnReports): TrafficCounter {
  const traffic = new TrafficCounter(clock, meter, NOT_COUNTED)
  reports.add(REPORT, (taken) => traffic.cut(taken as Readonly<Record<string, number>>))
  return traffic
}

/**
 * Lets it count, or not.
 * @param settings undefined: statistics are off
 * @param processes that serve requests; beside several there is a primary
 */
export function count(
  traffic: TrafficCounter,
  runtime: Runtime,
  settings: StatisticsSettings | undefined,
  processes: number,
): void {
  runtime.observe(traffic, settings !== undefined)
  if (settings === undefined) return
  const share = (settings.maxMemory * (1 - SERIES_SHARE)) / (processes === 1 ? 1 : processes + 1)
  traffic.configure(settings.resolutions[0]!.stepMs, share)
}
