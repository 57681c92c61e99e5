import type { StatisticsRange } from '../../core/index.ts'
import type { Resolution } from './resolution.ts'

/** Most points of a history. */
export const MOST_POINTS = 2000

/** What of a resolution is asked for. Times are milliseconds since the Unix epoch. */
export interface Asked {
  /** Index of the resolution. */
  readonly resolution: number
  /** Length of a point; a multiple of the resolution's. */
  readonly stepMs: number
  /** Beginning of the first point, a multiple of `stepMs`. */
  readonly from: number
  readonly count: number
}

/**
 * What a range means: any numbers are answered with what there is of them.
 * @param resolutions the finest first; at least one
 */
export function askedOf({ from, to, step }: StatisticsRange, resolutions: readonly Resolution[], now: number): Asked {
  const end = Math.min(numberOr(to, now), now)
  const stepMs = step !== undefined && step > 0 ? step * 1000 : undefined
  const index = chosen(resolutions, numberOr(from, undefined), stepMs, now)
  const resolution = resolutions[index]!
  const start = Math.max(numberOr(from, -Infinity), resolution.oldest(now))
  const least = resolution.stepMs
  const longest = Math.ceil(resolution.keepMs / least) + 1
  let steps = Math.min(longest, Math.max(1, Math.ceil((stepMs ?? least) / least)))
  // The whole range is shown: with fewer points, not cut.
  const spanned = (end - start) / least
  if (spanned / steps > MOST_POINTS - 2) steps = Math.ceil(spanned / (MOST_POINTS - 2))
  const long = steps * least
  const first = Math.floor(start / long)
  const count = end < start ? 0 : Math.floor(end / long) - first + 1
  return { resolution: index, stepMs: long, from: first * long, count }
}

/** The resolution with the longest steps that are not longer than asked for, or a later one that covers the range. */
function chosen(
  resolutions: readonly Resolution[],
  from: number | undefined,
  stepMs: number | undefined,
  now: number,
): number {
  let index = 0
  if (stepMs !== undefined) while (index + 1 < resolutions.length && resolutions[index + 1]!.stepMs <= stepMs) index++
  if (from === undefined) return index
  const covers = (i: number): boolean => resolutions[i]!.oldest(now) <= Math.max(from, oldestOf(resolutions, now))
  while (index + 1 < resolutions.length && !covers(index)) index++
  return index
}

/** The oldest time of which anything is known. */
const oldestOf = (resolutions: readonly Resolution[], now: number): number =>
  Math.min(...resolutions.map((resolution) => resolution.since), now)

/** The finest resolution that covers the last milliseconds, else the last one. */
export function resolutionFor(resolutions: readonly Resolution[], ms: number, now: number): number {
  return chosen(resolutions, now - ms, undefined, now)
}

const numberOr = <T>(value: number | undefined, other: T): number | T =>
  value === undefined || Number.isNaN(value) ? other : value
