import type { Attempt, Outcome } from '../../api/attempt.ts'
import type { Endpoint, Identity } from '../../api/endpoint.ts'
import type { Exchange } from '../../api/exchange.ts'
import type { Finished } from '../../api/filter.ts'
import type { HeaderList } from '../../api/header-list.ts'
import type { Slot } from '../../api/slot.ts'
import type { HookVerdict } from './hook-verdict.ts'
import type { TestUpstream, UpstreamRequest } from './upstream-step.ts'

/** A slot with the value that an earlier filter left in it: `[TenantSlot, 'acme']`. */
// biome-ignore lint/suspicious/noExplicitAny: a list holds slots of every type
export type SlotValue<T = any> = readonly [slot: Slot<T>, value: T]

/** What a test gives to one request beside the request itself. */
export interface Given {
  readonly endpoint: Endpoint | undefined
  readonly identity: Identity | undefined
  readonly slots: readonly SlotValue[]
  readonly upstream: TestUpstream
}

/** Finds the record of an exchange. */
export type RecordOf = (x: Exchange | undefined) => RunRecord | undefined

/** What happened to one exchange, as it is noted while it runs. */
export class RunRecord {
  readonly given: Given
  /** Fields of the request before any filter ran. */
  readonly receivedHeaders: HeaderList
  readonly verdicts: HookVerdict[] = []
  readonly upstreamRequests: UpstreamRequest[] = []
  readonly attempts: { readonly attempt: Attempt; readonly outcome: Outcome }[] = []
  /** Fields of the request as the last attempt sent them. */
  sentHeaders: HeaderList | undefined = undefined
  /** Fields of the last response of the upstream, before any `response` hook ran. */
  upstreamHeaders: HeaderList | undefined = undefined
  finished: Finished | undefined = undefined
  /** What the test's own code threw: `run` rejects with it. */
  thrown: { readonly error: unknown } | undefined = undefined

  constructor(given: Given, receivedHeaders: HeaderList) {
    this.given = given
    this.receivedHeaders = receivedHeaders
  }

  /** Calls a function of the test. */
  async guard<T>(call: () => Promise<T>): Promise<T> {
    try {
      return await call()
    } catch (error) {
      this.thrown = { error }
      throw error
    }
  }
}
