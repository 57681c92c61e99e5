import { availableParallelism, totalmem } from 'node:os'
import { getHeapStatistics } from 'node:v8'
import type { Settings } from '../../config/read/settings.ts'

/** Most that `auto` starts. */
const MOST_BY_ITSELF = 8
/** Share of the memory that the heaps of all workers may fill, where nothing else is said. */
const HEAP_SHARE = 0.75
const MIB = 1024 ** 2

/** Number of workers: the variable `WEIR_WORKERS` wins over the file. @throws Error for a value that is no number of workers */
export function workerCount({ workers }: Settings, env: NodeJS.ProcessEnv): number {
  const given = env.WEIR_WORKERS
  if (given !== undefined && given !== '' && given !== 'auto' && !/^[1-9]\d{0,2}$/.test(given))
    throw new Error(`WEIR_WORKERS is "${given.slice(0, 40)}"; expected "auto", or a number of workers, 1 or more`)
  const count = given === undefined || given === '' ? workers.count : given
  return count === 'auto' ? Math.min(availableParallelism(), MOST_BY_ITSELF) : Number(count)
}

/**
 * Bytes of a worker's heap, where nothing else is said: Node's limit is for one process that has the machine, or the container, for
 * itself.
 */
export function defaultHeap(count: number): number {
  const memory = Math.min(process.constrainedMemory() || totalmem(), totalmem())
  return Math.max(64 * MIB, Math.min(getHeapStatistics().heap_size_limit, (memory * HEAP_SHARE) / count))
}
