import { defineService, type ServiceKey } from '../api/service.ts'

/** An exchange that is over. Plain data, without anything secret: no query, no field values, no body. */
export interface RecentExchange {
  /** Null if no filter has given the request an id. */
  readonly request_id: string | null
  readonly trace_id: string | null
  /** When its head had come (RFC 3339). */
  readonly at: string
  readonly listener: string | null
  /** Address of the client. */
  readonly client: string
  readonly method: string
  readonly host: string
  /** Without the query. */
  readonly path: string
  /** Id of the endpoint. */
  readonly endpoint: string | null
  /** URL of the last target, without credentials. */
  readonly target: string | null
  readonly attempts: number
  /** 0: the client left before a response began. */
  readonly status: number
  readonly outcome: 'completed' | 'aborted'
  /** The filter that replied in place of the upstream, and why. */
  readonly filter: string | null
  readonly reason: string | null
  /** Code of the error that broke it off. */
  readonly error: string | null
  readonly duration_ms: number
  /** Number of the worker; null without workers. */
  readonly worker: number | null
  /** Whether `explain` tells more. */
  readonly explained: boolean
}

/** What a filter of the chain did. Plain data. */
export interface ExplainedStep {
  /** Its name in the chain. */
  readonly filter: string
  /** Where the chain names it; null for the default chain. */
  readonly file: string | null
  readonly line: number | null
  readonly verdict: 'continue' | 'reply' | 'error' | 'not reached' | 'off'
  /** Reason of its local reply, or code of its error. */
  readonly reason: string | null
  /** From the start of the exchange, in milliseconds; null if no hook of it ran. */
  readonly start_ms: number | null
  /** Of its hooks, without those of other filters that ran between. */
  readonly self_ms: number | null
  /** Names of the fields that it set or removed, of the request and of the response. */
  readonly changes: readonly {
    readonly on: 'request' | 'response'
    readonly set: readonly string[]
    readonly removed: readonly string[]
  }[]
}

/** One call of an upstream. Plain data. */
export interface ExplainedAttempt {
  readonly number: number
  readonly target: string | null
  readonly result: 'success' | 'failure' | 'ignored'
  readonly status: number | null
  readonly error: string | null
  readonly start_ms: number
  /** Until the head of the response; null if there was none. */
  readonly head_ms: number | null
  readonly total_ms: number
}

/** Everything that is known of an exchange. Plain data. */
export interface ExplainedExchange extends RecentExchange {
  /**
   * What led to the endpoint, and where the endpoint is written; null: no endpoint was found. Here and in `steps`, the line is null where
   * a configuration was loaded since.
   */
  readonly route: { readonly by: string; readonly file: string | null; readonly line: number | null } | null
  /** Endpoints that were looked at before, and why each did not match. */
  readonly rejected: readonly { readonly endpoint: string; readonly why: string }[]
  readonly steps: readonly ExplainedStep[]
  readonly calls: readonly ExplainedAttempt[]
}

/** Which exchanges are meant. Plain data. */
export interface RecentFilter {
  readonly endpoint?: string | undefined
  /** Only errors: a status from 500 on, or broken off by upstream or gateway. */
  readonly errors?: boolean | undefined
  /** Only those that took at least so long; milliseconds. */
  readonly slower_than_ms?: number | undefined
  /** At most so many (default 100, at most 1,000), the newest first. */
  readonly limit?: number | undefined
}

/**
 * The last exchanges of all workers; for admin filters. Bounded; errors and slow ones are kept longer. No method rejects.
 *
 * ```ts
 * const failed = await env.service(RecentExchangesKey).list({ errors: true })
 * ```
 */
export interface RecentExchanges {
  list(which?: RecentFilter): Promise<readonly RecentExchange[]>
  /** Undefined: it is not kept any more, or was never recorded. */
  explain(requestId: string): Promise<ExplainedExchange | undefined>
}

/**
 * The last exchanges.
 *
 * @example const newest = await env.service(RecentExchangesKey).list({ limit: 10 })
 */
export const RecentExchangesKey: ServiceKey<RecentExchanges> = defineService('recent-exchanges')
