import {
  defineFilter,
  type Exchange,
  type Filter,
  type FilterEnv,
  isThenable,
  LocalReply,
  MemoryResponseStore,
  type Outcome,
  RegistryKey,
  type Response,
} from '../../core/index.ts'
import { explain } from './breaker-explanation.ts'
import { isPlain } from './cache-rules.ts'
import { fallbackOf } from './fallback.ts'
import { LastAnswers, type Shelf } from './last-responses.ts'
import { failureTable, idle, type Options, options, rulesOf, STORED_DEFAULTS } from './options.ts'
import { holdGuards } from './scoped-breakers.ts'

export const breaker = defineFilter<Options>({
  name: 'breaker',
  apiVersion: 1,
  summary: 'Stops calling an endpoint that keeps failing, and tries again with a few probes.',
  options,
  perEndpoint: true,
  needs: [RegistryKey],
  create(given, env) {
    const { clock, endpoint, name } = env
    if (endpoint === undefined) throw new Error('a breaker guards an endpoint and was made without one')
    for (const message of idle(given)) env.warn(message)
    const rules = rulesOf(given)
    const failing = failureTable(given.failure_statuses)
    const fallback = fallbackOf(given)
    const answers = given.fallback_strategy === 'cached_response' ? lastAnswers(given, env) : undefined
    const scope = given.scope ?? (endpoint.targets.length > 1 ? 'target' : 'endpoint')
    const guards = holdGuards(env, endpoint, rules, scope)

    function judge({ result, status }: Outcome): Outcome['result'] {
      return result === 'success' && status !== undefined && failing[status] === 1 ? 'failure' : result
    }

    /** Lets a kept answer stand in for the refusal, and keeps what may stand in later. */
    function received(x: Exchange, kept: LastAnswers, answer: Response | LocalReply, askedAt: number) {
      if (answer instanceof LocalReply) {
        if (answer.reason !== 'breaker_open' || (answer.filter ?? name) !== name) return answer
        const found = kept.find(x)
        return isThenable(found) ? found.then((late) => late ?? answer) : (found ?? answer)
      }
      if (failing[answer.status] !== 1) kept.keep(x, answer, askedAt)
      return answer
    }

    const upstream: NonNullable<Filter['upstream']> = (x, call, next) => {
      // Asked now: a body that was sent is gone.
      const kept = isPlain(x) ? answers : undefined
      const askedAt = clock.wall()
      const wait = guards.exhausted()
      const answer = wait === undefined ? next(call) : fallback(x, wait)
      if (kept === undefined) return answer
      return isThenable(answer)
        ? answer.then((late) => received(x, kept, late, askedAt))
        : received(x, kept, answer, askedAt)
    }

    return {
      ...(answers !== undefined || scope === 'target' ? { upstream } : {}),
      admit(x, attempt) {
        const guard = guards.of(attempt)
        if (guard === undefined || guard.admit(rules, x, attempt)) return
        return fallback(x, guard.retryAfter())
      },
      settled(x, attempt, outcome) {
        const took = outcome.headMs ?? outcome.totalMs
        guards.of(attempt)?.settle(rules, x, attempt, judge(outcome), took)
      },
      explain: () => explain({ ...given, scope }),
      dispose: () => guards.release(),
    }
  },
})

function lastAnswers({ cached_response: limits = STORED_DEFAULTS }: Options, env: FilterEnv): LastAnswers {
  const { max_age: maxAge, max_entries: maxEntries, max_entry_size: maxEntryBytes, max_size: maxBytes } = limits
  const shelf = env.share<Shelf>(`answers ${maxEntries} ${maxBytes}`, {
    scope: 'factory',
    version: 1,
    make: () => ({ store: new MemoryResponseStore({ maxEntries, maxBytes }), collecting: 0 }),
  })
  return new LastAnswers(shelf, { maxAge, maxEntryBytes, maxBytes }, env.name, env.clock, env.log)
}
