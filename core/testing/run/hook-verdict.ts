/** A hook that can run for a request. */
export type HookName = 'request' | 'routed' | 'upstream' | 'pick' | 'admit' | 'call' | 'settled' | 'response' | 'log'

/** One hook that ran. */
export interface HookVerdict {
  /** Name of the filter in the chain. */
  readonly filter: string
  readonly hook: HookName
  /**
   * `continue`: it let the exchange go on, or passed on what it wraps. `reply`: it made a local reply. `error`: it threw, or
   * returned what it may not. `pending`: its promise had not settled when the exchange was over.
   */
  readonly verdict: 'continue' | 'reply' | 'error' | 'pending'
  /** Of a reply, its reason; of an error, the code of a `WeirError`, or else its name and message. */
  readonly reason: string | undefined
  /** Whether the hook returned a promise. */
  readonly async: boolean
}
