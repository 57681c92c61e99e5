import { isDeepStrictEqual } from 'node:util'
import { TimeSlice } from '../../core/base/time-slice.ts'
import type { LoadedConfig } from '../read/reading.ts'

/** True if two configurations mean the same, however they are written. Compares in slices, so that requests go on meanwhile. */
export async function haveSameMeaning(a: LoadedConfig, b: LoadedConfig): Promise<boolean> {
  const slice = new TimeSlice()
  if (a.spec.endpoints.length !== b.spec.endpoints.length) return false
  if (!isDeepStrictEqual([a.spec.listeners, a.settings], [b.spec.listeners, b.settings])) return false
  for (const [i, endpoint] of a.spec.endpoints.entries()) {
    if (slice.isOver) await slice.yield()
    if (!isDeepStrictEqual(endpoint, b.spec.endpoints[i])) return false
  }
  return true
}
