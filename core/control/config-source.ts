/**
 * Where configuration documents come from: files, a key-value store, a database. Weir's own source reads files.
 *
 * ```ts
 * class MemorySource implements ConfigSource {
 *   readonly main = 'weir.yaml'
 *   #text = 'filters: [echo]'
 *   async read() {
 *     return Buffer.from(this.#text)
 *   }
 *   async expand() {
 *     return []
 *   }
 *   async watch() {
 *     return async () => {}
 *   }
 * }
 * ```
 */
export interface ConfigSource {
  /** Name of the main document, as messages show it. */
  readonly main: string
  /** The bytes of a document. Rejects with an Error in words for the operator. */
  read(name: string): Promise<Buffer>
  /** Names of the documents that match a pattern of `include`, in a stable order. */
  expand(pattern: string): Promise<readonly string[]>
  /**
   * Calls `changed` when the inputs may have changed; too often does no harm. It misses nothing from the moment of the call
   * until it is stopped.
   * @param inputs of the configuration that runs
   * @param failed called when changes are no longer told of, because something it needs failed; the source then looks for
   *   changes itself, every few seconds
   * @returns a function that stops it
   */
  watch(inputs: ConfigInputs, changed: () => void, failed?: (error: Error) => void): Promise<() => Promise<void>>
  /**
   * Replaces a document, all or nothing, if it still holds `before`. Resolves to false, without a change, if somebody else
   * has changed it. Rejects with an Error in words for the operator. A source without this method is read-only.
   */
  write?(name: string, bytes: Buffer, before: Buffer): Promise<boolean>
}

/** What a configuration was read from. */
export interface ConfigInputs {
  /** Documents, and local files that they refer to (absolute paths). */
  readonly names: readonly string[]
  /** Patterns of `include`: a new document may match one. */
  readonly patterns: readonly string[]
}
