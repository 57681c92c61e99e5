import { parseDuration } from '../../core/base/units.ts'
import type { Path } from '../../core/control/config-error.ts'
import type { EndpointSpec, OptionsSpec } from '../../core/control/gateway-spec.ts'
import type { Problems } from '../document/problems.ts'
import type { DeclaredChain } from './chain-entries.ts'

/** What is unwise in the order of a chain: the first of a pair belongs before the second, if both are there. */
const ORDER = [
  ['rate-limit', 'auth', 'requests that auth refuses are not counted, so tokens can be guessed without limit'],
  ['request-id', 'auth', 'what auth refuses has no request id, neither in the answer nor in the log'],
  ['request-id', 'route-match', 'what route-match refuses has no request id, neither in the answer nor in the log'],
  ['retry', 'concurrency-limit', 'a slot is held while a retry is waited for'],
  ['cors', 'auth', 'browsers send preflight requests without credentials, and auth refuses them'],
] as const

/** Options whose relation matters, with their defaults in milliseconds (a test holds these to the filters' own). */
export const RESET = { factory: 'breaker', option: 'reset_timeout', default: 60_000 } as const
export const TIMEOUT = { factory: 'proxy', option: 'timeout', default: 30_000 } as const

/** Warns of what is valid and yet hardly meant. */
export function advise(chain: DeclaredChain, endpoints: readonly EndpointSpec[], problems: Problems): void {
  for (const [first, then, why] of ORDER) {
    const at = chain.entries.findIndex(({ factory }) => factory === first)
    const other = chain.entries.findIndex(({ factory }) => factory === then)
    if (other === -1 || at < other) continue
    const { name } = chain.entries[at]!
    const before = chain.entries[other]!.name
    problems.warn(
      chain.entries[at]!.at,
      `"${name}" stands after "${before}": ${why}; move "${name}" before "${before}"`,
    )
  }
  adviseTimeouts(chain, endpoints, problems)
}

/** A probe that takes longer than the breaker waits counts as lost, and its slot goes to the next. */
function adviseTimeouts(chain: DeclaredChain, endpoints: readonly EndpointSpec[], problems: Problems): void {
  const [breaker] = chain.byFactory.get(RESET.factory) ?? []
  const [proxy] = chain.byFactory.get(TIMEOUT.factory) ?? []
  if (breaker === undefined || proxy === undefined) return
  /** The more particular of two specs that says the option. */
  const saying = (option: string, own: OptionsSpec | 'off' | undefined, general: OptionsSpec): OptionsSpec =>
    own !== undefined && own !== 'off' && Object.hasOwn(own.options, option) ? own : general
  const compare = (reset: OptionsSpec, upstream: OptionsSpec, place: OptionsSpec, who: string): void => {
    const wait = durationOf(reset, RESET)
    const limit = durationOf(upstream, TIMEOUT)
    if (wait === undefined || limit === undefined || wait >= limit) return
    const message = `${who}the breaker's reset_timeout (${wait / 1000} s) is shorter than the upstream's timeout (${limit / 1000} s): a probe of a slow upstream frees its slot before it is answered, so that more go out than half_open_max_calls; lengthen the one or shorten the other`
    problems.warn(placeOf(place, place === upstream ? TIMEOUT.option : RESET.option), message)
  }
  compare(breaker, proxy, Object.hasOwn(breaker.options, RESET.option) ? breaker : proxy, '')
  for (const { endpoint, filters } of endpoints) {
    if (filters[breaker.name] === 'off') continue
    const reset = saying(RESET.option, filters[breaker.name], breaker)
    const upstream = saying(TIMEOUT.option, filters[proxy.name], proxy)
    // What the endpoint leaves to the chain was said there.
    if (reset === breaker && upstream === proxy) continue
    compare(reset, upstream, reset === breaker ? upstream : reset, `for ${endpoint.id} `)
  }
}

function durationOf(spec: OptionsSpec, { option, default: none }: typeof RESET | typeof TIMEOUT): number | undefined {
  const said = spec.options[option]
  if (said === undefined) return none
  return typeof said === 'number' || typeof said === 'string' ? parseDuration(said) : undefined
}

const placeOf = (spec: OptionsSpec, option: string): Path =>
  Object.hasOwn(spec.options, option) ? (spec.origins?.[option] ?? [...spec.at, option]) : spec.at
