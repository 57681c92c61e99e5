import * as z from 'zod'

/** A status, `503`, or a class of statuses, `'5xx'`, as options name them. */
export type StatusPattern = number | string

const CLASS = /^[1-5]xx$/
const EXPECTED = 'expected a status (503) or a class of statuses (5xx)'

/**
 * Schema of a list of statuses and classes, for the options of a filter.
 *
 * @example const options = z.strictObject({ failures: statusPatterns().default(['5xx', 429]) })
 */
export const statusPatterns = () =>
  z.array(z.union([z.int().min(100).max(599), z.string().regex(CLASS, EXPECTED)], { error: EXPECTED }))

/**
 * Whether a status is one of the patterns.
 *
 * @example if (matchesStatus(options.failures, x.response.status)) failures++
 */
export const matchesStatus = (patterns: readonly StatusPattern[], status: number): boolean =>
  patterns.some((pattern) => pattern === status || pattern === `${Math.floor(status / 100)}xx`)
