/**
 * Whether `await` would wait for the value: an object or a function whose `then` is a method (ECMAScript, "Promise Resolve
 * Functions"). Hooks of plugins may return promises of another realm or library, so `instanceof Promise` is not enough.
 */
export function isThenable<T>(value: T | PromiseLike<T>): value is PromiseLike<T> {
  if (value === null || (typeof value !== 'object' && typeof value !== 'function')) return false
  return typeof (value as { readonly then?: unknown }).then === 'function'
}
