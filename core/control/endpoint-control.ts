import { defineService, type ServiceKey } from '../api/service.ts'
import type { BreakerPhase, EndpointStatus, TargetHealth } from '../state/endpoint-status.ts'
import type { ConfigProblem } from './config-control.ts'

/** Why a change was refused. */
export type ChangeRefusal =
  /** The configuration would not load with it, or it is no plain data; the problems say why. */
  | 'invalid'
  /** There is no endpoint with that id. */
  | 'not_found'
  /** There is an endpoint with that id already. */
  | 'exists'
  /** The configuration is no longer of the version in `ifVersion`. */
  | 'conflict'
  /** The documents don't load as they are now: they have to be corrected first. */
  | 'not_loaded'
  /** The document can't be written, or Weir can't edit it. */
  | 'not_writable'
  /** The configuration allows no changes at run time: `admin: { changes: off }`. */
  | 'off'
  /** Weir is stopping. */
  | 'stopping'

/** How a change ended. Plain data. */
export interface ChangeOutcome {
  /**
   * - `applied`: the change runs, and is in the document; with `admin: { changes: memory }` it lives until the process ends.
   * - `unchanged`: what runs means the same already.
   * - `refused`: nothing was changed, neither what runs nor the document.
   */
  readonly outcome: 'applied' | 'unchanged' | 'refused'
  /** Why it was refused. */
  readonly reason?: ChangeRefusal
  /** Id of the endpoint; after a change of its name or version, the new one. */
  readonly id: string
  /** Version of the configuration that runs now. */
  readonly version: string
  /** Their places are those in the changed document. */
  readonly problems: readonly ConfigProblem[]
  readonly warnings: readonly ConfigProblem[]
  readonly duration_ms: number
}

/** Options of a change. */
export interface ChangeOptions {
  /** Refuses the change (`conflict`) if the configuration, with what others did meanwhile, is of another version. */
  readonly ifVersion?: string | undefined
}

/** An endpoint as plain data: its configuration and its state. */
export interface EndpointView {
  readonly id: string
  /** Its entry in the document: references as they are written, secrets masked, URLs without credentials. */
  readonly entry: Readonly<Record<string, unknown>>
  /** Document in which the entry is. */
  readonly file: string
  readonly line?: number | undefined
  readonly status: EndpointStatus
  /** When the status or a breaker changed last (RFC 3339). */
  readonly changed_at: string
  readonly targets: readonly TargetView[]
  readonly breakers: readonly BreakerView[]
}

/** A target as plain data. */
export interface TargetView {
  readonly url: string
  readonly weight: number
  readonly health: TargetHealth
  /** Whether live traffic found it bad. */
  readonly ejected: boolean
  /** Attempts in flight. */
  readonly outstanding: number
  /** Attempts that are over. */
  readonly attempts: number
  /** Attempts that failed. */
  readonly failures: number
  /** When its health or ejection changed last (RFC 3339). */
  readonly changed_at: string
}

/** What traffic did to an endpoint. Plain data. */
export interface EndpointActivity {
  readonly targets: readonly Pick<TargetView, 'url' | 'outstanding' | 'attempts' | 'failures'>[]
  readonly breakers: readonly BreakerView[]
}

/** A breaker as plain data. */
export interface BreakerView {
  /** Name of the filter in the chain. */
  readonly filter: string
  /** URL of the target that it guards; null where it guards the whole endpoint. */
  readonly target: string | null
  readonly phase: BreakerPhase
}

/** Which breakers of an endpoint are meant: all, where nothing is given. Plain data. */
export interface BreakerSelection {
  /** Name of the filter in the chain. */
  readonly filter?: string | undefined
  /** URL of the target that it guards; null: the breaker that guards the whole endpoint. */
  readonly target?: string | null | undefined
}

/**
 * Shows and changes endpoints while Weir runs; for admin filters. A change edits the document that holds the endpoint, so that
 * it outlives the process, and is then loaded like any other change: all or nothing. Changes are made one after another. What
 * others changed in the document meanwhile is loaded first. With `admin: { changes: memory }` the text is edited in memory alone.
 *
 * Entries and patches are plain JSON as the document would hold it, at most 64 KiB and 16 levels deep. They may come from
 * untrusted callers: `${…}` in them is text, not a reference, and they name no files but those in use. No method rejects because
 * of its arguments. A filter must not wait for a change in `create`: the change waits for the load that calls `create`.
 *
 * ```ts
 * const { outcome, reason } = await control.change('v1/orders', { timeout: '5s' }, { ifVersion: version })
 * if (outcome === 'refused') return reply(409, `change_${reason}`)
 * ```
 */
export interface EndpointControl {
  /** All endpoints, in the order of the configuration. */
  list(): Promise<readonly EndpointView[]>
  get(id: string): Promise<EndpointView | undefined>
  /** Adds an endpoint after the others of the main document. */
  register(entry: unknown, options?: ChangeOptions): Promise<ChangeOutcome>
  /**
   * Merges a patch into an entry (RFC 7396: null removes a key, lists are replaced). Values that equal those of the view,
   * masked secrets and references included, stay as they are in the document.
   */
  change(id: string, patch: unknown, options?: ChangeOptions): Promise<ChangeOutcome>
  /** Removes the endpoint from its document. Requests in flight finish. */
  remove(id: string, options?: ChangeOptions): Promise<ChangeOutcome>
  /** Sets its status to `active`. */
  enable(id: string, options?: ChangeOptions): Promise<ChangeOutcome>
  /** Sets its status to `disabled`: requests get 503 from then on. Requests in flight finish. */
  disable(id: string, options?: ChangeOptions): Promise<ChangeOutcome>
  /**
   * Opens breakers by hand, in every worker. They recover as if calls had failed: after their reset timeout. The configuration
   * stays as it is. A worker that does not answer within two seconds is not waited for.
   * @returns all breakers of the endpoint as they are then; undefined: there is no endpoint with that id
   */
  tripBreakers(id: string, which?: BreakerSelection): Promise<readonly BreakerView[] | undefined>
  /** Closes breakers by hand, and resets their counts, in every worker. Otherwise as `tripBreakers`. */
  resetBreakers(id: string, which?: BreakerSelection): Promise<readonly BreakerView[] | undefined>
}

/**
 * The endpoints of the configuration that runs.
 *
 * @example const control = env.service(EndpointControlKey)
 */
export const EndpointControlKey: ServiceKey<EndpointControl> = defineService('endpoint-control')
