import type { Endpoint } from '../api/endpoint.ts'
import { defineService, type ServiceKey } from '../api/service.ts'
import { RouteTable } from './route-table.ts'

/**
 * The routes to the endpoints of a configuration, for filters that route. Equal prefixes share one table.
 *
 * ```ts
 * const routes = env.service(RoutesKey).under('/orchestrator')
 * const { method, path, query, headers } = x.request
 * const route = routes.find({ host: 'tenant.test', method, path, query, headers })
 * if ('endpoint' in route) x.set(RouteSlot, route)
 * ```
 */
export class RouteTables {
  readonly #endpoints: readonly Endpoint[]
  readonly #byPrefix = new Map<string, RouteTable>()

  constructor(endpoints: readonly Endpoint[]) {
    this.#endpoints = endpoints
  }

  /**
   * @param prefix what stands before version and name in paths; empty, or starting with `/` and not ending with it
   * @throws EndpointsError when something can't be matched, or leads to two endpoints
   */
  under(prefix: string): RouteTable {
    let table = this.#byPrefix.get(prefix)
    if (table === undefined) {
      table = new RouteTable(this.#endpoints, prefix)
      this.#byPrefix.set(prefix, table)
    }
    return table
  }
}

/**
 * The routes of the configuration that is being loaded.
 *
 * @example const routes = env.service(RoutesKey).under('/orchestrator')
 */
export const RoutesKey: ServiceKey<RouteTables> = defineService('routes')
