import { type Endpoint, HeaderList, type Match, normalPattern, type RouteTable } from '../../core/index.ts'

/** What leads to an endpoint among all others, for people: paths, with the host in front and conditions behind. */
export function routePatterns(
  { id, name, version, match, byName }: Endpoint,
  prefix: string,
  routes: RouteTable,
): string[] {
  const names =
    match.length === 0 || byName
      ? [...(version === undefined ? [] : [`${prefix}/${version}/${name}`]), `${prefix}/${name}`]
      : []
  const leads = (path: string): boolean => {
    const normal = normalPattern(path) as string
    const found = routes.candidates({ host: '', method: 'GET', path, query: '', headers: new HeaderList() }, normal)
    return found[0]?.endpoint.id === id
  }
  return [...names.filter(leads), ...match.map(patternText)]
}

/** A match in one line: `*.a.test/users/{id} GET x-beta`. */
function patternText({ host = '', path, methods, headers, query, cookies }: Match): string {
  const text = 'prefix' in path ? path.prefix : 'exact' in path ? `=${path.exact}` : `~${path.regex}`
  const conditions = [
    methods.join(','),
    ...headers.map((one) => one.name),
    ...cookies.map((one) => `cookie ${one.name}`),
    ...query.map((one) => `?${one.name}`),
  ].filter((one) => one !== '')
  return [host + text, ...conditions].join(' ')
}
