import type { Endpoint, Target } from '../../core/api/endpoint.ts'
import { show } from '../../core/base/show.ts'
import type { SlicedWork } from '../../core/base/time-slice.ts'
import type { Path } from '../../core/control/config-error.ts'
import type { EndpointSpec } from '../../core/control/gateway-spec.ts'
import { BROKEN, isMapping } from '../document/plain-data.ts'
import type { Problems } from '../document/problems.ts'
import { type EndpointValues, endpointShape } from '../schema/endpoint-shape.ts'
import { endpointHint } from '../schema/key-hints.ts'
import type { DeclaredChain } from './chain-entries.ts'
import type { Groups } from './groups.ts'
import { type EndpointCheck, readEndpointCheck } from './health-check.ts'
import { readShape } from './read-shape.ts'
import { endpointRefinements, isOn } from './refinements.ts'
import { readRouting } from './routing.ts'
import { expandEndpoint } from './shorthand.ts'

export interface Endpoints {
  readonly specs: readonly EndpointSpec[]
  /** Their own health check keys, by the endpoint's id. */
  readonly checks: ReadonlyMap<string, EndpointCheck>
}

/** Reads the list of endpoints. Reports what is wrong; returns the endpoints that could be read. */
export function* readEndpoints(
  raw: unknown,
  chain: DeclaredChain,
  groups: Groups,
  problems: Problems,
  cache: KnownEndpoints = new WeakMap(),
): SlicedWork<Endpoints> {
  const at: Path = ['endpoints']
  const specs: EndpointSpec[] = []
  const checks = new Map<string, EndpointCheck>()
  if (raw === BROKEN) return { specs, checks }
  if (raw !== undefined && raw !== null && !Array.isArray(raw)) {
    problems.error(
      at,
      `expected a list of endpoints, found ${problems.found(at, raw)}: begin each with a dash, - name: …`,
    )
    return { specs, checks }
  }
  const items: readonly unknown[] = raw ?? []
  if (items.length === 0) problems.warn(at, 'there are no endpoints: every request gets 404')
  const ids = new Map<string, Path>()
  const chainText = JSON.stringify([chain.entries, chain.complete, groups.text])
  for (const [i, item] of items.entries()) {
    yield
    const path = [...at, i]
    if (item === BROKEN) continue
    if (!isMapping(item)) {
      problems.error(path, `expected an endpoint (a mapping with name and url), found ${problems.found(path, item)}`)
      continue
    }
    const known = cache.get(item)
    if (known?.index === i && known.chain === chainText && !ids.has(known.spec.endpoint.id)) {
      ids.set(known.spec.endpoint.id, path)
      groups.use(known.use)
      specs.push(known.spec)
      if (known.check !== undefined) checks.set(known.spec.endpoint.id, known.check)
      continue
    }
    const found = problems.errors.length + problems.warnings.length
    const values = readShape(endpointShape, item, path, problems, [], endpointHint)
    const id = identify(item, values, path, ids, problems)
    const refined = endpointRefinements(values, item, chain, groups, path, problems)
    const { filters, requires, ...groupOffs } = expandEndpoint(values, chain, refined, path, problems)
    const turnsOn = chain.entries.some((filter) => filter.off !== undefined && isOn(filters, filter))
    const targets = readTargets(item, values, turnsOn, path, problems)
    const check = readEndpointCheck(values, path, problems)
    if (id === undefined || values.name === undefined) continue
    if (check !== undefined) checks.set(id, check)
    const endpoint: Endpoint = {
      id,
      name: values.name,
      version: values.version,
      targets,
      status: readStatus(item, values, path, problems),
      ...readRouting(item, values, path, problems),
      requires,
    }
    const noTarget = turnsOn && !Object.hasOwn(item, 'url') && !Object.hasOwn(item, 'targets')
    const spec = { endpoint, filters, at: path, ...groupOffs, ...(noTarget ? { noTarget } : {}) }
    specs.push(spec)
    if (problems.errors.length + problems.warnings.length === found)
      cache.set(item, { index: i, chain: chainText, spec, check, use: values.use ?? [] })
  }
  return { specs, checks }
}

/** An endpoint that was read from the same data before, without errors and warnings. */
interface Known {
  readonly index: number
  /** The chain and the groups that it was read for, as text. */
  readonly chain: string
  readonly spec: EndpointSpec
  readonly check: EndpointCheck | undefined
  /** The groups that it uses. */
  readonly use: readonly string[]
}

/** Endpoints of earlier loads by their plain data. An unchanged endpoint stays the same object. */
export type KnownEndpoints = WeakMap<object, Known>

function identify(
  raw: Readonly<Record<string, unknown>>,
  values: EndpointValues,
  at: Path,
  ids: Map<string, Path>,
  problems: Problems,
): string | undefined {
  const { name, version } = values
  if (name === undefined || (version === undefined && Object.hasOwn(raw, 'version'))) return undefined
  const id = version === undefined ? name : `${version}/${name}`
  const first = ids.get(id)
  if (first === undefined) ids.set(id, at)
  else problems.error([...at, 'name'], `the endpoint ${show(id)} exists already: ${problems.place(first)}`)
  return first === undefined ? id : undefined
}

function readTargets(
  raw: Readonly<Record<string, unknown>>,
  values: EndpointValues,
  mayHaveNone: boolean,
  at: Path,
  problems: Problems,
): Target[] {
  const both = Object.hasOwn(raw, 'url') && Object.hasOwn(raw, 'targets')
  if (both) problems.error([...at, 'targets'], 'both url and targets are given: remove one of them')
  // Only building knows whether what it turns on is a terminal filter.
  if (!Object.hasOwn(raw, 'url') && !Object.hasOwn(raw, 'targets') && !mayHaveNone)
    problems.error(at, '"url" is missing')
  if (values.url !== undefined) return [{ ...values.url, weight: 1 }]
  const first = new Map<string, Path>()
  const targets = (values.targets ?? []).map(({ url, weight }, i): Target => {
    const path = [...at, 'targets', i, 'url']
    const before = first.get(url.url)
    if (before === undefined) first.set(url.url, path)
    else problems.error(path, `the target is listed already: ${problems.place(before)}; give it more weight instead`)
    return { ...url, weight }
  })
  if (targets.length > 0 && targets.every(({ weight }) => weight === 0))
    problems.warn([...at, 'targets'], 'every target has the weight 0: all requests get 503')
  return targets
}

function readStatus(
  raw: Readonly<Record<string, unknown>>,
  { disabled = false, status }: EndpointValues,
  at: Path,
  problems: Problems,
): Endpoint['status'] {
  if (Object.hasOwn(raw, 'disabled') && Object.hasOwn(raw, 'status') && disabled !== (status === 'disabled'))
    problems.error([...at, 'disabled'], 'disabled and status contradict each other: remove one of them')
  return status ?? (disabled ? 'disabled' : 'active')
}
