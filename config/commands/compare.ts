import { isDeepStrictEqual } from 'node:util'
import type { Endpoint } from '../../core/api/endpoint.ts'
import type { Path } from '../../core/control/config-error.ts'
import type {
  EndpointSpec,
  FilterSpec,
  GatewaySpec,
  ListenerSpec,
  OptionsSpec,
} from '../../core/control/gateway-spec.ts'
import { isMapping } from '../document/plain-data.ts'
import type { LoadedConfig } from '../read/reading.ts'
import { isOn } from '../read/refinements.ts'
import type { Settings } from '../read/settings.ts'
import { pathOf, shown } from '../read/shown-value.ts'
import { targetsOf } from './routes.ts'

/** One difference in what two configurations mean. */
export interface Change {
  /** What has changed: `endpoint v1/orders`, `filter auth of proxy`, `endpoint v1/orders, filter auth`, `settings`. */
  readonly what: string
  /** `off` and `on` are for a filter, in the chain or at an endpoint. */
  readonly change: 'added' | 'removed' | 'moved' | 'changed' | 'off' | 'on'
  /** The option or property, for `changed`. */
  readonly name?: string
  /** The values as anybody may see them; absent if there is none. */
  readonly old?: unknown
  readonly new?: unknown
}

/** A value, and what may be shown of it. */
interface Placed {
  readonly value: unknown
  readonly shown: unknown
}

type Properties = ReadonlyMap<string, Placed>

/** The differences in meaning between two configurations. How they are written and the order of endpoints don't count. */
export function compare(old: LoadedConfig, next: LoadedConfig): Change[] {
  return [
    ...changesOf('settings', settingsOf(old), settingsOf(next)),
    ...byName(
      listenersOf(old),
      listenersOf(next),
      ([name]) => `listener ${name}`,
      (what, a, b) => [
        ...changesOf(what, placed(addressOf(a[1]), a[1].at, old), placed(addressOf(b[1]), b[1].at, next)),
        ...chainChanges(a[1], b[1], old, next),
      ],
    ),
    ...byName(
      endpointsOf(old.spec),
      endpointsOf(next.spec),
      ([id]) => `endpoint ${id}`,
      (what, a, b) => [
        ...changesOf(what, propertiesOf(a[1], old), propertiesOf(b[1], next)),
        ...refinements(what, a[1], b[1], old, next),
      ],
    ),
  ]
}

const listenersOf = ({ spec }: LoadedConfig) => new Map(spec.listeners.map((listener) => [listener.name, listener]))
const endpointsOf = ({ endpoints }: GatewaySpec) => new Map(endpoints.map((spec) => [spec.endpoint.id, spec]))
const addressOf = ({ host, port }: ListenerSpec) => ({ listen: host === undefined ? port : `${host}:${port}` })

/** What was removed, what was added, and the result of `both` for what is in both. */
function byName<T>(
  old: ReadonlyMap<string, T>,
  next: ReadonlyMap<string, T>,
  name: (entry: [string, T]) => string,
  both: (what: string, a: [string, T], b: [string, T]) => Change[],
): Change[] {
  const removed = [...old].filter(([key]) => !next.has(key))
  return [
    ...removed.map((entry): Change => ({ what: name(entry), change: 'removed' })),
    ...[...next].flatMap((entry): Change[] => {
      const before = old.get(entry[0])
      return before === undefined
        ? [{ what: name(entry), change: 'added' }]
        : both(name(entry), [entry[0], before], entry)
    }),
  ]
}

function chainChanges(a: ListenerSpec, b: ListenerSpec, old: LoadedConfig, next: LoadedConfig): Change[] {
  const named = (chain: readonly FilterSpec[]) => new Map(chain.map((filter) => [filter.name, filter]))
  const title = ([name]: [string, FilterSpec]): string => `filter ${name} of ${a.name}`
  return [
    ...byName(named(a.chain), named(b.chain), title, (what, [, before], [, after]) => [
      ...changesOf(what, placed(entryOf(before), a.at, old), placed(entryOf(after), b.at, next)),
      ...switched(what, before.off === undefined, after.off === undefined),
      ...changesOf(what, optionsOf(before, old), optionsOf(after, next)),
    ]),
    ...moved(a, b),
  ]
}

const entryOf = ({ factory, hookTimeoutMs }: FilterSpec) => ({
  filter: factory,
  hook_timeout: hookTimeoutMs === undefined ? undefined : `${hookTimeoutMs / 1000}s`,
})

/** Filters that are in both chains and have moved. */
function moved(a: ListenerSpec, b: ListenerSpec): Change[] {
  const order = (x: ListenerSpec, y: ListenerSpec): string[] =>
    x.chain.map(({ name }) => name).filter((name) => y.chain.some((other) => other.name === name))
  const before = order(a, b)
  const after = order(b, a)
  const stays = new Set(longestCommon(before, after))
  return after
    .filter((name) => !stays.has(name))
    .map((name) => ({
      what: `filter ${name} of ${a.name}`,
      change: 'moved',
      old: neighbour(before, name),
      new: neighbour(after, name),
    }))
}

const neighbour = (names: readonly string[], name: string): string => {
  const at = names.indexOf(name)
  return at === 0 ? 'first' : `after ${names[at - 1]}`
}

/** The longest list that both contain in this order: these have not moved. */
function longestCommon(a: readonly string[], b: readonly string[]): string[] {
  const best = a.map(() => [] as string[])
  a.forEach((name, i) => {
    const longest = best
      .slice(0, i)
      .filter((list) => list.length === 0 || b.indexOf(list.at(-1)!) < b.indexOf(name))
      .reduce((most, list) => (list.length > most.length ? list : most), [] as string[])
    best[i] = [...longest, name]
  })
  return best.reduce((most, list) => (list.length > most.length ? list : most), [])
}

const switched = (what: string, before: boolean, after: boolean): Change[] =>
  before === after ? [] : [{ what, change: after ? 'on' : 'off' }]

/** Changes of filters at an endpoint: options that it or its groups give, and whether they are on. */
function refinements(what: string, a: EndpointSpec, b: EndpointSpec, old: LoadedConfig, next: LoadedConfig): Change[] {
  const onAt = (spec: EndpointSpec, name: string, config: LoadedConfig): boolean => {
    const chains = config.spec.listeners.filter(({ routes }) => routes).flatMap(({ chain }) => chain)
    return isOn(spec.filters, chains.find((filter) => filter.name === name) ?? { name })
  }
  const names = [...new Set([...Object.keys(a.filters), ...Object.keys(b.filters)])]
  return names.flatMap((name): Change[] => {
    const [before, after] = [a.filters[name], b.filters[name]]
    const title = `${what}, filter ${name}`
    const [was, is] = [onAt(a, name, old), onAt(b, name, next)]
    const given =
      before === 'off' || after === 'off' ? [] : changesOf(title, optionsOf(before, old), optionsOf(after, next))
    return [...switched(title, was, is), ...given]
  })
}

function changesOf(what: string, old: Properties, next: Properties): Change[] {
  return [...new Set([...old.keys(), ...next.keys()])].flatMap((name): Change[] => {
    const [before, after] = [old.get(name), next.get(name)]
    if (isDeepStrictEqual(before?.value, after?.value)) return []
    return [
      {
        what,
        change: 'changed',
        name,
        ...(before === undefined ? {} : { old: before.shown }),
        ...(after === undefined ? {} : { new: after.shown }),
      },
    ]
  })
}

function optionsOf(spec: OptionsSpec | undefined, { document }: LoadedConfig): Properties {
  const entries = Object.entries(spec?.options ?? {})
  return new Map(
    entries.map(([name, value]) => [name, { value, shown: shown(name, value, pathOf(name, spec!), document) }]),
  )
}

function propertiesOf(spec: EndpointSpec, config: LoadedConfig): Properties {
  const { endpoint, at } = spec
  const { targets, status, requires } = endpoint
  const value = targets.map(({ url, weight }) => ({ url, weight }))
  return new Map([
    ['targets', { value, shown: targetsOf(spec, config.document).map(({ url }) => url) }],
    ...placed({ ...routingOf(endpoint), status, requires }, at, config),
  ])
}

/** What leads to an endpoint, by the keys of the document. */
function routingOf({ match, byName, stripPrefix, rewrite, caseSensitive, allowAmbiguous }: Endpoint): object {
  const flat = match.every(({ at }) => at.path[0] !== 'match')
  const distinct = (values: readonly (string | undefined)[]) => [...new Set(values)].filter((one) => one !== undefined)
  return {
    ...(flat
      ? {
          host: distinct(match.map(({ host }) => host)),
          path: distinct(
            match.map(({ at, path }) => ('prefix' in path && at.path[0] === 'path' ? path.prefix : undefined)),
          ),
        }
      : { match: match.map(({ at: _, ...one }) => one) }),
    by_name: byName,
    strip_prefix: stripPrefix,
    rewrite,
    case_sensitive: caseSensitive,
    allow_ambiguous: allowAmbiguous,
  }
}

function placed(values: Readonly<Record<string, unknown>>, at: Path, { document }: LoadedConfig): Properties {
  // `listen` of the proxy listener is a top-level key.
  const pathOf = (name: string): Path => (at.at(-1) === name ? at : [...at, name])
  const entries = Object.entries(values).filter(([, value]) => value !== undefined)
  return new Map(entries.map(([name, value]) => [name, { value, shown: shown(name, value, pathOf(name), document) }]))
}

/** Settings by the keys of the document, `shutdown.timeout`. */
function settingsOf(config: LoadedConfig): Properties {
  const { file, baseDir, plugins, ...rest } = config.settings
  const named = { ...rest, plugins: plugins.map(({ specifier }) => specifier) } satisfies Partial<
    Record<keyof Settings, unknown>
  >
  return new Map(flatten(named, [], config))
}

function flatten(values: object, at: readonly string[], config: LoadedConfig): [string, Placed][] {
  return Object.entries(values).flatMap(([key, value]: [string, unknown]): [string, Placed][] => {
    const name = key.replace(/Ms$/, '').replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)
    const path = [...at, name]
    const plain = value instanceof Map ? Object.fromEntries(value) : value
    if (isMapping(plain)) return flatten(plain, path, config)
    if (plain === undefined) return []
    const readable = typeof plain === 'number' && key.endsWith('Ms') ? `${plain / 1000}s` : plain
    return [[path.join('.'), { value: plain, shown: shown(name, readable, path, config.document) }]]
  })
}
