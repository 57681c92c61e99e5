/** How many permits there are, and how many may wait for one. */
export interface PermitRules {
  readonly maxConcurrent: number
  readonly maxQueue: number
}

/**
 * Who asks for a permit.
 *
 * ```ts
 * const asker: PermitAsker = { granted: () => env.log.info({}, 'go on'), refused: () => env.log.info({}, 'too many') }
 * ```
 */
export interface PermitAsker {
  /** Called at most once: it has a permit. */
  granted(): void
  /** Called at most once: all permits are given out, and the queue is full. */
  refused(): void
}

/**
 * Gives out permits of which there are only so many in all processes of a gateway together. Only there where there are several.
 *
 * ```ts
 * const permits = env.service(EndpointRegistryKey).sharedPermits
 * const release = permits?.ask('orders', { maxConcurrent: 10, maxQueue: 0 }, { granted: () => {}, refused: () => {} })
 * ```
 */
export interface SharedPermits {
  /**
   * Asks for a permit, first come, first served. The answer comes in a later turn of the event loop.
   * @param pool names the permits in every process
   * @returns gives the permit back, or takes the question back; calls after the first do nothing
   */
  ask(pool: string, rules: PermitRules, asker: PermitAsker): () => void
}
