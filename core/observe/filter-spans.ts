import { WeirError } from '../api/errors.ts'
import type { Exchange } from '../api/exchange.ts'
import type { Filter, TerminalFilter } from '../api/filter.ts'
import { LocalReply } from '../api/reply.ts'
import { isError, propertyOf, safely, shorten } from '../base/error-text.ts'
import { isThenable } from '../base/thenable.ts'
import type { FilterStep, RecordingTrace } from './tracing.ts'

/**
 * A filter with exactly the hooks of the given one. Each hook notes on the exchange's trace when the filter began, when its last
 * inbound hook (`request`, `routed`, `upstream`, `admit`, `call`) ended, and its verdict. A filter whose first hook comes later
 * (`metrics`) is noted for that hook. Synchronous hooks stay synchronous.
 *
 * The `call` of a terminal filter also begins the client span of the attempt; its `settled`, added where it has none, ends the
 * span. `dispose` is left out: an instance is disposed once, by its owner.
 * @param name the filter's name in the chain
 */
export function traceFilter(filter: TerminalFilter, name: string): TerminalFilter
export function traceFilter(filter: Filter, name: string): Filter
export function traceFilter(filter: Filter | TerminalFilter, name: string): Filter {
  const decorated: Filter & Partial<TerminalFilter> = {}
  if (filter.request !== undefined) decorated.request = (x) => inbound(x, name, () => filter.request!(x))
  if (filter.routed !== undefined) decorated.routed = (x) => inbound(x, name, () => filter.routed!(x))
  if (filter.upstream !== undefined)
    decorated.upstream = (x, call, next) => inbound(x, name, () => filter.upstream!(x, call, next))
  if (filter.admit !== undefined) decorated.admit = (x, attempt) => inbound(x, name, () => filter.admit!(x, attempt))
  if (filter.settled !== undefined)
    decorated.settled = (x, attempt, outcome) => late(x, name, () => filter.settled!(x, attempt, outcome))
  if (filter.response !== undefined) decorated.response = (x) => late(x, name, () => filter.response!(x))
  if (filter.log !== undefined) decorated.log = (finished) => late(finished.exchange, name, () => filter.log!(finished))
  if (isTerminal(filter)) traceAttempts(decorated, filter, name)
  return decorated
}

function traceAttempts(decorated: Filter & Partial<TerminalFilter>, filter: TerminalFilter, name: string): void {
  const { settled } = decorated
  if (filter.pick !== undefined) decorated.pick = (x, before) => filter.pick!(x, before)
  decorated.call = (x, attempt, call) => {
    traceOf(x)?.beginAttempt(x, attempt)
    return inbound(x, name, () => filter.call(x, attempt, call))
  }
  decorated.settled = (x, attempt, outcome) => {
    traceOf(x)?.endAttempt(attempt, outcome)
    settled?.(x, attempt, outcome)
  }
}

const isTerminal = (filter: Filter): filter is TerminalFilter => 'call' in filter && typeof filter.call === 'function'

// Only the tracing system sets `trace`, so it is always one that records.
const traceOf = (x: Exchange | undefined): RecordingTrace | undefined => x?.trace as RecordingTrace | undefined

function inbound<R>(x: Exchange, name: string, run: () => R): R {
  const trace = traceOf(x)
  if (trace === undefined) return run()
  const step = trace.steps.get(name) ?? begin(trace, name)
  // The last inbound hook decides: a retry may pass where the first attempt did not.
  step.endedAt = undefined
  step.verdict = undefined
  step.reason = undefined
  return noting(step, run, () => {
    step.endedAt = trace.now()
  })
}

function late<R>(x: Exchange | undefined, name: string, run: () => R): R {
  const trace = traceOf(x)
  if (trace === undefined) return run()
  const known = trace.steps.get(name)
  if (known !== undefined) return noting(known, run, () => {})
  const step = begin(trace, name)
  return noting(step, run, () => {
    step.endedAt = trace.now()
  })
}

function begin(trace: RecordingTrace, name: string): FilterStep {
  const step: FilterStep = { name, startedAt: trace.now(), endedAt: undefined, verdict: undefined, reason: undefined }
  trace.steps.set(name, step)
  return step
}

/** Runs a hook and notes how it ended, at once or when its promise does. */
function noting<R>(step: FilterStep, run: () => R, ended: () => void): R {
  let result: R
  try {
    result = run()
  } catch (error) {
    failed(step, error)
    ended()
    throw error
  }
  if (!isThenable(result)) {
    decided(step, result)
    ended()
    return result
  }
  return result.then(
    (value) => {
      decided(step, value)
      ended()
      return value
    },
    (error: unknown) => {
      failed(step, error)
      ended()
      throw error
    },
  ) as R
}

function decided(step: FilterStep, result: unknown): void {
  if (result instanceof LocalReply) {
    step.verdict = 'reply'
    step.reason = result.reason
  } else step.verdict ??= 'continue'
}

/** Notes a code or a class. Not the message, which may contain what a client sent. */
function failed(step: FilterStep, error: unknown): void {
  step.verdict = 'error'
  const code = safely(() => (error instanceof WeirError ? error.code : undefined))
  const name = isError(error) ? propertyOf(error, 'name') : typeof error
  step.reason = code ?? (typeof name === 'string' ? shorten(name, 100) : 'Error')
}
