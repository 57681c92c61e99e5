/** How a filter keeps plain data across reloads. */
export interface ShareSpec<T> {
  /** Who shares it: the instance at its endpoint (default), the instance, or every instance of the factory. */
  readonly scope?: 'endpoint' | 'instance' | 'factory'
  /** Shape of the data. When it differs from what is kept, `make` is given the old value to carry over. */
  readonly version: string | number
  make(previous: T | undefined): T
  /** Called when the last instance that holds it has retired. */
  close?(value: T): void
}
