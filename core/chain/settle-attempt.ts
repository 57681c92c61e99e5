import type { Outcome } from '../api/attempt.ts'
import { enterHook, type HookWatch, leaveHook } from '../api/current-hook.ts'
import { WeirError } from '../api/errors.ts'
import type { Exchange } from '../api/exchange.ts'
import type { AttemptState } from './attempt-state.ts'
import type { CompiledChain, HookStep } from './compiled-chain.ts'
import type { Runtime } from './runtime.ts'

/** An attempt has ended: calls every `settled`, once. Later calls for the same attempt do nothing. */
export function settleAttempt(
  attempt: AttemptState,
  result: Outcome['result'],
  error: WeirError | undefined,
  x: Exchange,
  { admits, settleds }: CompiledChain,
  runtime: Runtime,
  watch: HookWatch,
): void {
  if (!attempt.settle()) return
  const { status, headMs } = attempt
  const outcome: Outcome = { result, status, error, headMs, totalMs: runtime.clock.now() - attempt.startedAt }
  if (result === 'failure' && error !== undefined) runtime.upstreamFailed(x, attempt, error)
  if (attempt.admitted === admits.length) runtime.attempted(x, attempt, outcome)
  for (const step of settleds) {
    if (!hasPassed(step, admits, attempt)) continue
    const outer = enterHook(step, watch)
    try {
      const result: unknown = step.filter.settled!(x, attempt, outcome)
      runtime.ignoreResult(result, x, step.name, 'settled')
    } catch (thrown) {
      runtime.filterError(x, step.name, 'settled', thrown)
    } finally {
      leaveHook(step, outer)
    }
  }
}

/** `settled` follows an `admit` that let the attempt pass; a filter without `admit` sees attempts that all of them let pass. */
function hasPassed(step: HookStep, admits: readonly HookStep[], attempt: AttemptState): boolean {
  let at = 0
  while (at < admits.length && admits[at]!.index !== step.index) at++
  return at === admits.length ? attempt.admitted === at : at < attempt.admitted
}

/** How an attempt has ended whose body has ended so. */
export function outcomeOf(end: 'ended' | 'dropped' | Error): [Outcome['result'], WeirError | undefined] {
  if (end === 'ended' || end === 'dropped') return ['success', undefined]
  const error = end instanceof WeirError ? end : undefined
  return [error?.source === 'upstream' ? 'failure' : 'ignored', error]
}
