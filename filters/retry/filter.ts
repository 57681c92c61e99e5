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
import { backoff, retryAfter } from './backoff.ts'
import { discard, pause } from './discard-response.ts'
import { type Options, options } from './options.ts'
import { Budget, type BudgetRules } from './retry-budget.ts'
import { type Ending, judge } from './retry-condition.ts'
import { RetryCounts, type RetryOutcome } from './retry-counts.ts'

/** Sends a request again when that can do no harm and may help. */
export const retry = defineFilter<Options>({
  name: 'retry',
  apiVersion: 1,
  summary: 'Sends a request again when the upstream failed and that can do no harm.',
  options,
  perEndpoint: true,
  create: (options, env) => new RetryFilter(options, env),
})

class RetryFilter implements Filter {
  readonly #options: Options
  readonly #env: FilterEnv
  readonly #endpoint: string
  readonly #methods: ReadonlySet<string>
  readonly #statuses: ReadonlySet<number>
  readonly #rules: BudgetRules
  readonly #budget: Budget
  readonly #counts: RetryCounts

  constructor(options: Options, env: FilterEnv) {
    this.#options = options
    this.#env = env
    this.#endpoint = env.endpoint?.id ?? ''
    this.#methods = new Set(options.methods)
    this.#statuses = new Set(options.statuses)
    const { percent, min_retries, window } = options.budget
    this.#rules = { percent, minRetries: min_retries }
    this.#budget = env.share('budget', { version: window, make: () => new Budget(window) })
    this.#counts = env.share('counts', {
      scope: 'factory',
      version: 1,
      make: () => new RetryCounts(env.meter),
      close: (counts) => counts.close(),
    })
    for (const name of ['POST', 'PATCH'])
      if (this.#methods.has(name)) env.warn(`${name} is not idempotent: what is sent twice may be done twice`)
    if (options.per_try_timeout !== undefined && options.per_try_timeout >= (options.timeout ?? Infinity))
      env.warn('per_try_timeout has no effect: timeout, which all attempts share, is not longer')
  }

  async upstream(x: Exchange, call: UpstreamCall, next: Next): Promise<Response | LocalReply> {
    const { clock } = this.#env
    const { per_try_timeout: perTry = Infinity, timeout = Infinity, max_body: maxBody } = this.#options
    const { body } = x.request
    const repeatable = call.upgrade === undefined && this.#mayRepeat(x)
    this.#budget.request(clock.now())
    // What was never begun can be sent as it is: only what may fail halfway is kept.
    if (repeatable && !body.empty && (body.length ?? 0) <= maxBody) body.replay(maxBody)
    const deadline = Math.min(call.deadline ?? Infinity, x.startedAt + timeout)
    for (let retries = 0; ; retries++) {
      const by = Math.min(deadline, clock.now() + perTry)
      const ending = await attempt(next, by === Infinity ? call : { ...call, deadline: by })
      const judgement = judge(ending, this.#statuses)
      if (judgement === 'done' || judgement === 'refused') {
        if (retries > 0)
          this.#count(judgement === 'refused' ? 'refused' : 'error' in ending ? 'exhausted' : 'recovered')
        return give(ending)
      }
      const wait = this.#wait(x, ending, retries, deadline, repeatable || judgement === 'unsent')
      if (typeof wait === 'string') {
        this.#count(wait)
        return give(ending)
      }
      // From here on there is another attempt, or nobody who wants one.
      this.#budget.retry(clock.now())
      try {
        await Promise.all([pause(x, wait), 'answer' in ending ? discard((ending.answer as Response).body) : undefined])
        if (x.aborted || x.over) throw new WeirError('client_gone')
      } catch (error) {
        this.#count('aborted')
        throw error
      }
      this.#count('retried')
    }
  }

  explain(): string[] {
    const { max_retries: max, methods, statuses } = this.#options
    return [
      `up to ${max} retries of ${methods.join(', ')} on ${statuses.join(', ')}, resets and timeouts; of any method if it never left`,
    ]
  }

  /** Whether it may be sent again though the upstream may have had it. */
  #mayRepeat({ request: { method, headers } }: Exchange): boolean {
    if (this.#methods.has(method)) return true
    return this.#options.idempotency_key && (headers.get('idempotency-key') ?? '').trim() !== ''
  }

  /** Milliseconds until the next attempt, for which the body is made ready; or why there is none. */
  #wait(x: Exchange, ending: Ending, retries: number, deadline: number, allowed: boolean): number | RetryOutcome {
    const { clock } = this.#env
    const { max_retries: max, backoff: growth, max_retry_after: maxAfter } = this.#options
    if (x.aborted || x.over) return 'aborted'
    if (!allowed) return 'unsafe'
    if (retries >= max) return 'exhausted'
    const after =
      'answer' in ending ? retryAfter((ending.answer as Response).headers.get('retry-after'), clock.wall()) : 0
    if (after !== undefined && after > maxAfter) return 'retry_after'
    const wait = (after ?? 0) + backoff(retries, growth.base, growth.max, Math.random())
    const now = clock.now()
    if (now + wait >= deadline) return 'timeout'
    if (!this.#budget.allows(this.#rules, now)) return 'budget'
    // Last, since it takes the body from whoever still sends it.
    return x.request.body.rewind() ? wait : 'body'
  }

  #count(outcome: RetryOutcome): void {
    this.#counts.add(this.#endpoint, outcome)
  }
}

async function attempt(next: Next, call: UpstreamCall): Promise<Ending> {
  try {
    return { answer: await next(call) }
  } catch (error) {
    return { error }
  }
}

function give(ending: Ending): Response | LocalReply {
  if ('error' in ending) throw ending.error
  return ending.answer
}
