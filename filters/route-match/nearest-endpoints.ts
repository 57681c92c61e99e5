import { type Endpoint, suggest } from '../../core/index.ts'

/** Endpoints that are compared: a path comes from anyone, and each of them costs time. */
const MOST_COMPARED = 1000

/**
 * Ids of the endpoints that the path most likely means, at most three. Only the first thousand endpoints are compared.
 * @param path normal form
 * @param prefix prefix of the routes; it may be missing or misspelt in the path
 */
export function nearestEndpoints(path: string, prefix: string, all: readonly Endpoint[]): string[] {
  const endpoints = all.length > MOST_COMPARED ? all.slice(0, MOST_COMPARED) : all
  const rest = path.startsWith(prefix) ? path.slice(prefix.length) : path
  const [first, second, third] = rest.split('/', 4).filter((segment) => segment !== '')
  const found = new Set<string>()
  const words: [string | undefined, string | undefined][] = [
    [first, second],
    [second, third],
  ]
  for (const [one, two] of words) {
    if (one === undefined) break
    const byId = two && suggest(`${one}/${two}`, ids(endpoints))
    if (byId !== undefined && byId !== '') found.add(byId)
    const name = suggest(one, names(endpoints)) ?? (two && suggest(two, names(endpoints)))
    if (name === undefined || name === '') continue
    for (const endpoint of endpoints) if (endpoint.name === name) found.add(endpoint.id)
  }
  return [...found].slice(0, 3)
}

function* ids(endpoints: readonly Endpoint[]): Iterable<string> {
  for (const { id } of endpoints) yield id
}

function* names(endpoints: readonly Endpoint[]): Iterable<string> {
  for (const { name } of endpoints) yield name
}
