import * as z from 'zod'

/** A status, `503`, or a class of them, `5xx`. */
export type StatusPattern = number | string

const CLASS = /^[1-5]xx$/
const EXPECTED = 'expected a status (503) or a class of statuses (5xx)'

/** Schema of a list of statuses and classes. */
export const statusPatterns = () =>
  z.array(z.union([z.int().min(100).max(599), z.string().regex(CLASS, EXPECTED)], { error: EXPECTED }))

/** Whether any of the patterns means the status. */
export const matchesStatus = (patterns: readonly StatusPattern[], status: number): boolean =>
  patterns.some((pattern) => pattern === status || pattern === `${Math.floor(status / 100)}xx`)
