import { AUTHENTICATION, type Requirement } from '../../core/api/endpoint.ts'
import { show } from '../../core/base/show.ts'
import type { Path } from '../../core/control/config-error.ts'
import type { FilterSpec, OptionsSpec } from '../../core/control/gateway-spec.ts'
import { formatPath } from '../document/format-path.ts'
import { isMapping } from '../document/plain-data.ts'
import type { Problems } from '../document/problems.ts'
import type { DocumentValues } from '../schema/document-schema.ts'
import type { EndpointValues } from '../schema/endpoint-shape.ts'
import { SHORT_FORMS } from '../schema/short-forms.ts'
import { type DeclaredChain, declaredChain, readOptions } from './chain-entries.ts'

// Expands the flat keys, which are short for options of filters (short-forms.ts). A flat key refers to the filter that
// the factory of that name makes, whatever the name of the filter in the chain is.

type Options = Readonly<Record<string, unknown>>

interface Shorthand {
  readonly factory: string
  readonly options: Options
  readonly origins: Readonly<Record<string, Path>>
  /** The path of the flat key. */
  readonly at: Path
}

function single([factory, option]: readonly [string, string], value: unknown, at: Path): Shorthand[] {
  return value === undefined ? [] : [{ factory, options: { [option]: value }, origins: { [option]: at }, at }]
}

/** Keys about tokens, which apply to every listener that checks tokens. */
function tokenKeys(values: DocumentValues): Shorthand[] {
  return (['auth_algorithm', 'auth_issuer', 'auth_audience'] as const).flatMap((key) =>
    single(SHORT_FORMS.document[key], values[key], [key]),
  )
}

function chainKeys(values: DocumentValues): Shorthand[] {
  const breaker = values.circuit_breaker
  const at: Path = ['circuit_breaker']
  const origins = Object.fromEntries(Object.keys(breaker ?? {}).map((key) => [key, [...at, key]]))
  return [
    ...(isMapping(breaker)
      ? [{ factory: SHORT_FORMS.document.circuit_breaker[0], options: breaker, origins, at }]
      : []),
    ...single(SHORT_FORMS.document.debug, values.debug === true ? true : undefined, ['debug']),
  ]
}

/** The proxy listener's chain with the flat keys of the document added to its options. */
export function expandChain(
  chain: DeclaredChain,
  values: DocumentValues,
  adminHasAuth: boolean,
  problems: Problems,
): DeclaredChain {
  let expanded = switchMetrics(chain, values.metrics_enabled, problems)
  for (const key of [...chainKeys(values), ...tokenKeys(values)]) {
    if (key.factory === 'auth' && adminHasAuth && !expanded.byFactory.has('auth')) continue
    const filter = only(expanded, key, problems, true)
    if (filter === undefined) continue
    reportTwice(filter, key, problems)
    expanded = replace(expanded, filter, merged(filter, key))
  }
  return expanded
}

/**
 * The admin listener's chain. The keys about tokens and hosts apply there, unless an option of its `auth`, or `admin`, sets the same.
 * @param open true if other machines can reach it: then a token is required
 * @param hosts the names that it is served under
 */
export function expandAdminChain(
  chain: DeclaredChain,
  values: DocumentValues,
  open: boolean,
  hosts: readonly string[],
): DeclaredChain {
  const keys = [
    ...tokenKeys(values),
    ...single(['auth', 'required'], open ? true : undefined, ['admin', 'listen']),
    ...single(['admin', 'allowed_hosts'], hosts.length > 0 ? hosts : undefined, ['admin', 'allowed_hosts']),
  ]
  const expand = (filter: FilterSpec): FilterSpec =>
    keys
      .filter(({ factory }) => factory === filter.factory)
      .reduce(
        (f, key) => (Object.keys(key.options).some((o) => Object.hasOwn(f.options, o)) ? f : merged(f, key)),
        filter,
      )
  return declaredChain(chain.entries.map(expand), chain.leftOut, chain.complete)
}

function switchMetrics(chain: DeclaredChain, enabled: boolean | undefined, problems: Problems): DeclaredChain {
  const at: Path = ['metrics_enabled']
  if (enabled === false) {
    const leftOut = new Map(chain.leftOut)
    for (const filter of chain.byFactory.get('metrics') ?? []) leftOut.set(filter.name, at)
    return declaredChain(
      chain.entries.filter((filter) => filter.factory !== 'metrics'),
      leftOut,
      chain.complete,
    )
  }
  if (enabled === true && !chain.byFactory.has('metrics')) warnMissing(chain, { factory: 'metrics', at }, problems)
  return chain
}

/**
 * The options of filters for one endpoint, by their name in the chain: its `filters` with its flat keys added. And what
 * the endpoint requires.
 */
export function expandEndpoint(
  endpoint: EndpointValues,
  chain: DeclaredChain,
  at: Path,
  problems: Problems,
): { filters: Record<string, OptionsSpec | 'off'>; requires: Requirement[] } {
  const filters = endpointFilters(endpoint, chain, [...at, 'filters'], problems)
  const { keys, bearer } = authKeys(endpoint, at, problems)
  for (const key of ['methods', 'timeout'] as const)
    keys.push(...single(SHORT_FORMS.endpoint[key], endpoint[key], [...at, key]))
  for (const key of keys) {
    // Without auth in the chain the endpoint's requirement is not met; building reports that with a reason.
    const filter = only(chain, key, problems, key.factory !== 'auth')
    if (filter === undefined) continue
    const own = filters[filter.name] ?? { options: {}, at }
    if (own === 'off') {
      if (key.options.required === false) continue
      const where = problems.place([...at, 'filters', filter.name])
      problems.error(key.at, `${show(key.at.at(-1))} needs the filter ${show(filter.name)}, but ${where} turns it off`)
    } else {
      reportTwice(own, key, problems)
      // `none` needs no token even if auth in the chain has roles or scopes, which require one.
      const opened = key.options.required === false && implied(filter) ? { roles: [], scopes: [] } : {}
      filters[filter.name] = merged({ ...own, options: { ...opened, ...own.options } }, key)
    }
  }
  return { filters, requires: bearer || enforced(filters, chain) ? [AUTHENTICATION] : [] }
}

function authKeys(endpoint: EndpointValues, at: Path, problems: Problems): { keys: Shorthand[]; bearer: boolean } {
  const { auth_type: type } = endpoint
  const named = (['roles', 'scopes'] as const).filter((key) => endpoint[key] !== undefined)
  const keys = named.flatMap((key) => single(SHORT_FORMS.endpoint[key], endpoint[key], [...at, key]))
  if (type === 'none') {
    for (const key of named)
      problems.error(
        [...at, key],
        `${key} need a token, but auth_type is none: ${problems.place([...at, 'auth_type'])}`,
      )
  }
  const bearer = type === 'bearer' || (type === undefined && named.length > 0)
  const from: Path = [...at, type === undefined ? (named[0] ?? 'auth_type') : 'auth_type']
  keys.unshift(...single(['auth', 'required'], type === undefined && !bearer ? undefined : bearer, from))
  return { keys, bearer }
}

/** True if options of auth (not flat keys) require a token. */
function enforced(filters: Readonly<Record<string, OptionsSpec | 'off'>>, chain: DeclaredChain): boolean {
  return (chain.byFactory.get('auth') ?? []).some((filter) => {
    const own = filters[filter.name]
    if (own === 'off') return false
    const options = { ...filter.options, ...own?.options }
    return options.required === true || implied({ options })
  })
}

/** True if roles or scopes are set, which require a token. */
const implied = ({ options }: Pick<FilterSpec, 'options'>): boolean =>
  [options.roles, options.scopes].some((list) => Array.isArray(list) && list.length > 0)

function endpointFilters(
  endpoint: EndpointValues,
  chain: DeclaredChain,
  at: Path,
  problems: Problems,
): Record<string, OptionsSpec | 'off'> {
  // The names come from the document. Without a prototype a name such as `constructor` finds nothing.
  const filters: Record<string, OptionsSpec | 'off'> = Object.create(null)
  for (const [name, raw] of Object.entries(endpoint.filters ?? {})) {
    const path = [...at, name]
    const options = readOptions(raw, path, problems)
    if (options === undefined) continue
    if (chain.byName.has(name)) filters[name] = options === 'off' ? 'off' : { options, at: path }
    else if (chain.leftOut.has(name)) {
      const where = problems.place(chain.leftOut.get(name)!)
      if (options !== 'off') problems.warn(path, `this has no effect: ${where} turns ${show(name)} off`)
    } else if (chain.complete) {
      problems.error(
        path,
        `the chain has no filter named ${show(name)}.${problems.suggestion(name, [...chain.byName.keys()], 'Its filters')}`,
      )
    }
  }
  return filters
}

/** The filter that a flat key refers to. */
function only(chain: DeclaredChain, key: Shorthand, problems: Problems, warn: boolean): FilterSpec | undefined {
  const [filter, second] = chain.byFactory.get(key.factory) ?? []
  if (filter === undefined && warn) warnMissing(chain, key, problems)
  if (second === undefined || filter === undefined) return filter
  const names = `${show(filter.name)} and ${show(second.name)}`
  problems.error(key.at, `the chain has several ${key.factory} filters (${names}): write the option at one of them`)
  return undefined
}

function warnMissing(
  chain: DeclaredChain,
  key: { readonly factory: string; readonly at: Path },
  problems: Problems,
): void {
  if (!chain.complete) return
  const out = chain.leftOut.get(key.factory)
  const why =
    out === undefined ? `the chain has no ${key.factory} filter` : `${problems.place(out)} turns ${key.factory} off`
  problems.warn(key.at, `this has no effect: ${why}`)
}

function reportTwice(spec: OptionsSpec, key: Shorthand, problems: Problems): void {
  for (const [option, origin] of Object.entries(key.origins)) {
    if (!Object.hasOwn(spec.options, option) || spec.origins?.[option] !== undefined) continue
    // Roles require a token anyway: "required: true" beside them is no contradiction.
    if (option === 'required' && origin.at(-1) !== 'auth_type' && spec.options[option] === true) continue
    const other = problems.place([...spec.at, option])
    problems.error(origin, `given twice: ${formatPath(origin)} is the same as ${other}. Remove one of them`)
  }
}

function merged<T extends OptionsSpec>(spec: T, key: Shorthand): T {
  return { ...spec, options: { ...spec.options, ...key.options }, origins: { ...spec.origins, ...key.origins } }
}

function replace(chain: DeclaredChain, old: FilterSpec, filter: FilterSpec): DeclaredChain {
  return declaredChain(
    chain.entries.map((entry) => (entry === old ? filter : entry)),
    chain.leftOut,
    chain.complete,
  )
}
