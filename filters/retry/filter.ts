import {
  defineFilter,
  type Exchange,
  type Filter,
  type FilterEnv,
  type LocalReply,
  type Next,
  type Response,
  type UpstreamCall,
  WeirError,
} from '../../core/index.ts'
import { backoff } from './backoff.ts'
import { discardResponse } from './discard-response.ts'
import { type Options, options } from './options.ts'
import { retryAfter } from './retry-after.ts'
import { RetryBudget, type RetryBudgetRules } from './retry-budget.ts'
import { type AttemptResult, retryCondition } from './retry-condition.ts'
import { RetryCounts, type RetryOutcome } from './retry-counts.ts'
import { waitForRetry } from './retry-wait.ts'

/** Sends a request again if that may help and can do no harm. */
export const retry = defineFilter<Options>({
  name: 'retry',
  apiVersion: 1,
  summary: 'Sends a request again if the upstream failed and a retry can do no harm.',
  prompt: true,
  options,
  perEndpoint: true,
  advises: [{ before: { filter: 'concurrency-limit' }, why: 'a request keeps its slot while it waits for a retry' }],
  create: (options, env) => new RetryFilter(options, env),
})

class RetryFilter implements Filter {
  readonly #options: Options
  readonly #env: FilterEnv
  readonly #endpoint: string
  readonly #methods: ReadonlySet<string>
  readonly #statuses: ReadonlySet<number>
  readonly #rules: RetryBudgetRules
  readonly #budget: RetryBudget
  readonly #counts: RetryCounts

  constructor(options: Options, env: FilterEnv) {
    this.#options = options
    this.#env = env
    this.#endpoint = env.endpoint?.id ?? ''
    this.#methods = new Set(options.methods)
    this.#statuses = new Set(options.statuses)
    const { percent, min_retries, window } = options.budget
    this.#rules = { percent, minRetries: min_retries }
    this.#budget = env.share('budget', { version: window, make: () => new RetryBudget(window) })
    this.#counts = env.share('counts', {
      scope: 'factory',
      version: 1,
      make: () => new RetryCounts(env.meter),
      close: (counts) => counts.close(),
    })
    for (const name of ['POST', 'PATCH'])
      if (this.#methods.has(name))
        env.warn(`${name} is not idempotent: a request that is sent twice may be executed twice`)
    if (options.per_try_timeout !== undefined && options.per_try_timeout >= (options.timeout ?? Infinity))
      env.warn('per_try_timeout has no effect: the timeout of all attempts together is not longer')
  }

  async upstream(x: Exchange, call: UpstreamCall, next: Next): Promise<Response | LocalReply> {
    const { clock } = this.#env
    const { per_try_timeout: perTry = Infinity, timeout = Infinity, max_body: maxBody } = this.#options
    const { body } = x.request
    const repeatable = call.upgrade === undefined && this.#mayRepeat(x)
    this.#budget.request(clock.now())
    // A body that nobody has read can be sent as it is; only that of a request that may fail halfway is kept.
    if (repeatable && !body.empty && (body.length ?? 0) <= maxBody) body.replay(maxBody)
    const deadline = Math.min(call.deadline ?? Infinity, x.startedAt + timeout)
    for (let retries = 0; ; retries++) {
      const by = Math.min(deadline, clock.now() + perTry)
      const result = await attempt(next, by === Infinity ? call : { ...call, deadline: by })
      const condition = retryCondition(result, this.#statuses)
      if (condition === 'done' || condition === 'refused') {
        if (retries > 0)
          this.#count(condition === 'refused' ? 'refused' : 'error' in result ? 'exhausted' : 'recovered')
        return unwrap(result)
      }
      const wait = this.#wait(x, result, retries, deadline, repeatable || condition === 'unsent')
      if (typeof wait === 'string') {
        this.#count(wait)
        return unwrap(result)
      }
      // From here on there is another attempt, unless the client leaves.
      this.#budget.retry(clock.now())
      try {
        await Promise.all([
          waitForRetry(x, wait),
          'response' in result ? discardResponse((result.response as Response).body) : undefined,
        ])
        if (x.aborted || x.over) throw new WeirError('client_gone')
      } catch (error) {
        this.#count('aborted')
        throw error
      }
      this.#count('retried')
      x.trace?.event('weir.retry', { 'weir.retry.number': retries + 1, 'weir.retry.reason': reasonOf(result) })
    }
  }

  explain(): string[] {
    const { max_retries: max, methods, statuses } = this.#options
    return [
      `up to ${max} retries of ${methods.join(', ')} on ${statuses.join(', ')}, resets and timeouts; of any method if nothing was sent`,
    ]
  }

  /** Whether the request may be sent again even if it may have reached the upstream. */
  #mayRepeat({ request: { method, headers } }: Exchange): boolean {
    if (this.#methods.has(method)) return true
    return this.#options.idempotency_key && (headers.get('idempotency-key') ?? '').trim() !== ''
  }

  /** Milliseconds until the next attempt, with the body ready for it; or why there is none. */
  #wait(
    x: Exchange,
    result: AttemptResult,
    retries: number,
    deadline: number,
    allowed: boolean,
  ): number | RetryOutcome {
    const { clock } = this.#env
    const { max_retries: max, backoff: growth, max_retry_after: maxAfter } = this.#options
    if (x.aborted || x.over) return 'aborted'
    if (!allowed) return 'unsafe'
    if (retries >= max) return 'exhausted'
    const asked =
      'response' in result ? retryAfter((result.response as Response).headers.get('retry-after'), clock.wall()) : 0
    const after = asked ?? 0
    if (after > maxAfter) return 'retry_after'
    const wait = after + backoff(retries, growth.base, growth.max, Math.random())
    const now = clock.now()
    if (now + wait >= deadline) return 'timeout'
    if (!this.#budget.allows(this.#rules, now)) return 'budget'
    // Last, because it takes the body away from the attempt that may still send it.
    return x.request.body.rewind() ? wait : 'body'
  }

  #count(outcome: RetryOutcome): void {
    this.#counts.add(this.#endpoint, outcome)
  }
}

async function attempt(next: Next, call: UpstreamCall): Promise<AttemptResult> {
  try {
    return { response: await next(call) }
  } catch (error) {
    return { error }
  }
}

function unwrap(result: AttemptResult): Response | LocalReply {
  if ('error' in result) throw result.error
  return result.response
}

/** Status of the response, or code of the error. */
function reasonOf(result: Awaited<ReturnType<typeof attempt>>): string {
  if ('response' in result) return String(result.response.status)
  return result.error instanceof WeirError ? result.error.code : 'error'
}
