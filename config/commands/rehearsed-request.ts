import type { FilterFactory } from '../../core/api/filter-factory.ts'
import { LocalReply } from '../../core/api/reply.ts'
import { systemClock } from '../../core/base/clock.ts'
import { didYouMean } from '../../core/base/suggest.ts'
import type { Catalog } from '../../core/build/catalog.ts'
import { optionsOf } from '../../core/build/lane.ts'
import type { Chain } from '../../core/chain/chain.ts'
import { notesOf, type Rehearsal, type RehearsedHook, rehearse } from '../../core/chain/rehearsal.ts'
import type { GatewaySpec, ListenerSpec, OptionsSpec } from '../../core/control/gateway-spec.ts'
import { type ClientHeaderRules, ClientHeaders } from '../../core/http/client-headers.ts'
import { defaultsOf, type ShownOption } from '../read/shown-value.ts'
import { Misuse } from './command.ts'
import { type DescribedRequest, exchangeOf } from './described-request.ts'

/** The chains that a request is taken through, with what they were made of. */
export interface Rehearsable {
  readonly spec: GatewaySpec
  readonly clientHeaders: ClientHeaderRules
  readonly catalog: Catalog
  /** By listener name. */
  readonly chains: ReadonlyMap<string, Chain>
}

/** A reply without what may be secret. */
export interface PlainReply {
  readonly status: number
  readonly reason: string
  readonly detail: string | null
}

/** What a filter did with the request. */
export interface RehearsedFilter {
  /** The options that it had at that endpoint; undefined: it was off. They may hold secrets. */
  readonly options: OptionsSpec | undefined
  readonly defaults: readonly ShownOption[]
  readonly terminal: boolean
  readonly entered: boolean
  readonly notes: readonly string[]
}

/** A request that was taken through a chain up to the call of the upstream. Plain data. */
export interface RehearsedRequest {
  readonly listener: string
  readonly host: string
  /** `endpoint` is an id. */
  readonly route: { readonly endpoint: string; readonly template: string; readonly path: string } | undefined
  readonly turns: readonly { readonly index: number; readonly verdict: 'continues' | 'not run' | PlainReply }[]
  /** By position in the chain. */
  readonly filters: readonly RehearsedFilter[]
  readonly end:
    | { readonly reply: PlainReply; readonly by: string }
    /** URL of the target; undefined: the filter has none, or its choice is not known. */
    | { readonly target: string | undefined; readonly by: string }
    | { readonly unknown: string }
}

/** Who sends the request, and to which listener; both have defaults. */
export interface Sender {
  readonly listener?: string | undefined
  /** Address. */
  readonly client?: string | undefined
}

/** Takes a request through its chain. @throws Misuse if there is no such listener */
export async function rehearseRequest(
  described: DescribedRequest,
  { spec, clientHeaders, catalog, chains }: Rehearsable,
  sender: Sender = {},
): Promise<RehearsedRequest> {
  const listener = listenerOf(described, spec.listeners, sender.listener)
  const chain = chains.get(listener.name)!
  const factories = listener.chain.map(({ factory }) => catalog.get(factory)!)
  const x = exchangeOf(described, systemClock.now(), new ClientHeaders(clientHeaders, chain.sets), sender.client)
  const rehearsal = await rehearse(x, chain, factories)
  const { route, turns, compiled } = rehearsal
  const endpoint = spec.endpoints.find((one) => one.endpoint.id === route?.endpoint.id)
  const options: readonly (OptionsSpec | undefined)[] =
    endpoint === undefined
      ? listener.chain.map((filter) => (filter.off === undefined ? filter : undefined))
      : optionsOf(endpoint, listener, factories)
  return {
    listener: listener.name,
    host: x.downstream.host,
    route: route && { endpoint: route.endpoint.id, template: route.template, path: route.path },
    turns: turns.map(({ index, verdict }) => ({ index, verdict: plainVerdict(verdict) })),
    filters: factories.map((factory: FilterFactory, index) => {
      const entered = rehearsal.entered(index)
      const filter = compiled.steps[index]?.filter
      return {
        options: options[index],
        defaults: defaultsOf(factory),
        terminal: factory.terminal === true,
        entered,
        notes: filter === undefined || !entered ? [] : notesOf(filter, x),
      }
    }),
    end: plainEnd(rehearsal.end),
  }
}

const plainReply = ({ status, reason, options }: LocalReply): PlainReply => ({
  status,
  reason,
  detail: options.detail ?? null,
})

const plainVerdict = (verdict: RehearsedHook['verdict']): RehearsedRequest['turns'][number]['verdict'] =>
  verdict instanceof LocalReply ? plainReply(verdict) : verdict

function plainEnd(end: Rehearsal['end']): RehearsedRequest['end'] {
  if ('reply' in end) return { reply: plainReply(end.reply), by: end.by }
  return 'target' in end ? { target: end.target?.url, by: end.by } : end
}

/** The listener of that name, else that with the port of an absolute URL, else the one that routes to the endpoints. */
export function listenerOf(
  { authority }: DescribedRequest,
  listeners: readonly ListenerSpec[],
  name?: string,
): ListenerSpec {
  if (name !== undefined) {
    const named = listeners.find((one) => one.name === name)
    const names = listeners.map((one) => one.name)
    if (named === undefined)
      throw new Misuse(`there is no listener ${JSON.stringify(name.slice(0, 100))}.${didYouMean(name, names)}`)
    return named
  }
  const port = Number(/:(\d+)$/.exec(authority ?? '')?.[1])
  return listeners.find((one) => one.port === port) ?? listeners.find(({ routes }) => routes) ?? listeners[0]!
}
