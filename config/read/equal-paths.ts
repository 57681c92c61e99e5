import { show } from '../../core/base/show.ts'
import type { EndpointSpec } from '../../core/control/gateway-spec.ts'
import type { Problems } from '../document/problems.ts'
import type { DeclaredChain } from './chain-entries.ts'

/** Reports every path that two endpoints claim on the same host; route-match itself would stop at the first, without a place. */
export function reportEqualPaths(endpoints: readonly EndpointSpec[], chain: DeclaredChain, problems: Problems): void {
  if (!chain.byFactory.has('route-match')) return
  const taken = new Map<string, EndpointSpec>()
  for (const spec of endpoints) {
    const { hosts, paths } = spec.endpoint.match
    for (const host of hosts.length === 0 ? [''] : hosts)
      for (const path of hosts.length > 0 && paths.length === 0 ? [''] : paths) {
        const key = `${host} ${path}`
        const first = taken.get(key) ?? spec
        taken.set(key, first)
        if (first === spec) continue
        const where = host === '' ? '' : ` of the host ${show(host)}`
        const what = path === '' ? `every path${where}` : `the path ${show(path)}${where}`
        problems.error(
          [...spec.at, path === '' ? 'host' : 'path'],
          `${what} leads to ${problems.place(first.at)} already: set another path or host`,
        )
      }
  }
}
