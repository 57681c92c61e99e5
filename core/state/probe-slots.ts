/**
 * Gives out the probes of half-open breakers, so that all processes of a gateway together send no more than one would. Only there
 * where there are several.
 *
 * ```ts
 * const slots = env.service(EndpointRegistryKey).probeSlots
 * if (slots === undefined || (await slots.ask('orders', 1, 30_000))) env.log.info({}, 'a probe goes out')
 * ```
 */
export interface ProbeSlots {
  /**
   * Whether a probe may be sent. `report` must follow if it may.
   * @param breaker what names it in every process
   * @param limit of probes under way and of successes, together
   * @param timeoutMs after this time a probe without a report is not under way any more; milliseconds
   */
  ask(breaker: string, limit: number, timeoutMs: number): Promise<boolean>
  /** How a probe ended; `ignored`: it says nothing, or was not sent. */
  report(breaker: string, verdict: 'success' | 'failure' | 'ignored'): void
}
