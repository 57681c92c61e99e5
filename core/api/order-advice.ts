import type { Requirement } from './endpoint.ts'
import type { Slot } from './slot.ts'

/**
 * The other filters that an advice speaks of, by one thing that their factories say: `filter` is the factory's name, `enforces` a
 * requirement, `writes` a slot. Prefer the last two: they hold for filters of plugins too. A factory never speaks of its own filters.
 */
export type AdvisedFilters =
  | { readonly filter: string; readonly enforces?: undefined; readonly writes?: undefined }
  | { readonly enforces: Requirement; readonly filter?: undefined; readonly writes?: undefined }
  | { readonly writes: Slot<unknown>; readonly filter?: undefined; readonly enforces?: undefined }

/**
 * Where a filter belongs in a chain, if the chain has such other filters: `before` them, or `after` them. Another order is valid. It
 * is warned of at load, once, where the chain itself, or what an endpoint makes of it, has both filters on. Of several filters of
 * a kind the first one counts.
 *
 * The warning stands at the filter that comes too late: `"hello" stands after "auth": <why>; move "hello" before "auth"`. So `why`
 * is one sentence without a capital and a full stop. `{other}` in it becomes the name of the other filter in the chain.
 *
 * ```ts
 * const advice: OrderAdvice = {
 *   before: { enforces: AUTHENTICATION },
 *   why: 'requests that {other} refuses are not counted',
 * }
 * ```
 */
export type OrderAdvice = { readonly why: string } & (
  | { readonly before: AdvisedFilters; readonly after?: undefined }
  | { readonly after: AdvisedFilters; readonly before?: undefined }
)
