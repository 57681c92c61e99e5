import * as z from 'zod'
import { duration } from '../../core/units.ts'

const CLASS = /^[1-5]xx$/
const STATUS = 'expected a status (503) or a class of statuses (5xx)'

export const options = z.strictObject({
  failure_threshold: z.int().min(1).default(5).describe('Consecutive failures that open the breaker.'),
  reset_timeout: duration()
    .refine((ms) => ms > 0, { error: 'expected a duration above zero' })
    .prefault('60s')
    .describe(
      'How long it stays open before probes go out, and how long a probe that has not ended holds its slot; above zero.',
    ),
  half_open_max_calls: z
    .int()
    .min(1)
    .default(3)
    .describe('Probes out at once while half open, and how many successes close the breaker.'),
  failure_statuses: z
    .array(z.union([z.int().min(100).max(599), z.string().regex(CLASS, STATUS)], { error: STATUS }))
    .default(['5xx'])
    .describe('Statuses of the upstream that count as failures: numbers (`503`) or classes (`5xx`).'),
  fallback_strategy: z
    .enum(['error_response', 'default_response', 'cached_response', 'redirect'])
    .refine((strategy) => strategy === 'error_response', {
      error: ({ input }) => `fallback_strategy "${input}" is not available yet: use error_response`,
    })
    .default('error_response')
    .describe('What answers while it is open: `error_response`, a 503. The others are not available yet.'),
})

/** Which statuses are failures, by status: 1 or 0. */
export function failureTable(statuses: readonly (number | string)[]): Uint8Array {
  const table = new Uint8Array(1000)
  for (const status of statuses) {
    if (typeof status === 'number') table[status] = 1
    else table.fill(1, Number(status[0]) * 100, Number(status[0]) * 100 + 100)
  }
  return table
}
