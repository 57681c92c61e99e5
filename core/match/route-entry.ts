import type { Endpoint, Match } from '../api/endpoint.ts'
import { Conditions } from './conditions.ts'
import { parseExpression } from './expression.ts'
import { parametersOf, parseTemplate, type Segment } from './path-template.ts'
import { type Rewrite, rewriteOf } from './rewrite.ts'

/** One way that leads to an endpoint. */
export interface RouteEntry {
  readonly endpoint: Endpoint
  /** As in the match; empty: every host. */
  readonly host: string
  /** Name of the route, for people and spans. */
  readonly template: string
  /** Names of the parameters, in their order in the path. */
  readonly parameters: readonly string[]
  readonly conditions: Conditions
  /** What matched is dropped from the path. */
  readonly strips: boolean
  readonly rewrite: Rewrite | undefined
  /** Position in the configuration. */
  readonly order: number
}

/** What paths it matches. */
export type PathForm =
  | { readonly expression: string }
  | {
      readonly segments: readonly Segment[]
      readonly ends: 'exact' | 'prefix'
      /** Upper and lower case are equal. */
      readonly folds: boolean
    }

export interface Compiled {
  readonly entry: RouteEntry
  readonly form: PathForm
}

const NONE: readonly never[] = []

/** By a name, which is dropped. @returns what was expected, after that word, if it can't be compiled */
export function compileName(endpoint: Endpoint, path: string, template: string, order: number): Compiled | string {
  const segments = parseTemplate(path)
  if (typeof segments === 'string') return segments
  const conditions = Conditions.none
  const entry = { endpoint, host: '', template, parameters: NONE, conditions, strips: true, rewrite: undefined, order }
  return { entry, form: { segments, ends: 'prefix', folds: false } }
}

type Matched = Pick<Endpoint, 'rewrite' | 'stripPrefix' | 'caseSensitive'>

/**
 * By a match.
 * @param conditions those of the match
 * @returns what was expected, after that word, if it can't be compiled
 */
export function compileMatch<E extends Matched>(
  endpoint: E,
  { host = '', path }: Match,
  conditions: Conditions,
  order: number,
): (Compiled & { readonly entry: { readonly endpoint: E } }) | string {
  const form = formOf(path, endpoint)
  if (typeof form === 'string') return form
  const { parameters, ...rest } = form
  const rewrite =
    endpoint.rewrite === undefined ? undefined : rewriteOf(endpoint.rewrite, parameters, 'expression' in rest.form)
  if (typeof rewrite === 'string') return rewrite
  const template = 'prefix' in path ? path.prefix.replace(/\/+$/, '') || '/' : 'exact' in path ? path.exact : path.regex
  const entry = { endpoint, host, template, parameters, conditions, strips: endpoint.stripPrefix, rewrite, order }
  return { entry: entry as unknown as RouteEntry & { endpoint: E }, form: rest.form }
}

function formOf(
  path: Match['path'],
  { caseSensitive }: Matched,
): { readonly form: PathForm; readonly parameters: readonly string[] } | string {
  if ('regex' in path) {
    const parsed = parseExpression(path.regex)
    if (typeof parsed === 'string') return parsed
    const expression = caseSensitive ? path.regex : `(?i)${path.regex}`
    return { form: { expression }, parameters: Object.keys(parsed.namedGroups()) }
  }
  const whole = 'exact' in path
  const segments = parseTemplate(whole ? path.exact : path.prefix, whole)
  if (typeof segments === 'string') return segments
  const parameters = parametersOf(segments)
  return {
    form: { segments, ends: whole ? 'exact' : 'prefix', folds: !caseSensitive },
    parameters: parameters.length === 0 ? NONE : parameters,
  }
}

/** Text that is equal for ways between which only their order decides. */
export function identityOf(form: PathForm, conditions: string): string {
  if ('expression' in form) return `~${form.expression}\n${conditions}`
  const { segments, ends, folds } = form
  // No literal has braces: they are encoded.
  let path = folds ? `${ends} of any case ` : ends
  for (const segment of segments) path += 'parameter' in segment ? '/{}' : `/${segment.literal}`
  return `${folds ? path.toLowerCase() : path}\n${conditions}`
}
