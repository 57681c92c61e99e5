import * as z from 'zod'
import {
  type Awaitable,
  defineFilter,
  duration,
  EndpointRegistryKey,
  type Exchange,
  type Filter,
  type FilterEnv,
  type Finished,
  isThenable,
  LocalReply,
  type Next,
  type PermitRules,
  type Response,
  reply,
  type UpstreamCall,
  WeirError,
} from '../../core/index.ts'
import { PermitGauges } from './gauges.ts'
import { OwnPermits } from './own-permits.ts'
import type { Permits } from './permits.ts'
import { PermitsOfAll } from './permits-of-all.ts'

const options = z.strictObject({
  max_concurrent: z.int().min(1).default(100).describe('Largest number of concurrent upstream calls of the endpoint.'),
  max_queue: z
    .int()
    .min(0)
    .default(100)
    .describe('Largest number of requests that wait for a call to end. Further ones get 503.'),
  queue_timeout: duration()
    .refine((ms) => ms > 0, { error: 'expected a duration above zero' })
    .prefault('1s')
    .describe('How long a request waits, before it gets 503.'),
})

type Options = z.output<typeof options>

/** Limits the concurrent upstream calls of an endpoint. */
export const concurrencyLimit = defineFilter<Options>({
  name: 'concurrency-limit',
  apiVersion: 1,
  summary: 'Limits the concurrent upstream calls of an endpoint; a bounded queue holds further requests.',
  prompt: true,
  options,
  perEndpoint: true,
  needs: [EndpointRegistryKey],
  create: (options, env) => new ConcurrencyLimit(options, env),
})

/** Gives a permit back. Calls after the first do nothing. */
type ReleasePermit = () => void

class ConcurrencyLimit implements Filter {
  readonly #env: FilterEnv
  readonly #rules: PermitRules
  readonly #queueTimeoutMs: number
  readonly #permits: Permits
  readonly #generation: number
  readonly #gauges: PermitGauges
  readonly #release: ReleasePermit = () => this.#permits.release()
  /** Permits still held when the exchange ends, as by tunnels, whose end no body reports: `log` gives them back. */
  readonly #held = new WeakMap<Exchange, ReleasePermit>()

  constructor(options: Options, env: FilterEnv) {
    this.#env = env
    this.#rules = { maxConcurrent: options.max_concurrent, maxQueue: options.max_queue }
    this.#queueTimeoutMs = options.queue_timeout
    const shared = env.service(EndpointRegistryKey).sharedPermits
    const pool = JSON.stringify([env.endpoint?.id, env.name])
    this.#permits = env.share<Permits>('permits', {
      version: 1,
      make: () => (shared === undefined ? new OwnPermits() : new PermitsOfAll(shared, pool)),
    })
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
    if (this.#permits.enter()) return this.#call(x, call, next, this.#release)
    return this.#queue(x).then((permit) => (permit instanceof LocalReply ? permit : this.#call(x, call, next, permit)))
  }

  log({ exchange }: Finished): void {
    if (exchange !== undefined) this.#held.get(exchange)?.()
  }

  explain(): string[] {
    const { maxConcurrent, maxQueue } = this.#rules
    return [
      `at most ${maxConcurrent} concurrent calls; up to ${maxQueue} requests wait for up to ${this.#queueTimeoutMs / 1000} s`,
      'only the running gateway knows how many there are now',
    ]
  }

  dispose(): void {
    this.#gauges.remove(this.#permits)
  }

  /** Waits for a permit. Resolves to what gives it back, or to the refusal if there is none in time. */
  #queue(x: Exchange): Promise<LocalReply | ReleasePermit> {
    return new Promise((resolve, reject) => {
      let waits = true
      const end = (how: () => void): void => {
        if (!waits) return
        waits = false
        timer.cancel()
        how()
      }
      const timer = this.#env.timers.after(this.#queueTimeoutMs, () =>
        end(() => {
          leave()
          resolve(LATE)
        }),
      )
      const leave = this.#permits.ask({
        granted: () => end(() => resolve(leave)),
        refused: () => end(() => resolve(FULL)),
      })
      x.onAbort(() =>
        end(() => {
          leave()
          reject(new WeirError('client_gone'))
        }),
      )
    })
  }

  /** Calls the upstream with a permit, which is given back when the response has ended. */
  #call(x: Exchange, call: UpstreamCall, next: Next, give: ReleasePermit): Awaitable<Response | LocalReply> {
    const release = this.#hold(x, give)
    let response: Awaitable<Response | LocalReply>
    try {
      if (x.aborted) throw new WeirError('client_gone')
      response = next(call)
    } catch (error) {
      release()
      throw error
    }
    if (!isThenable(response)) return until(response, release)
    return response.then(
      (late) => until(late, release),
      (error: unknown) => {
        release()
        throw error
      },
    )
  }

  #hold(x: Exchange, give: ReleasePermit): ReleasePermit {
    let held = true
    const release = (): void => {
      if (!held) return
      held = false
      if (this.#held.get(x) === release) this.#held.delete(x)
      give()
    }
    this.#held.set(x, release)
    return release
  }
}

/** Calls `over` when the response has ended. Not for a tunnel: only the exchange knows when that ends. */
function until(response: Response | LocalReply, over: () => void): Response | LocalReply {
  if (response instanceof LocalReply) over()
  else if (response.upgrade === undefined) {
    if (response.body.empty) over()
    else response.body.watch(over)
  }
  return response
}

// RFC 9209 §2.3.12.
const headers = { 'Retry-After': '1', 'Proxy-Status': 'weir; error=connection_limit_reached' }

const FULL = reply(503, 'concurrency_limit', {
  headers,
  detail: 'The endpoint has reached its limit of concurrent calls, and its queue is full.',
})

const LATE = reply(503, 'queue_timeout', {
  headers,
  detail: 'The endpoint has reached its limit of concurrent calls, and none ended in time.',
})
