import type { Endpoint, Match } from '../../core/index.ts'

/** An endpoint whose paths contain those of a stricter one at the same upstream. */
export interface LooseNeighbour {
  readonly loose: Endpoint
  readonly strict: Endpoint
  /** Scheme and authority of the upstream. */
  readonly origin: string
}

/** Pairs that are looked for at most: one is enough to make somebody think. */
const MOST = 10

/**
 * Endpoints that require nothing, beside one at the same upstream that does, and whose prefix contains its paths: where the upstream
 * reads paths more loosely than the gateway (other case, a dot at the end), a request for the one may be one for the other there.
 */
export function looseNeighbours(endpoints: readonly Endpoint[]): readonly LooseNeighbour[] {
  const loose = new Map<string, Endpoint>()
  for (const endpoint of endpoints)
    if (endpoint.requires.length === 0)
      for (const { origin } of endpoint.targets)
        for (const { host, path } of endpoint.match)
          if ('prefix' in path) loose.set(keyOf(origin, host, path.prefix), endpoint)
  const found = new Map<string, LooseNeighbour>()
  for (const strict of endpoints) {
    if (strict.requires.length === 0) continue
    for (const { origin } of strict.targets)
      for (const match of strict.match)
        for (const key of keysAround(origin, match)) {
          const other = loose.get(key)
          if (other !== undefined) found.set(`${other.id}\n${strict.id}`, { loose: other, strict, origin })
          if (found.size === MOST) return [...found.values()]
        }
  }
  return [...found.values()]
}

/** Case and names of parameters make no difference: an upstream may ignore case. */
const keyOf = (origin: string, host = '', prefix = ''): string =>
  `${origin}\n${host}\n${prefix.toLowerCase().replace(/\{[^{}]*\}/g, '{}')}`

/** Keys of every prefix that contains the paths of a match. */
function* keysAround(origin: string, { host, path }: Match): Iterable<string> {
  const text = 'prefix' in path ? path.prefix : 'exact' in path ? path.exact : '/'
  for (const on of new Set([host, undefined])) {
    yield keyOf(origin, on, '/')
    for (let end = text.indexOf('/', 1); end !== -1; end = text.indexOf('/', end + 1))
      yield keyOf(origin, on, text.slice(0, end))
    if (text !== '/') yield keyOf(origin, on, text)
  }
}
