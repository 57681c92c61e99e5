import type { Endpoint } from '../api/endpoint.ts'
import type { FilterFactory } from '../api/filter-factory.ts'
import { EndpointsKey, type ServiceKey } from '../api/service.ts'
import { RoutesKey, type RouteTables } from '../match/route-tables.ts'

/** The services that filters get by their keys in one load: those of the process, and those made of its endpoints. */
export class FilterServices {
  readonly #services: ReadonlyMap<ServiceKey<unknown>, unknown>

  constructor(
    ofProcess: ReadonlyMap<ServiceKey<unknown>, unknown>,
    endpoints: readonly Endpoint[],
    routes: RouteTables,
  ) {
    this.#services = new Map<ServiceKey<unknown>, unknown>([
      ...ofProcess,
      [EndpointsKey, endpoints],
      [RoutesKey, routes],
    ])
  }

  /** Whether the factory uses a service that is another with other endpoints. */
  static ofEndpoints({ needs = [], wants = [] }: FilterFactory): boolean {
    return [...needs, ...wants].some((key) => key === EndpointsKey || key === RoutesKey)
  }

  /** @throws Error if the factory does not name the key in `needs`, or if there is no such service */
  get<T>(key: ServiceKey<T>, factory: FilterFactory): T {
    demandNamed(key, factory.needs, 'needs')
    const service = this.#services.get(key)
    if (service === undefined) throw new Error(`this process has no service "${key.name}"`)
    return service as T
  }

  /** Undefined if there is no such service. @throws Error if the factory does not name the key in `wants` */
  getIf<T>(key: ServiceKey<T>, factory: FilterFactory): T | undefined {
    demandNamed(key, factory.wants, 'wants')
    return this.#services.get(key) as T | undefined
  }
}

function demandNamed(key: ServiceKey<unknown>, named: readonly ServiceKey<unknown>[] | undefined, list: string): void {
  if (named?.includes(key) !== true)
    throw new Error(`the service "${key.name}" is not in the factory's "${list}"; add its key there`)
}
