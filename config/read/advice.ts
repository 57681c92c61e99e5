import { parseDuration } from '../../core/base/units.ts'
import type { Path } from '../../core/control/config-error.ts'
import type { EndpointSpec, ListenerSpec, OptionsSpec } from '../../core/control/gateway-spec.ts'
import type { Problems } from '../document/problems.ts'
import { type Address, collide, isLoopback, showAddress } from '../schema/address.ts'
import { SHORT_FORMS } from '../schema/short-forms.ts'
import type { DeclaredChain } from './chain-entries.ts'
import type { Listeners } from './listeners.ts'
import { isOn } from './refinements.ts'

/** Two options that are compared, with their defaults in milliseconds (a test compares these with those of the filters). */
export const RESET = { factory: SHORT_FORMS.document.circuit_breaker[0], option: 'reset_timeout', default: 60_000 }
export const TIMEOUT = { factory: SHORT_FORMS.endpoint.timeout[0], option: 'timeout', default: 30_000 }

/** Number of endpoints that a warning names. */
const SHOWN = 5

/** Warns of what is valid but probably a mistake. */
export function advise(
  { chain, specs }: Pick<Listeners, 'chain' | 'specs'>,
  endpoints: readonly EndpointSpec[],
  problems: Problems,
): void {
  adviseTimeouts(chain, endpoints, problems)
  adviseLoops(specs, endpoints, problems)
}

/** A target that is plainly a listener of this gateway: each request would come back. Other loops are found as they happen. */
function adviseLoops(listeners: readonly ListenerSpec[], endpoints: readonly EndpointSpec[], problems: Problems): void {
  for (const { endpoint, at } of endpoints)
    for (const { url, origin } of endpoint.targets) {
      const { hostname, port, protocol } = new URL(origin)
      const target = {
        host: hostname.replace(/^\[(.*)\]$/, '$1'),
        port: Number(port || (protocol === 'https:' ? 443 : 80)),
      }
      const own = listeners.find((listener) => listener.routes && isOwn(target, listener))
      if (own === undefined) continue
      problems.warn(
        at,
        `the target ${url} is this gateway itself (${showAddress(own)}): requests would come back and get 508 loop_detected; set the address of the upstream`,
      )
    }
}

/** Whether a target leads to a listener: the same host, or one of this machine where the listener takes all that come. */
const isOwn = (target: Address & { host: string }, listener: Address): boolean =>
  collide(target, listener) &&
  (target.host === listener.host || isLoopback(target.host) || target.host === '0.0.0.0' || target.host === '::')

/** The breaker gives up a probe that takes longer than reset_timeout, and lets another one pass. */
function adviseTimeouts(chain: DeclaredChain, endpoints: readonly EndpointSpec[], problems: Problems): void {
  const [breaker] = chain.byFactory.get(RESET.factory) ?? []
  const [proxy] = chain.byFactory.get(TIMEOUT.factory) ?? []
  if (breaker === undefined || proxy === undefined) return
  /** The endpoint's spec if it sets the option, else that of the chain. */
  const settingOf = (option: string, own: OptionsSpec | 'off' | undefined, general: OptionsSpec): OptionsSpec =>
    own !== undefined && own !== 'off' && Object.hasOwn(own.options, option) ? own : general
  /** The first pair that is wrong, in words with its place. */
  let first: { readonly at: Path; readonly text: string } | undefined
  const others: string[] = []
  const compare = (reset: OptionsSpec, upstream: OptionsSpec, place: OptionsSpec, id?: string): void => {
    const wait = durationOf(reset, RESET)
    const limit = durationOf(upstream, TIMEOUT)
    if (wait === undefined || limit === undefined || wait >= limit) return
    if (first !== undefined && id !== undefined) others.push(id)
    first ??= {
      at: placeOf(place, place === upstream ? TIMEOUT.option : RESET.option),
      text: `${id === undefined ? '' : `for ${id} `}the breaker's reset_timeout (${wait / 1000} s) is shorter than the upstream's timeout (${limit / 1000} s)`,
    }
  }
  const inChain = isOn({}, breaker) && isOn({}, proxy)
  if (inChain) compare(breaker, proxy, Object.hasOwn(breaker.options, RESET.option) ? breaker : proxy)
  for (const { endpoint, filters } of endpoints) {
    if (!isOn(filters, breaker) || !isOn(filters, proxy)) continue
    const reset = settingOf(RESET.option, filters[breaker.name], breaker)
    const upstream = settingOf(TIMEOUT.option, filters[proxy.name], proxy)
    // An endpoint that sets neither option has the warning of the chain.
    if (inChain && reset === breaker && upstream === proxy) continue
    compare(reset, upstream, reset === breaker ? upstream : reset, endpoint.id)
  }
  if (first === undefined) return
  const more = others.length > SHOWN ? ` and ${others.length - SHOWN} more` : ''
  const also = others.length === 0 ? '' : ` (so it is for ${others.slice(0, SHOWN).join(', ')}${more})`
  problems.warn(
    first.at,
    `${first.text}${also}: the breaker gives up a probe of a slow upstream before its response comes, so that more probes than half_open_max_calls are sent; make reset_timeout longer or the timeout shorter`,
  )
}

function durationOf(spec: OptionsSpec, { option, default: none }: typeof RESET | typeof TIMEOUT): number | undefined {
  const value = spec.options[option]
  if (value === undefined) return none
  return typeof value === 'number' || typeof value === 'string' ? parseDuration(value) : undefined
}

const placeOf = (spec: OptionsSpec, option: string): Path =>
  Object.hasOwn(spec.options, option) ? (spec.origins?.[option] ?? [...spec.at, option]) : spec.at
