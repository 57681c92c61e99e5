import type { Finished } from '../api/filter.ts'
import { matchesStatus, type StatusPattern } from '../api/status-pattern.ts'

/** Which requests get an access line: those that meet every condition. */
export interface AccessConditions {
  /** Undefined: every status. */
  readonly statuses: readonly StatusPattern[] | undefined
  /** Paths, `/healthz`, or what is below one, `/static/*`. */
  readonly paths: { readonly include: readonly string[] | undefined; readonly exclude: readonly string[] }
  /** Undefined: every listener. */
  readonly listeners: readonly string[] | undefined
  /** Share of the requests that meet the other conditions, from 0 to 1. */
  readonly share: number
  /** Whether a request that ended in an error gets a line whatever `statuses`, `paths` and `share` say. */
  readonly keepErrors: boolean
}

/** A path that may mean another one to who reads it: no pattern can say that it is harmless. */
const UNCLEAR = /\.\.|%2e|%5c|%2f|\\/i

/**
 * The conditions as a function; undefined if every request meets them.
 * @param random from 0 to below 1
 */
export function conditionsOf(
  { statuses, paths, listeners, share, keepErrors }: AccessConditions,
  random: () => number,
): ((finished: Finished) => boolean) | undefined {
  const include = paths.include && matcherOf(paths.include)
  const exclude = matcherOf(paths.exclude)
  const all = statuses === undefined && include === undefined && paths.exclude.length === 0 && share >= 1
  if (all && listeners === undefined) return undefined
  return (finished) => {
    const { listener, status, exchange } = finished
    if (listeners !== undefined && !listeners.includes(listener ?? '')) return false
    if (keepErrors && isFailure(finished)) return true
    if (statuses !== undefined && !matchesStatus(statuses, status)) return false
    const path = exchange?.request.path ?? ''
    if (include !== undefined && !include(path)) return false
    if (exclude(path) && !UNCLEAR.test(path)) return false
    return share >= 1 || random() < share
  }
}

/** Whether the gateway or the upstream failed: a status from 500 on, or a response that they broke off. */
const isFailure = ({ status, error }: Finished): boolean =>
  status >= 500 || (error !== undefined && error.source !== 'downstream')

function matcherOf(patterns: readonly string[]): (path: string) => boolean {
  const exact = new Set(patterns.filter((pattern) => !pattern.endsWith('/*')))
  const below = patterns.filter((pattern) => pattern.endsWith('/*')).map((pattern) => pattern.slice(0, -1))
  return (path) => exact.has(path) || below.some((start) => path.startsWith(start))
}
