/** Whether an endpoint takes traffic: as configured, or `unhealthy` when no target of it may be called. */
export type EndpointStatus = 'active' | 'inactive' | 'disabled' | 'unhealthy'

/** What active checks say of a target: `unknown` until the first of them is over. */
export type TargetHealth = 'unknown' | 'healthy' | 'unhealthy'

export type BreakerPhase = 'closed' | 'open' | 'half_open'
