/**
 * Whether `await` would wait for the value: an object or a function whose `then` is a method (ECMAScript, "Promise Resolve
 * Functions"). Plugins may return promises of another realm or library, so `instanceof Promise` is not enough.
 *
 * ```ts
 * const result = next(call) // stays synchronous where the hooks inside are
 * return isThenable(result) ? result.then(mark) : mark(result)
 * ```
 */
export function isThenable<T>(value: T | PromiseLike<T>): value is PromiseLike<T> {
  if (value === null || (typeof value !== 'object' && typeof value !== 'function')) return false
  return typeof (value as { readonly then?: unknown }).then === 'function'
}
