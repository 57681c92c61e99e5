import { type Endpoint, normalPattern } from '../../core/index.ts'
import type { RoutesByHost } from './routes-by-host.ts'

/** Patterns that lead to an endpoint among all others: paths, with the host in front if the endpoint names hosts. */
export function routePatterns({ id, name, version, match }: Endpoint, prefix: string, routes: RoutesByHost): string[] {
  const names = [`${prefix}/${name}`]
  if (version !== undefined) names.unshift(`${prefix}/${version}/${name}`)
  const paths = match.hosts.length > 0 && match.paths.length === 0 ? ['/'] : [...names, ...match.paths]
  const hosts = match.hosts.length === 0 ? [''] : match.hosts
  return hosts.flatMap((host) =>
    paths
      // No host has the label `-`, so only the pattern matches it.
      .filter((path) => {
        const normal = normalPattern(path) as string
        return routes.find(host.replace('*', '-'), normal, normal)?.endpoint.id === id
      })
      .map((path) => host + path),
  )
}
