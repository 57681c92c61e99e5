/**
 * How `env.share(key, spec)` keeps plain data across reloads. Instances that ask for the same key in the same scope get the
 * same value, even if a reload gave them other options.
 *
 * ```ts
 * const windows = env.share('windows', {
 *   version: 2, // the shape of the data; 1 had no `since`
 *   make: (previous: Map<string, Window> | undefined) => previous ?? new Map<string, Window>(),
 * })
 * ```
 */
export interface ShareSpec<T> {
  /**
   * Which instances share the value.
   * - `endpoint` (default): those with the same name in the chain, at the same endpoint. Without `perEndpoint` in the factory
   *   it is the same as `instance`.
   * - `instance`: those with the same name in the chain.
   * - `factory`: all instances of the factory.
   */
  readonly scope?: 'endpoint' | 'instance' | 'factory'
  /** Version of the data's shape. If it differs from that of the kept value, `make` creates a new one. */
  readonly version: string | number
  /**
   * Creates the value. Called during `create`; what it throws fails the load.
   * @param previous the value of another version, to take over what still fits
   */
  make(previous: T | undefined): T
  /** Called once, when the last instance that uses the value is disposed; also when the load that created it fails. */
  close?(value: T): void
}
