import type { Endpoint } from '../../core/index.ts'
import type { RoutesByHost } from './routes-by-host.ts'

/** What leads to an endpoint, given all the others: paths, behind a host where it names some. */
export function routePatterns({ id, name, version, match }: Endpoint, prefix: string, routes: RoutesByHost): string[] {
  const names = [`${prefix}/${name}`]
  if (version !== undefined) names.unshift(`${prefix}/${version}/${name}`)
  const paths = match.hosts.length > 0 && match.paths.length === 0 ? ['/'] : [...names, ...match.paths]
  const hosts = match.hosts.length === 0 ? [''] : match.hosts
  return hosts.flatMap((host) =>
    paths
      // No host has a label of this name: it is nobody's but the pattern's.
      .filter((path) => routes.find(host.replace('*', '-'), path)?.endpoint.id === id)
      .map((path) => host + path),
  )
}
