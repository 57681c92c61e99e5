import * as z from 'zod'
import { positiveDuration, section, sizeBetween } from './value-kinds.ts'

const MOST = 128
const EXPECTED = `expected "auto", or a number of workers from 1 to ${MOST}`

const count = () => z.union([z.int().min(1).max(MOST), z.literal('auto')], { error: EXPECTED })

const workersShape = {
  count: count()
    .default(1)
    .describe('Number of processes that carry traffic. `auto`: as many as there are processors, at most 8.'),
  timeout: positiveDuration()
    .prefault('10s')
    .describe('A worker whose event loop is blocked for this long is killed and replaced.'),
  max_heap: sizeBetween(64 * 1024 ** 2, Number.MAX_SAFE_INTEGER, 'expected a size of 64MiB or more')
    .optional()
    .describe(
      "Largest JavaScript heap of a worker; beyond it the worker ends and is replaced. Default: three quarters of the memory for all workers together, but not more than Node's own limit.",
    ),
}

/** `workers`: a section, or its `count` alone. */
export const workers = () =>
  z
    .union([count(), section(workersShape)], { error: `${EXPECTED}, or a mapping of count, timeout and max_heap` })
    .transform((given) => (typeof given === 'object' ? given : section(workersShape).parse({ count: given })))
