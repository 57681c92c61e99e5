import type { GatewaySpec } from '../control/gateway-spec.ts'

/** The part of a configuration that workers serve. */
export const routing = ({ listeners, endpoints }: GatewaySpec): GatewaySpec => ({
  listeners: listeners.filter(({ routes }) => routes),
  endpoints,
})

/** The part that the primary serves itself. */
export const notRouting = ({ listeners, endpoints }: GatewaySpec): GatewaySpec => ({
  listeners: listeners.filter(({ routes }) => !routes),
  endpoints,
})
