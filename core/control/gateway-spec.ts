import type { Endpoint, Requirement } from '../api/endpoint.ts'
import type { Path } from './config-error.ts'

/** Options for a filter, and where each came from (shorthand keys live elsewhere in the document). */
export interface OptionsSpec {
  readonly options: Readonly<Record<string, unknown>>
  readonly at: Path
  /** Place of an option that does not stand below `at`. */
  readonly origins?: Readonly<Record<string, Path>>
}

/** One entry of a chain. */
export interface FilterSpec extends OptionsSpec {
  /** Unique in the chain; what `endpoints[].filters` refers to. */
  readonly name: string
  readonly factory: string
  /** How long one of its hooks may wait before the request gets a 500; milliseconds. Undefined: for ever. */
  readonly hookTimeoutMs?: number | undefined
}

export interface EndpointSpec {
  readonly endpoint: Endpoint
  /** By the filter's name in the chain; `off` leaves it out. */
  readonly filters: Readonly<Record<string, OptionsSpec | 'off'>>
  readonly at: Path
}

export interface ListenerSpec {
  readonly name: string
  /** Undefined: every address. */
  readonly host: string | undefined
  readonly port: number
  readonly chain: readonly FilterSpec[]
  /** Whether the endpoints are reached through this listener. */
  readonly routes: boolean
  /** What every request through this listener requires, beside what its endpoint does. */
  readonly requires: readonly Requirement[]
  readonly at: Path
}

/** A whole configuration as the engine needs it: plain data, no YAML, no shorthand. */
export interface GatewaySpec {
  readonly listeners: readonly ListenerSpec[]
  readonly endpoints: readonly EndpointSpec[]
}
