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
  const { request, routed, upstream, admit, settled, response, log } = filter
  const decorated: Filter & Partial<TerminalFilter> = {}
  if (request !== undefined) decorated.request = (x) => note(x, name, true, filter, request, x)
  if (routed !== undefined) decorated.routed = (x) => note(x, name, true, filter, routed, x)
  if (upstream !== undefined)
    decorated.upstream = (x, call, next) => note(x, name, true, filter, upstream, x, call, next)
  if (admit !== undefined) decorated.admit = (x, attempt) => note(x, name, true, filter, admit, x, attempt)
  if (settled !== undefined)
    decorated.settled = (x, attempt, outcome) => note(x, name, false, filter, settled, x, attempt, outcome)
  if (response !== undefined) decorated.response = (x) => note(x, name, false, filter, response, x)
  if (log !== undefined) decorated.log = (finished) => note(finished.exchange, name, false, filter, log, finished)
  if (isTerminal(filter)) traceAttempts(decorated, filter, name)
  return decorated
}

function traceAttempts(decorated: Filter & Partial<TerminalFilter>, filter: TerminalFilter, name: string): void {
  const { settled } = decorated
  const { call } = filter
  if (filter.pick !== undefined) decorated.pick = (x, before) => filter.pick!(x, before)
  decorated.call = (x, attempt, upstreamCall) => {
    traceOf(x)?.beginAttempt(x, attempt)
    return note(x, name, true, filter, call, x, attempt, upstreamCall)
  }
  decorated.settled = (x, attempt, outcome) => {
    traceOf(x)?.endAttempt(attempt, outcome)
    settled?.(x, attempt, outcome)
  }
}

const isTerminal = (filter: Filter): filter is TerminalFilter => 'call' in filter && typeof filter.call === 'function'

// Only the tracing system sets `trace`, so it is always one that records.
const traceOf = (x: Exchange | undefined): RecordingTrace | undefined => x?.trace as RecordingTrace | undefined

/**
 * Runs a hook and notes how it ended, at once or when its promise does. One function for every hook, so that a call makes no closure.
 * @param inbound the hook decides when the step ends, and how; otherwise only if no hook of the filter ran before
 */
function note<Args extends unknown[], R>(
  x: Exchange | undefined,
  name: string,
  inbound: boolean,
  filter: Filter,
  hook: (...args: Args) => R,
  ...args: Args
): R {
  const trace = traceOf(x)
  if (trace === undefined) return hook.apply(filter, args)
  const known = trace.steps.get(name)
  const step = known ?? begin(trace, name)
  const ends = inbound || known === undefined
  if (inbound && known !== undefined) {
    // The last inbound hook decides: a retry may pass where the first attempt did not.
    step.endedAt = undefined
    step.verdict = undefined
    step.reason = undefined
  }
  let result: R
  try {
    result = hook.apply(filter, args)
  } catch (error) {
    failed(step, error)
    if (ends) step.endedAt = trace.now()
    throw error
  }
  if (isThenable(result)) return noteLater(trace, step, ends, result) as R
  decided(step, result)
  if (ends) step.endedAt = trace.now()
  return result
}

function noteLater<T>(trace: RecordingTrace, step: FilterStep, ends: boolean, result: PromiseLike<T>): PromiseLike<T> {
  return result.then(
    (value) => {
      decided(step, value)
      if (ends) step.endedAt = trace.now()
      return value
    },
    (error: unknown) => {
      failed(step, error)
      if (ends) step.endedAt = trace.now()
      throw error
    },
  )
}

function begin(trace: RecordingTrace, name: string): FilterStep {
  const step: FilterStep = { name, startedAt: trace.now(), endedAt: undefined, verdict: undefined, reason: undefined }
  trace.steps.set(name, step)
  return step
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
