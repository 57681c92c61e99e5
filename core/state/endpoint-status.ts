/** Whether an endpoint takes traffic: as configured, or `unhealthy` if none of its targets may be called. */
export type EndpointStatus = 'active' | 'inactive' | 'disabled' | 'unhealthy'

/** Result of active checks of a target: `unknown` until the first check is over. */
export type TargetHealth = 'unknown' | 'healthy' | 'unhealthy'

/** State of a breaker: `closed` lets calls pass, `open` refuses them, `half_open` lets a few probes pass. */
export type BreakerPhase = 'closed' | 'open' | 'half_open'
