import { defineService } from '../api/service.ts'
import type { BreakerPhase, EndpointStatus, TargetHealth } from '../state/endpoint-status.ts'
import type { ConfigProblem } from './config-control.ts'

/** Why a change was refused. */
export type ChangeRefusal =
  /** It would not load, or is no plain data; the problems say why. */
  | 'invalid'
  | 'not_found'
  /** There is an endpoint of that id. */
  | 'exists'
  /** The configuration is no longer of the version that was asked for. */
  | 'conflict'
  /** The documents as they stand now don't load: they have to be mended first. */
  | 'not_loaded'
  /** The document can't be written, or not by machine. */
  | 'not_writable'
  /** Weir is stopping. */
  | 'stopping'

export interface ChangeOutcome {
  /** `applied`; `unchanged`: what runs means that already, whatever the document says now; `refused`: nothing was changed, neither what runs nor the document. */
  readonly outcome: 'applied' | 'unchanged' | 'refused'
  readonly reason?: ChangeRefusal
  /** The endpoint that was meant; after a change of its name or version, the new one. */
  readonly id: string
  /** Version of what runs now. */
  readonly version: string
  /** Places are those of the document as it would have become. */
  readonly problems: readonly ConfigProblem[]
  readonly warnings: readonly ConfigProblem[]
  readonly duration_ms: number
}

export interface ChangeOptions {
  /** Refuse (`conflict`) unless the configuration, with what others did meanwhile, is still of this version. */
  readonly ifVersion?: string | undefined
}

/** An endpoint as plain JSON: how it is configured, and what is known of it. */
export interface EndpointView {
  readonly id: string
  /** What the document says of it: references as they are written, secrets masked, URLs without credentials. */
  readonly entry: Readonly<Record<string, unknown>>
  /** Where it stands. */
  readonly file: string
  readonly line?: number | undefined
  readonly status: EndpointStatus
  /** RFC 3339, as below. */
  readonly changed_at: string
  readonly targets: readonly TargetView[]
  readonly breakers: readonly BreakerView[]
}

export interface TargetView {
  readonly url: string
  readonly weight: number
  readonly health: TargetHealth
  readonly ejected: boolean
  /** Attempts in flight, those that are over, and those of them that failed. */
  readonly outstanding: number
  readonly attempts: number
  readonly failures: number
  readonly changed_at: string
}

export interface BreakerView {
  /** Name of the filter in the chain. */
  readonly filter: string
  /** Null where one breaker guards the whole endpoint. */
  readonly target: string | null
  readonly phase: BreakerPhase
}

/**
 * Endpoints, looked at and changed while Weir runs. A change edits the document in which the endpoint stands, so that it
 * outlives the process, and is applied like any other change of it: whole, or not at all. Changes are made one after another
 * and none before what others changed in the document meanwhile was loaded.
 *
 * Entries and patches are plain JSON, what the document would say, of at most 64 KiB and 16 levels. They may come from
 * anywhere: `${…}` in them is text, no reference. Nothing here rejects for what it is given. A filter must not wait for a
 * change in `create`: changes wait for the load that makes it.
 */
export interface EndpointControl {
  list(): readonly EndpointView[]
  get(id: string): EndpointView | undefined
  /** Adds an endpoint behind the others of the main document. */
  register(entry: unknown, options?: ChangeOptions): Promise<ChangeOutcome>
  /**
   * Merges a patch into an entry (RFC 7396: null removes a key, lists are replaced). What equals the entry as it is shown,
   * masked secrets and references too, stays as it is.
   */
  change(id: string, patch: unknown, options?: ChangeOptions): Promise<ChangeOutcome>
  remove(id: string, options?: ChangeOptions): Promise<ChangeOutcome>
  /** Makes it `active`. */
  enable(id: string, options?: ChangeOptions): Promise<ChangeOutcome>
  /** Answers 503 from then on; requests in flight finish. */
  disable(id: string, options?: ChangeOptions): Promise<ChangeOutcome>
}

export const EndpointControlKey = defineService<EndpointControl>('endpoint-control')
