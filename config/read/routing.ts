import type { Endpoint, Match } from '../../core/api/endpoint.ts'
import type { Path } from '../../core/control/config-error.ts'
import { Conditions } from '../../core/match/conditions.ts'
import { compileMatch } from '../../core/match/route-entry.ts'
import type { Mapping } from '../document/plain-data.ts'
import type { Problems } from '../document/problems.ts'
import type { EndpointValues } from '../schema/endpoint-shape.ts'
import { matchesOf } from '../schema/match-shape.ts'

/** What of an endpoint says which requests it gets, and with which path. */
export type Routing = Pick<
  Endpoint,
  'match' | 'byName' | 'stripPrefix' | 'rewrite' | 'caseSensitive' | 'allowAmbiguous'
>

/** Keys that mean nothing without a match. */
const OF_MATCH = ['by_name', 'strip_prefix', 'rewrite', 'case_sensitive'] as const

/** Reads the keys about routing. Reports what contradicts itself or has no effect. */
export function readRouting(raw: Mapping, values: EndpointValues, at: Path, problems: Problems): Routing {
  const match = readMatches(raw, values, at, problems)
  if (match.length === 0 && !['match', 'host', 'path'].some((key) => Object.hasOwn(raw, key)))
    for (const key of OF_MATCH)
      if (Object.hasOwn(raw, key))
        problems.warn([...at, key], `this has no effect: it is about a match, and the endpoint has none`)
  const { rewrite, strip_prefix: stripPrefix = false } = values
  if (rewrite !== undefined && stripPrefix)
    problems.error(
      [...at, 'strip_prefix'],
      'rewrite says the whole path already: remove strip_prefix, or write {rest} into rewrite',
    )
  if (stripPrefix && match.some(({ path }) => 'regex' in path))
    problems.error(
      [...at, 'strip_prefix'],
      'an expression has no prefix to drop: use rewrite, with named groups of the expression',
    )
  if (rewrite !== undefined) checkRewrite(rewrite, match, at, problems)
  return {
    match,
    byName: values.by_name ?? false,
    stripPrefix,
    rewrite,
    caseSensitive: values.case_sensitive ?? true,
    allowAmbiguous: values.allow_ambiguous ?? [],
  }
}

function readMatches(raw: Mapping, values: EndpointValues, at: Path, problems: Problems): Match[] {
  if (Object.hasOwn(raw, 'match'))
    for (const key of ['host', 'path'])
      if (Object.hasOwn(raw, key))
        problems.error([...at, key], `"${key}" is short for a match of one entry, and there is a match: write it there`)
  if (values.match !== undefined) return values.match.flatMap((one, i) => matchesOf(one, ['match', i]))
  const { host, path } = values
  if (host === undefined && path === undefined) return []
  const paths = path?.map((prefix) => ({ prefix }))
  return matchesOf({ ...(host === undefined ? {} : { host }), ...(paths === undefined ? {} : { path: paths }) }, [])
}

/** A rewrite must fit every match. */
function checkRewrite(rewrite: string, match: readonly Match[], at: Path, problems: Problems): void {
  const wrong = new Set<string>()
  for (const one of match) {
    const compiled = compileMatch({ rewrite, stripPrefix: false, caseSensitive: true }, one, Conditions.none, 0)
    if (typeof compiled === 'string') wrong.add(compiled)
  }
  for (const expected of wrong) problems.error([...at, 'rewrite'], `expected ${expected}`)
}
