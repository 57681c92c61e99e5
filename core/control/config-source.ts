/** Where configuration documents come from: files here; a key-value store or a database by plugin. */
export interface ConfigSource {
  /** Name of the main document, as messages show it. */
  readonly main: string
  /** The bytes of a document. Throws a ConfigError that says why it can't be had. */
  read(name: string): Promise<Buffer>
  /** Names of the documents that a pattern of `include` stands for, in a stable order. */
  expand(pattern: string): Promise<readonly string[]>
  /**
   * Calls `changed` when there may be something new, however often. Nothing between this call and the one to the
   * function that it gives, which stops it, is missed.
   * @param uses what the running configuration was made of
   */
  watch(uses: ConfigInputs, changed: () => void): Promise<() => Promise<void>>
  /**
   * Puts `bytes` in the place of a document, all or nothing, if it still holds `before`: gives false and does nothing if
   * others changed it meanwhile. Throws a ConfigError that says why it can't be written. A source without it is read-only.
   */
  write?(name: string, bytes: Buffer, before: Buffer): Promise<boolean>
}

/** What a configuration was made of. */
export interface ConfigInputs {
  /** Documents, and local files that were read for them (absolute paths). */
  readonly names: readonly string[]
  readonly patterns: readonly string[]
}
