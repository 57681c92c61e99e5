import {
  defineFilter,
  EndpointRegistryKey,
  type Exchange,
  type Filter,
  type FilterEnv,
  isThenable,
  LocalReply,
  MemoryResponseStore,
  type Outcome,
  type Response,
} from '../../core/index.ts'
import { explainBreaker } from './breaker-explanation.ts'
import { isPlain } from './cache-rules.ts'
import { fallbackOf } from './fallback.ts'
import { LastResponses, type SharedStore } from './last-responses.ts'
import { CACHED_RESPONSE_DEFAULTS, failureTable, type Options, options, rulesOf, unusedOptions } from './options.ts'
import { holdBreakers } from './scoped-breakers.ts'
import { withProbes } from './with-probes.ts'

export const breaker = defineFilter<Options>({
  name: 'breaker',
  apiVersion: 1,
  summary: 'Stops calling an endpoint that keeps failing, until a few probes succeed.',
  prompt: true,
  options,
  perEndpoint: true,
  needs: [EndpointRegistryKey],
  create(given, env) {
    const { clock, endpoint, name } = env
    if (endpoint === undefined) throw new Error('a breaker guards an endpoint, and was created without one')
    for (const message of unusedOptions(given)) env.warn(message)
    const rules = rulesOf(given)
    const failing = failureTable(given.failure_statuses)
    const fallback = fallbackOf(given)
    const kept = given.fallback_strategy === 'cached_response' ? lastResponses(given, env) : undefined
    const scope = given.scope ?? (endpoint.targets.length > 1 ? 'target' : 'endpoint')
    const breakers = holdBreakers(env, endpoint, rules, scope)

    function judge({ result, status }: Outcome): Outcome['result'] {
      return result === 'success' && status !== undefined && failing[status] === 1 ? 'failure' : result
    }

    /** Replaces the refusal by a stored response, and stores responses that may replace one later. */
    function received(x: Exchange, responses: LastResponses, response: Response | LocalReply, requestedAt: number) {
      if (response instanceof LocalReply) {
        if (response.reason !== 'breaker_open' || (response.filter ?? name) !== name) return response
        return responses.find(x, response)
      }
      if (failing[response.status] !== 1) responses.keep(x, response, requestedAt)
      return response
    }

    const guarded: NonNullable<Filter['upstream']> = (x, call, next) => {
      // Decided now: a body that was sent looks empty afterwards.
      const responses = isPlain(x) ? kept : undefined
      const requestedAt = clock.wall()
      const wait = breakers.exhausted()
      const response = wait === undefined ? next(call) : fallback(x, wait)
      if (responses === undefined) return response
      return isThenable(response)
        ? response.then((late) => received(x, responses, late, requestedAt))
        : received(x, responses, response, requestedAt)
    }

    const upstream: NonNullable<Filter['upstream']> = (x, call, next) => {
      const due = breakers.due()
      return due === undefined ? guarded(x, call, next) : withProbes(x, rules, due, () => guarded(x, call, next))
    }
    const shared = env.service(EndpointRegistryKey).probeSlots !== undefined

    return {
      ...(kept !== undefined || scope === 'target' || shared ? { upstream } : {}),
      admit(x, attempt) {
        const own = breakers.of(attempt)
        if (own === undefined || own.admit(rules, x, attempt)) return
        return fallback(x, own.retryAfter())
      },
      settled(x, attempt, outcome) {
        const took = outcome.headMs ?? outcome.totalMs
        breakers.of(attempt)?.settle(rules, x, attempt, judge(outcome), took)
      },
      explain: () => explainBreaker({ ...given, scope }),
      dispose: () => breakers.release(),
    }
  },
})

function lastResponses({ cached_response: limits = CACHED_RESPONSE_DEFAULTS }: Options, env: FilterEnv): LastResponses {
  const { max_age: maxAge, max_entries: maxEntries, max_entry_size: maxEntryBytes, max_size: maxBytes } = limits
  const shared = env.share<SharedStore>(`responses ${maxEntries} ${maxBytes}`, {
    scope: 'factory',
    version: 1,
    make: () => ({ store: new MemoryResponseStore({ maxEntries, maxBytes }), collecting: 0 }),
  })
  return new LastResponses(shared, { maxAge, maxEntryBytes, maxBytes }, env.name, env.clock, env.log)
}
