import type { Endpoint, Requirement } from '../api/endpoint.ts'
import type { Path } from './config-error.ts'

/** Options of a filter, and where each comes from: shorthand keys are elsewhere in the document. */
export interface OptionsSpec {
  readonly options: Readonly<Record<string, unknown>>
  readonly at: Path
  /** Place of an option that is not below `at`. */
  readonly origins?: Readonly<Record<string, Path>>
  /** Groups that it has options of: what stands at or below `group` counts here because of `use`. */
  readonly groups?: readonly { readonly group: Path; readonly use: Path }[]
}

/** Name and factory of an entry that could not be read. It may be any filter: nothing is concluded from its absence. */
export const UNREAD = ''

/** One entry of a chain. */
export interface FilterSpec extends OptionsSpec {
  /** Unique in the chain. `endpoints[].filters` refers to it. */
  readonly name: string
  readonly factory: string
  /** How long one of its hooks may wait before the request gets a 500; milliseconds. Undefined: no limit. */
  readonly hookTimeoutMs?: number | undefined
  /** Where the document turns it off: then it is on at those endpoints alone that turn it on. Undefined: it is on. */
  readonly off?: Path | undefined
}

export interface EndpointSpec {
  readonly endpoint: Endpoint
  /** By the filter's name in the chain: `off` leaves it out, options turn it on if it is off in the chain. */
  readonly filters: Readonly<Record<string, OptionsSpec | 'off'>>
  /** Where groups turn filters off, by the filter's name. Other `off`s stand in `filters` of the endpoint. */
  readonly offInGroups?: Readonly<Record<string, { readonly group: Path; readonly use: Path }>>
  /** True if the document gives it no target: then a terminal filter that it turns on must reply by itself. */
  readonly noTarget?: boolean
  readonly at: Path
}

export interface ListenerSpec {
  readonly name: string
  /** Undefined: all addresses. */
  readonly host: string | undefined
  readonly port: number
  readonly chain: readonly FilterSpec[]
  /** Whether this listener leads to the endpoints. */
  readonly routes: boolean
  /** What every request through this listener requires, besides what its endpoint requires. */
  readonly requires: readonly Requirement[]
  readonly at: Path
}

/** A whole configuration as the engine needs it: plain data, no YAML, no shorthand. */
export interface GatewaySpec {
  readonly listeners: readonly ListenerSpec[]
  readonly endpoints: readonly EndpointSpec[]
}
