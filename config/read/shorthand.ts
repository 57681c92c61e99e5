import { AUTHENTICATION, type Requirement } from '../../core/api/endpoint.ts'
import { show } from '../../core/base/show.ts'
import type { Path } from '../../core/control/config-error.ts'
import type { EndpointSpec, FilterSpec, OptionsSpec } from '../../core/control/gateway-spec.ts'
import { formatPath } from '../document/format-path.ts'
import { isMapping } from '../document/plain-data.ts'
import type { Problems } from '../document/problems.ts'
import type { DocumentValues } from '../schema/document-schema.ts'
import type { EndpointValues } from '../schema/endpoint-shape.ts'
import { SHORT_FORMS } from '../schema/short-forms.ts'
import { type DeclaredChain, declaredChain } from './chain-entries.ts'
import type { ParkedKey } from './parked-keys.ts'
import { type EndpointRefinements, isOfGroup, isOn } from './refinements.ts'
import { merged, originsOf, type Shorthand, single, tokenKeys } from './shorthand-key.ts'

// Expands the flat keys, which are short for options of filters (short-forms.ts). A flat key refers to the filter that
// the factory of that name makes, whatever the name of the filter in the chain is.

function chainKeys(values: DocumentValues): Shorthand[] {
  const breaker = values.circuit_breaker
  const at: Path = ['circuit_breaker']
  const origins = Object.fromEntries(Object.keys(breaker ?? {}).map((key) => [key, [...at, key]]))
  return [
    ...(isMapping(breaker)
      ? [{ factory: SHORT_FORMS.document.circuit_breaker[0], options: breaker, origins, at }]
      : []),
    ...single(SHORT_FORMS.document.debug, values.debug === true ? true : undefined, ['debug']),
    ...single(['auth', 'debug'], values.debug === true ? true : undefined, ['debug']),
  ]
}

/** The proxy listener's chain with the flat keys of the document added to its options. */
export function expandChain(
  chain: DeclaredChain,
  values: DocumentValues,
  adminHasAuth: boolean,
  problems: Problems,
): { readonly chain: DeclaredChain; readonly parked: readonly ParkedKey[] } {
  let expanded = switchMetrics(chain, values.metrics_enabled, problems)
  const parked: ParkedKey[] = []
  for (const key of [...chainKeys(values), ...tokenKeys(values)]) {
    const elsewhere = adminHasAuth || key.at[0] === 'debug'
    if (key.factory === 'auth' && elsewhere && !expanded.byFactory.has('auth')) continue
    const filter = only(expanded, key, {}, problems, true)
    if (filter === undefined) continue
    reportTwice(filter, key, problems)
    if (filter.off !== undefined) parked.push({ at: key.at, filter: filter.name })
    expanded = replace(expanded, filter, merged(filter, key))
  }
  return { chain: expanded, parked }
}

function switchMetrics(chain: DeclaredChain, enabled: boolean | undefined, problems: Problems): DeclaredChain {
  const at: Path = ['metrics_enabled']
  const own = chain.byFactory.get('metrics') ?? []
  if (enabled === false)
    return own.reduce((c, filter) => replace(c, filter, { ...filter, off: filter.off ?? at }), chain)
  if (enabled === true && !own.some(({ off }) => off === undefined))
    warnMissing(chain, { factory: 'metrics', at }, problems)
  return chain
}

/**
 * The options of filters for one endpoint, by their name in the chain: its `filters`, and those of its groups, with its flat keys
 * added, which turn their filter on. And what the endpoint requires.
 */
export function expandEndpoint(
  endpoint: EndpointValues,
  chain: DeclaredChain,
  refined: EndpointRefinements,
  at: Path,
  problems: Problems,
): Pick<EndpointSpec, 'filters' | 'offInGroups'> & { requires: Requirement[] } {
  const { filters, offInGroups } = refined
  const { keys, demands } = authKeys(endpoint, at, problems)
  for (const key of ['methods', 'timeout'] as const)
    keys.push(...single(SHORT_FORMS.endpoint[key], endpoint[key], [...at, key]))
  for (const key of keys) {
    // Without auth in the chain the endpoint's requirement is not met; building reports that with a reason.
    const filter = only(chain, key, filters, problems, key.factory !== 'auth')
    if (filter === undefined) continue
    const opens = key.options.required === false
    if (opens && !isOn(filters, filter)) continue
    const own = filters[filter.name] ?? { options: {}, at }
    if (own === 'off' && offInGroups[filter.name] === undefined) {
      const where = problems.place([...at, 'filters', filter.name])
      problems.error(key.at, `${show(key.at.at(-1))} needs the filter ${show(filter.name)}, but ${where} turns it off`)
      continue
    }
    const base = own === 'off' ? { options: {}, at } : own
    delete offInGroups[filter.name]
    reportTwice(base, key, problems)
    filters[filter.name] = merged(opens ? opened(base, filter) : base, key)
  }
  const requires = demands || requiresToken(filters, chain) ? [AUTHENTICATION] : []
  return { filters, requires, ...(Object.keys(offInGroups).length === 0 ? {} : { offInGroups }) }
}

/** The options that require a token, where they demand nothing. */
const NOTHING_DEMANDED = { roles: [], scopes: [], rules: [] }

/** `none` needs no token even if auth in the chain, or in a group, has roles or scopes, which require one. */
function opened(own: OptionsSpec, filter: FilterSpec): OptionsSpec {
  if (!implied({ options: { ...filter.options, ...own.options } })) return own
  const inherited = (option: string): boolean => !Object.hasOwn(own.options, option) || isOfGroup(own, option)
  const without = Object.entries(NOTHING_DEMANDED).filter(([option]) => inherited(option))
  return { ...own, options: { ...own.options, ...Object.fromEntries(without) } }
}

function authKeys(endpoint: EndpointValues, at: Path, problems: Problems): { keys: Shorthand[]; demands: boolean } {
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
  const kinds = type === undefined || type === 'none' ? undefined : [type].flat()
  const demands = kinds !== undefined || (type === undefined && named.length > 0)
  const from: Path = [...at, type === undefined ? (named[0] ?? 'auth_type') : 'auth_type']
  if (type !== undefined || demands) {
    const options = kinds === undefined ? { required: demands } : { required: demands, accept: kinds }
    keys.unshift({ factory: 'auth', options, origins: originsOf(options, from), at: from })
  }
  return { keys, demands }
}

/** True if options of auth (not flat keys) require a token. */
export function requiresToken(filters: Readonly<Record<string, OptionsSpec | 'off'>>, chain: DeclaredChain): boolean {
  return (chain.byFactory.get('auth') ?? []).some((filter) => {
    const own = filters[filter.name]
    if (own === 'off' || !isOn(filters, filter)) return false
    const options = { ...filter.options, ...own?.options }
    return options.required === true || implied({ options })
  })
}

/** True if roles or scopes are set, which require a token. */
const implied = ({ options }: Pick<FilterSpec, 'options'>): boolean =>
  [options.roles, options.scopes, options.rules].some((list) => Array.isArray(list) && list.length > 0)

/**
 * The filter that a flat key refers to: of several of a kind, the one that is on; if none is on, the one that it turns on.
 * @param filters those of the endpoint, for its keys
 */
function only(
  chain: DeclaredChain,
  key: Shorthand,
  filters: EndpointSpec['filters'],
  problems: Problems,
  warn: boolean,
): FilterSpec | undefined {
  const all = chain.byFactory.get(key.factory) ?? []
  const on = all.filter((filter) => isOn(filters, filter))
  const inChain = all.filter(({ off }) => off === undefined)
  const [filter, second] = [on, inChain, all].find((list) => list.length > 0) ?? []
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
  const [off] = chain.byFactory.get(key.factory) ?? []
  const why =
    off?.off === undefined
      ? `the chain has no ${key.factory} filter`
      : `${problems.place(off.off)} turns ${key.factory} off`
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

function replace(chain: DeclaredChain, old: FilterSpec, filter: FilterSpec): DeclaredChain {
  return declaredChain(
    chain.entries.map((entry) => (entry === old ? filter : entry)),
    chain.complete,
  )
}
