import type { BreakerPhase, EndpointStatus, TargetHealth } from './endpoint-status.ts'

/** What every event of the registry has. */
export interface RegistryEventBase {
  /** Id of the endpoint. */
  readonly endpoint: string
  /** Milliseconds since the Unix epoch. */
  readonly at: number
}

/**
 * A change of an endpoint's state. `target` is a URL. `reason` is short and for people; it never holds bytes of an upstream.
 *
 * ```ts
 * registry.subscribe((event) => {
 *   if (event.type === 'endpoint_status' && event.to === 'unhealthy') alert(event.endpoint)
 * })
 * ```
 */
export type RegistryEvent = RegistryEventBase &
  (
    | { readonly type: 'endpoint_added' | 'endpoint_removed' }
    | { readonly type: 'endpoint_status'; readonly from: EndpointStatus; readonly to: EndpointStatus }
    | {
        readonly type: 'target_health'
        readonly target: string
        readonly from: TargetHealth
        readonly to: TargetHealth
        readonly reason: string
      }
    | { readonly type: 'target_ejected' | 'target_returned'; readonly target: string; readonly reason: string }
    | {
        readonly type: 'breaker_state'
        /** Name of the filter in the chain. */
        readonly filter: string
        /** Undefined where one breaker guards the whole endpoint. */
        readonly target: string | undefined
        readonly from: BreakerPhase
        readonly to: BreakerPhase
        readonly reason: string
        /** When probes may go out, if it is open; milliseconds since the Unix epoch. */
        readonly until?: number
      }
  )
