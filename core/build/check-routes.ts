import { EndpointsError } from '../api/endpoints-error.ts'
import type { Problem } from '../control/config-error.ts'
import type { GatewaySpec } from '../control/gateway-spec.ts'
import { RouteTable } from '../match/route-table.ts'
import { placedProblems } from './endpoint-problems.ts'

/**
 * What can't be matched, and what leads to two endpoints.
 * @param prefix in front of names
 */
export function checkRoutes({ endpoints }: GatewaySpec, prefix: string): readonly Problem[] {
  try {
    new RouteTable(
      endpoints.map(({ endpoint }) => endpoint),
      prefix,
    )
    return []
  } catch (error) {
    if (error instanceof EndpointsError) return placedProblems(error, endpoints)
    throw error
  }
}
