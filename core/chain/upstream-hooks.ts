import type { Awaitable, Next, UpstreamCall } from '../api/attempt.ts'
import { enterHook, type HookWatch, leaveHook } from '../api/current-hook.ts'
import type { WeirError } from '../api/errors.ts'
import type { Exchange } from '../api/exchange.ts'
import { HookError } from '../api/hook-error.ts'
import type { LocalReply, Response } from '../api/reply.ts'
import { isThenable } from '../base/thenable.ts'
import type { HookStep } from './compiled-chain.ts'
import { dropResponse } from './drop-response.ts'
import { responseOf } from './hook-results.ts'
import { HookTimeLimit } from './hook-time-limit.ts'
import type { Runtime } from './runtime.ts'

type Result = Response | LocalReply

/** Wraps `call` in the `upstream` hooks of the steps, the first step outermost. */
export function aroundUpstream(
  x: Exchange,
  steps: readonly HookStep[],
  call: Next,
  runtime: Runtime,
  watch: HookWatch,
): Next {
  return steps.reduceRight<Next>((next, step) => {
    return step.limitMs === undefined
      ? (c) => checked(step, watch, () => step.filter.upstream!(x, c, next))
      : (c) => checked(step, watch, () => limited(step, step.limitMs!, x, c, next, runtime))
  }, call)
}

/** Runs the hook. What it throws, or returns against its contract, is its own error. */
function checked(step: HookStep, watch: HookWatch, run: () => Awaitable<Result>): Awaitable<Result> {
  const { name } = step
  /** An error of the filter is logged here: a hook around it may reply without it. */
  const blamed = (thrown: unknown): WeirError => {
    const error = HookError.of(thrown, name, 'upstream')
    if (error instanceof HookError) watch.report(error)
    return error
  }
  let result: Awaitable<Result>
  const outer = enterHook(step, watch)
  try {
    result = run()
    if (!isThenable(result)) return responseOf(result, name, 'upstream')
  } catch (error) {
    throw blamed(error)
  } finally {
    leaveHook(step, outer)
  }
  return Promise.resolve(result)
    .then((late) => responseOf(late, name, 'upstream'))
    .catch((error: unknown) => {
      throw blamed(error)
    })
}

/** Runs the hook with its time limit. The time in which it waits for what it wraps does not count. */
function limited(
  { name, filter }: HookStep,
  limitMs: number,
  x: Exchange,
  call: UpstreamCall,
  next: Next,
  { timers, clock }: Runtime,
): Promise<Result> {
  const run = (limit: HookTimeLimit<Result>): Awaitable<Result> =>
    filter.upstream!(x, call, async (c) => {
      limit.pause()
      try {
        return await next(c)
      } finally {
        limit.resume()
      }
    })
  const limit = new HookTimeLimit<Result>(
    { name, hook: 'upstream', limitMs },
    timers,
    () => clock.now(),
    run,
    dropResponse,
  )
  return limit.result
}
