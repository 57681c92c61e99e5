import type { Outcome } from '../../api/attempt.ts'
import type { ErrorCode } from '../../api/errors.ts'
import type { Exchange } from '../../api/exchange.ts'
import type { HeaderList } from '../../api/header-list.ts'
import type { Sample } from '../../api/meter.ts'
import type { Slot } from '../../api/slot.ts'
import type { MetricReading } from '../../observe/metric-rows.ts'
import { metricOf } from '../memory-meter.ts'
import type { LoggedLine } from '../recording-logger.ts'
import type { FilterFault } from '../recording-runtime.ts'
import { type HeaderChanges, headerChanges } from './header-changes.ts'
import type { HookVerdict } from './hook-verdict.ts'
import { MemoryTrace, type RecordedSpan } from './recording-tracing.ts'
import type { RunRecord } from './run-record.ts'
import type { ReceivedResponse } from './test-client.ts'
import { isOfKit } from './test-filters.ts'
import type { UpstreamRequest } from './upstream-step.ts'

/** The response as the client got it. */
export interface TestResponse {
  /** 0 if the client left before there was a response. */
  readonly status: number
  readonly headers: HeaderList
  /** What came of the body, as UTF-8. */
  readonly body: string
  readonly bytes: Buffer
  /** Fields behind the body. */
  readonly trailers: HeaderList | undefined
  /** Responses before the response: 103 with `Link`. */
  readonly interim: readonly { readonly status: number; readonly headers: HeaderList }[]
  /** Of a local reply: its reason, and the filter that made it (`engine` for the engine itself). */
  readonly reason: string | undefined
  readonly filter: string | undefined
  /** On 101: the protocol that was switched to. */
  readonly protocol: string | undefined
  /** The body as JSON. @throws SyntaxError if it is none */
  // biome-ignore lint/suspicious/noExplicitAny: as JSON.parse
  json(): any
}

/** How an attempt ended. Attempts that an `admit` refused were none. */
export interface AttemptResult {
  /** From 1. */
  readonly number: number
  /** URL of the target. */
  readonly target: string | undefined
  readonly result: Outcome['result']
  readonly status: number | undefined
  readonly error: ErrorCode | undefined
  /** Milliseconds from its start to its end. */
  readonly ms: number
}

/** All that can be seen of one request and its response, from outside and from inside. */
export interface RunResult {
  readonly response: TestResponse
  /** Every hook that ran, in order. */
  readonly verdicts: readonly HookVerdict[]
  /** What reached the upstream, one per attempt. */
  readonly upstreamRequests: readonly UpstreamRequest[]
  readonly attempts: readonly AttemptResult[]
  /**
   * What filters did to the fields. `request`: from what the client sent to what the last attempt sent. `response`: from what
   * the upstream sent (nothing, if a filter replied) to what the client got.
   */
  readonly headerChanges: { readonly request: HeaderChanges; readonly response: HeaderChanges }
  /** The value of a slot when the exchange was over, or undefined. */
  slot<T>(slot: Slot<T>): T | undefined
  /** Lines that were logged while the request was under way; of `run`, also while the filters were made. */
  readonly logs: readonly LoggedLine[]
  /** Empty if the request was not traced. */
  readonly spans: readonly RecordedSpan[]
  /** Hooks that threw, or returned what they may not. With one of them a test usually fails: look here first. */
  readonly faults: readonly FilterFault[]
  /** `completed`: the whole response reached the client. `aborted`: not the whole. */
  readonly outcome: 'completed' | 'aborted'
  /** What broke the response off, or made it an error. */
  readonly error: ErrorCode | undefined
  /** Milliseconds from the head of the request to the end of the response, on the test's clock. */
  readonly durationMs: number
  /**
   * The sum of all numbers of a metric whose labels include the given ones, when the response was over; undefined if there is
   * none. Of a histogram, name the series: `…_count`, `…_sum`, `…_bucket`.
   */
  metric(name: string, labels?: Sample['labels']): number | undefined
  /** All of them. */
  readonly metrics: readonly MetricReading[]
}

/** What a result is made of, beside the record. */
export interface ResultParts {
  readonly exchange: Exchange
  readonly record: RunRecord
  readonly received: ReceivedResponse
  readonly logs: readonly LoggedLine[]
  readonly faults: readonly FilterFault[]
  readonly metrics: readonly MetricReading[]
}

export function resultOf({ exchange: x, record, received, logs, faults, metrics }: ResultParts): RunResult {
  const { outcome, error, durationMs } = record.finished!
  const { status, headers, bytes, trailers, interim, local, protocol } = received
  const body = bytes.toString()
  return {
    response: {
      status,
      headers,
      body,
      bytes,
      trailers,
      interim,
      reason: local?.reason,
      filter: local?.filter,
      protocol,
      json: () => JSON.parse(body),
    },
    verdicts: record.verdicts,
    upstreamRequests: record.upstreamRequests,
    attempts: record.attempts.map(({ attempt: { number, target }, outcome: { result, status, error, totalMs } }) => {
      return { number, target: target?.url, result, status, error: error?.code, ms: totalMs }
    }),
    headerChanges: {
      request: headerChanges(record.receivedHeaders, record.sentHeaders ?? x.request.headers),
      response: status === 0 ? headerChanges(undefined, undefined) : headerChanges(record.upstreamHeaders, headers),
    },
    slot: (slot) => x.get(slot),
    logs,
    spans:
      x.trace instanceof MemoryTrace
        ? x.trace.spans(x.recording?.steps.values() ?? [], (filter) => !isOfKit(filter))
        : [],
    faults,
    outcome: outcome === 'completed' ? outcome : 'aborted',
    error: error?.code,
    durationMs,
    metric: (name, labels) => metricOf(metrics, name, labels),
    metrics,
  }
}
