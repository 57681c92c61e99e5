import { show } from '../../core/base/show.ts'
import type { EndpointSpec, FilterSpec } from '../../core/control/gateway-spec.ts'
import type { Problems } from '../document/problems.ts'
import type { DocumentValues } from '../schema/document-schema.ts'
import { type DeclaredChain, declaredChain } from './chain-entries.ts'

/** The filter that serves the gateway's own tokens. */
const FILTER = 'tokens'

/**
 * The chain with the filter that serves the gateway's own tokens, where the document has the section `tokens`: where the document lists
 * it, else right behind `auth`, or `request-id`, and before the route is known. Its options are those of the section.
 */
export function withTokens(chain: DeclaredChain, { tokens }: DocumentValues, problems: Problems): DeclaredChain {
  const listed = chain.byFactory.get(FILTER) ?? []
  if (typeof tokens !== 'object') {
    for (const { name, at } of listed)
      if (chain.complete)
        problems.error(
          at,
          `${show(name)} serves what the section "tokens" says, and there is none: write it, or remove this`,
        )
    return chain
  }
  const options = { prefix: tokens.serve.prefix, issuer: tokens.issuer }
  const origins = { prefix: ['tokens', 'serve', 'prefix'], issuer: ['tokens', 'issuer'] }
  const [first, second] = listed
  if (first !== undefined) {
    if (second !== undefined)
      problems.error(second.at, `one filter serves tokens, and the chain has ${show(first.name)} already: remove this`)
    if (first.off !== undefined)
      problems.error(
        first.off,
        'tokens are served before the endpoint is known: write "tokens: off" at the top instead',
      )
    if (Object.keys(first.options).length > 0)
      problems.error(first.at, 'its options are those of the section "tokens": remove them here')
    return replaced(chain, first, { ...first, options, origins })
  }
  if (chain.byName.has(FILTER)) {
    problems.error(chain.byName.get(FILTER)!.at, 'this name is that of the filter that serves tokens: choose another')
    return chain
  }
  const entries = [...chain.entries]
  entries.splice(placeIn(entries), 0, { name: FILTER, factory: FILTER, options, origins, at: ['tokens'] })
  return declaredChain(entries, chain.complete)
}

function replaced({ entries, complete }: DeclaredChain, old: FilterSpec, next: FilterSpec): DeclaredChain {
  return declaredChain(
    entries.map((entry) => (entry === old ? next : entry)),
    complete,
  )
}

/** Behind what knows who calls, and before what replies to requests that lead to no endpoint. */
function placeIn(entries: readonly FilterSpec[]): number {
  const indexOf = (factory: string): number => entries.findIndex((entry) => entry.factory === factory)
  const route = indexOf('route-match')
  const before = route === -1 ? entries.length : route
  for (const factory of ['auth', 'request-id']) {
    const index = indexOf(factory)
    if (index !== -1 && index < before) return index + 1
  }
  return 0
}

/** Endpoints whose paths lie where tokens are served: no request would reach them. */
export function reportCovered(
  { tokens }: DocumentValues,
  chain: DeclaredChain,
  endpoints: readonly EndpointSpec[],
  problems: Problems,
): void {
  if (typeof tokens !== 'object') return
  const prefix = tokens.serve.prefix.toLowerCase()
  const names = chain.byFactory.get('route-match')?.[0]?.options.prefix ?? '/orchestrator'
  const named = endpoints.some(({ endpoint }) => endpoint.match.length === 0 || endpoint.byName)
  if (named && typeof names === 'string' && isBelow(names.toLowerCase(), prefix))
    problems.error(
      ['tokens', 'serve', 'prefix'],
      `no request reaches endpoints by name, whose paths begin with ${show(names)}: choose another path`,
    )
  for (const { endpoint, at } of endpoints)
    for (const { path } of endpoint.match) {
      const given = 'prefix' in path ? path.prefix : 'exact' in path ? path.exact : undefined
      if (given === undefined || !isBelow(given.toLowerCase(), prefix)) continue
      const place = problems.place(['tokens', 'serve', 'prefix'])
      problems.error(
        at,
        `no request reaches ${show(given)}: tokens are served at ${show(tokens.serve.prefix)} (${place}). Change one of them`,
      )
      break
    }
}

const isBelow = (path: string, prefix: string): boolean => path === prefix || path.startsWith(`${prefix}/`)
