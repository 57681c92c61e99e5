import type { Next } from '../api/attempt.ts'
import { WeirError } from '../api/errors.ts'
import type { Exchange } from '../api/exchange.ts'
import type { Filter, TerminalFilter } from '../api/filter.ts'
import type { FilterStep, Recording } from '../api/recording.ts'
import { LocalReply, type Response } from '../api/reply.ts'
import { isError, propertyOf, safely, shorten } from '../base/error-text.ts'
import { isThenable } from '../base/thenable.ts'
import type { RecordingTrace } from './tracing.ts'

/**
 * A filter with exactly the hooks of the given one. Each hook notes on the exchange's recording when the filter began, when its last
 * inbound hook (`request`, `routed`, `upstream`, `admit`, `pick`, `call`) ended, its verdict, and the time of each hook. A filter
 * whose first hook comes later (`metrics`) is noted for that hook. Synchronous hooks stay synchronous.
 *
 * The `call` of a terminal filter also begins the attempt, and its client span; its `settled`, added where it has none, ends
 * them. `dispose` is left out: an instance is disposed once, by its owner.
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
    decorated.upstream = (x, call, next) => note(x, name, true, filter, upstream, x, call, waitingFor(x, next))
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
  const { pick } = filter
  if (pick !== undefined) decorated.pick = (x, before) => note(x, name, true, filter, pick, x, before)
  decorated.call = (x, attempt, upstreamCall) => {
    x.recording?.beginAttempt(attempt)
    traceOf(x)?.beginAttempt(x, attempt)
    return note(x, name, true, filter, call, x, attempt, upstreamCall)
  }
  decorated.settled = (x, attempt, outcome) => {
    x.recording?.endAttempt(attempt, outcome)
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
  const recording = x?.recording
  if (recording === undefined) return hook.apply(filter, args)
  const known = recording.steps.get(name)
  const step = known ?? recording.begin(name)
  const outer = recording.enter(step)
  if (known === undefined) step.startedAt = recording.at
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
    leave(recording, step, outer, ends)
    throw error
  }
  if (isThenable(result)) {
    // The call runs on, but from here on it is the attempt that takes time.
    const called = isTerminal(filter) && hook === (filter.call as unknown)
    if (called) recording.enter(outer)
    return noteLater(recording, step, called ? undefined : { outer }, ends, result) as R
  }
  decided(step, result)
  leave(recording, step, outer, ends)
  return result
}

function leave(recording: Recording, step: FilterStep, outer: FilterStep | undefined, ends: boolean): void {
  recording.enter(outer)
  if (ends) step.endedAt = recording.at
}

/** @param back whose time it is when the promise has settled; undefined: that of whoever has it then */
function noteLater<T>(
  recording: Recording,
  step: FilterStep,
  back: { readonly outer: FilterStep | undefined } | undefined,
  ends: boolean,
  result: PromiseLike<T>,
): PromiseLike<T> {
  const settle = (): void => {
    if (back !== undefined) return leave(recording, step, back.outer, ends)
    recording.pass()
    if (ends) step.endedAt = recording.at
  }
  return result.then(
    (value) => {
      decided(step, value)
      settle()
      return value
    },
    (error: unknown) => {
      failed(step, error)
      settle()
      throw error
    },
  )
}

/** While a hook waits for `next`, the time is not its own. */
function waitingFor({ recording }: Exchange, next: Next): Next {
  if (recording === undefined) return next
  return (call) => {
    const waiting = recording.enter(undefined)
    let result: ReturnType<Next>
    try {
      result = next(call)
    } catch (error) {
      recording.enter(waiting)
      throw error
    }
    if (isThenable(result))
      return result.then(
        (value: Response | LocalReply) => {
          recording.enter(waiting)
          return value
        },
        (error: unknown) => {
          recording.enter(waiting)
          throw error
        },
      )
    recording.enter(waiting)
    return result
  }
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
