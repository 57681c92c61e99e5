import * as z from 'zod'
import {
  type Awaitable,
  defineFilter,
  duration,
  type Exchange,
  type Filter,
  type FilterEnv,
  type Finished,
  isThenable,
  LocalReply,
  type Next,
  type Response,
  reply,
  type UpstreamCall,
  WeirError,
} from '../../core/index.ts'
import { PermitGauges } from './gauges.ts'
import { type PermitRules, Permits } from './permits.ts'

const options = z.strictObject({
  max_concurrent: z.int().min(1).default(100).describe('Calls of the endpoint that may be under way at once.'),
  max_queue: z.int().min(0).default(100).describe('Requests that may wait for one of them to end; the next gets 503.'),
  queue_timeout: duration()
    .refine((ms) => ms > 0, { error: 'expected a duration above zero' })
    .prefault('1s')
    .describe('How long a request may wait; then 503.'),
})

type Options = z.output<typeof options>

/** Bounds how many calls of an endpoint are under way at once. */
export const concurrencyLimit = defineFilter<Options>({
  name: 'concurrency-limit',
  apiVersion: 1,
  summary: 'Bounds how many calls of an endpoint are under way at once; a few more wait their turn.',
  options,
  perEndpoint: true,
  create: (options, env) => new ConcurrencyLimit(options, env),
})

/** Gives a slot back, once. */
type ReleasePermit = () => void

class ConcurrencyLimit implements Filter {
  readonly #env: FilterEnv
  readonly #rules: PermitRules
  readonly #queueTimeoutMs: number
  readonly #permits: Permits
  readonly #generation: number
  readonly #gauges: PermitGauges
  /** What each exchange still holds when it is over is given back then: tunnels, and whatever else had no end. */
  readonly #held = new WeakMap<Exchange, ReleasePermit>()

  constructor(options: Options, env: FilterEnv) {
    this.#env = env
    this.#rules = { maxConcurrent: options.max_concurrent, maxQueue: options.max_queue }
    this.#queueTimeoutMs = options.queue_timeout
    this.#permits = env.share('permits', { version: 1, make: () => new Permits() })
    this.#generation = this.#permits.next()
    this.#gauges = env.share('gauges', {
      scope: 'factory',
      version: 1,
      make: () => new PermitGauges(env.meter),
      close: (gauges) => gauges.close(),
    })
    this.#gauges.add(env.endpoint?.id ?? '', this.#permits)
  }

  upstream(x: Exchange, call: UpstreamCall, next: Next): Awaitable<Response | LocalReply> {
    this.#permits.use(this.#rules, this.#generation)
    if (this.#permits.enter()) return this.#call(x, call, next)
    return this.#queue(x).then((refusal) => refusal ?? this.#call(x, call, next))
  }

  log({ exchange }: Finished): void {
    if (exchange !== undefined) this.#held.get(exchange)?.()
  }

  explain(): string[] {
    const { maxConcurrent, maxQueue } = this.#rules
    return [
      `at most ${maxConcurrent} calls at once; ${maxQueue} more wait for up to ${this.#queueTimeoutMs / 1000} s`,
      'how many there are, the running gateway knows',
    ]
  }

  dispose(): void {
    this.#gauges.remove(this.#permits)
  }

  /** Waits for a slot; gives the refusal if there is none to be had. */
  #queue(x: Exchange): Promise<LocalReply | undefined> {
    return new Promise((resolve, reject) => {
      const waiter = this.#permits.wait(() => {
        timer.cancel()
        resolve(undefined)
      })
      if (waiter === undefined) return resolve(FULL)
      const timer = this.#env.timers.after(this.#queueTimeoutMs, () => {
        waiter.leave()
        resolve(LATE)
      })
      x.onAbort(() => {
        timer.cancel()
        waiter.leave()
        reject(new WeirError('client_gone'))
      })
    })
  }

  /** A slot is had; it is given back when the call is over for good. */
  #call(x: Exchange, call: UpstreamCall, next: Next): Awaitable<Response | LocalReply> {
    const release = this.#hold(x)
    let answer: Awaitable<Response | LocalReply>
    try {
      if (x.aborted) throw new WeirError('client_gone')
      answer = next(call)
    } catch (error) {
      release()
      throw error
    }
    if (!isThenable(answer)) return until(answer, release)
    return answer.then(
      (late) => until(late, release),
      (error: unknown) => {
        release()
        throw error
      },
    )
  }

  #hold(x: Exchange): ReleasePermit {
    let held = true
    const release = (): void => {
      if (!held) return
      held = false
      if (this.#held.get(x) === release) this.#held.delete(x)
      this.#permits.release()
    }
    this.#held.set(x, release)
    return release
  }
}

/** Calls `over` when nothing more comes of an answer. Of a tunnel nobody but the exchange knows. */
function until(answer: Response | LocalReply, over: () => void): Response | LocalReply {
  if (answer instanceof LocalReply) over()
  else if (answer.upgrade === undefined) {
    if (answer.body.empty) over()
    else answer.body.watch(over)
  }
  return answer
}

// RFC 9209 §2.3.12.
const headers = { 'Retry-After': '1', 'Proxy-Status': 'weir; error=connection_limit_reached' }

const FULL = reply(503, 'concurrency_limit', {
  headers,
  detail: 'The endpoint is as busy as it may be, and enough requests wait for it.',
})

const LATE = reply(503, 'queue_timeout', {
  headers,
  detail: 'The endpoint stayed as busy as it may be for too long.',
})
