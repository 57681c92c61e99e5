import {
  type Attempt,
  type Awaitable,
  type Clock,
  defineFilter,
  EndpointRegistryKey,
  type Exchange,
  type FilterEnv,
  type LocalReply,
  type Outcome,
  type ReplyOptions,
  type Response,
  RouteSlot,
  reply,
  type Target,
  type TerminalFilter,
  type UpstreamCall,
} from '../../core/index.ts'
import { authorities } from './authorities.ts'
import { Candidate } from './balancers/balancer.ts'
import { BALANCERS } from './balancers/balancers-by-name.ts'
import { timeLeft, withTimeout } from './deadlines.ts'
import { sendHealthChecksThrough } from './health-check-request.ts'
import { mappingRules, type Options, options } from './options.ts'
import { shortestLimit } from './phase-timeouts.ts'
import { requestFields } from './request-fields.ts'
import { ResponseMapping } from './response-mapping.ts'
import { serverName } from './server-name.ts'
import { sharedHealthCheckPool, sharedPool } from './shared-pools.ts'
import { SilenceWatch } from './silence-watch.ts'
import { TargetChoice } from './target-choice.ts'
import { UpgradeCounts, type Upgrades } from './upgrade-counts.ts'
import { Upload } from './upload.ts'
import type { UpstreamContext } from './upstream-context.ts'
import { UpstreamRequest } from './upstream-request.ts'
import { loopReply, pseudonym } from './via.ts'

/** Terminal filter: streams the request to a target of the endpoint, and the response back. */
export const proxy = defineFilter<Options>({
  name: 'proxy',
  apiVersion: 1,
  summary: 'Streams the request to a target of the endpoint, and the response back.',
  prompt: true,
  options,
  offline: true,
  terminal: true,
  perEndpoint: true,
  reads: [RouteSlot],
  needs: [EndpointRegistryKey],
  sets: ({ propagate_deadline: name }) => (name === undefined ? [] : [{ name }]),
  create: (options, env) => new ProxyFilter(options, env),
})

class ProxyFilter implements TerminalFilter {
  readonly #preserveHost: boolean
  /** Undefined if upgrades are ignored (RFC 9110 §7.8). */
  readonly #upgrades: Upgrades | undefined = undefined
  readonly #maxUpgrades: number
  readonly #choice: TargetChoice
  readonly #explained: readonly string[]
  /** Time for a whole exchange; milliseconds, may be infinite. */
  readonly #total: number
  readonly #firstByte: number
  /** Field that tells the upstream how long the gateway waits. */
  readonly #propagate: string | undefined
  readonly #clock: Clock
  readonly #pseudonym: string
  /** By target. */
  readonly #contexts: ReadonlyMap<Target, UpstreamContext>
  /** Each withdraws the health checks of one target, before its pool closes. */
  readonly #withdrawals: (() => void)[] = []

  constructor(options: Options, env: FilterEnv) {
    const { dns, tls, timeout, first_byte_timeout: firstByte = timeout, idle_timeout: idle = timeout } = options
    if (!tls.verify)
      env.warn(
        "tls.verify is off: the upstream's certificate is not checked, so anyone at its address can pretend to be it",
      )
    const settings = {
      connectTimeoutMs: options.connect_timeout ?? Math.min(timeout, 10_000),
      keepAliveMs: options.keep_alive,
      ca: tls.ca_file === undefined ? undefined : authorities(env.readFile(tls.ca_file).toString(), tls.ca_file),
      verify: tls.verify,
      dns: { min: dns.min_ttl, max: dns.max_ttl, default: dns.default_ttl, servers: dns.servers },
    }
    const { timers } = env
    const { upgrade } = options
    const tunnel = upgrade?.idle_timeout ?? Infinity
    const limits = { connect: settings.connectTimeoutMs, firstByte, idle, tunnel }
    this.#maxUpgrades = upgrade?.max_connections ?? 0
    if (upgrade !== undefined && env.endpoint !== undefined) this.#upgrades = upgradeCounts(env).of(env.endpoint.id)
    this.#preserveHost = options.preserve_host
    this.#total = options.total_timeout
    this.#firstByte = firstByte
    this.#propagate = options.propagate_deadline
    this.#clock = env.clock
    this.#pseudonym = pseudonym(env)
    const known = env.endpoint && env.service(EndpointRegistryKey).of(env.endpoint)
    this.#contexts = new Map(
      env.endpoint?.targets.map((target) => {
        const own = { ...settings, origin: target.origin, serverName: serverName(target, tls.server_name) }
        const pool = sharedPool(own, env)
        const state = known!.target(target, env.clock.wall())
        this.#withdrawals.push(state.offerHealthCheck(sendHealthChecksThrough(sharedHealthCheckPool(own, env))))
        const mapping = new ResponseMapping(target, env.endpoint!.targets, mappingRules(options))
        const silence = new SilenceWatch(timers, shortestLimit(limits))
        return [target, { pool, state, limits, timers, silence, mapping }]
      }),
    )
    const candidates = [...this.#contexts].map(([target, { state }]) => new Candidate(target, state))
    this.#choice = new TargetChoice(candidates, BALANCERS[options.balancer](Math.random), options.when_unhealthy)
    const open = candidates.filter(({ target }) => target.weight > 0).length
    this.#explained = open > 1 ? [`one of ${open} targets, which the balancer ${options.balancer} picks`] : []
  }

  explain(): Iterable<string> {
    return this.#explained
  }

  pick(x: Exchange, before: readonly Attempt[]): Target | LocalReply {
    const { method, headers } = x.request
    // RFC 9110 §7.6.2: with 0 this gateway is the final recipient.
    if (method === 'OPTIONS' && headers.get('max-forwards') === '0') return reply(204, 'options')
    return loopReply(x, this.#pseudonym) ?? this.#choice.pick(x, before)
  }

  admit({ request }: Exchange): LocalReply | undefined {
    if (request.upgrade === undefined || this.#upgrades?.enter(this.#maxUpgrades) !== false) return undefined
    return reply(503, 'upgrade_limit', {
      detail: 'The endpoint has reached its limit of upgraded connections.',
      headers: { 'retry-after': '10', 'proxy-status': 'weir; error=connection_limit_reached' },
    })
  }

  settled({ request }: Exchange, { target }: Attempt, { result }: Outcome): void {
    const { state } = this.#contexts.get(target!)!
    state.outstanding--
    state.attempts++
    if (result === 'failure') state.failures++
    if (request.upgrade !== undefined) this.#upgrades?.leave()
  }

  dispose(): void {
    for (const withdraw of this.#withdrawals) withdraw()
    this.#upgrades?.release()
  }

  call(x: Exchange, attempt: Attempt, call: UpstreamCall): Awaitable<Response | LocalReply> {
    const upgrade = this.#upgrades === undefined ? undefined : call.upgrade
    const target = attempt.target!
    const context = this.#contexts.get(target)!
    context.state.outstanding++
    const left = timeLeft(call, x, this.#total, this.#clock)
    if (left.head <= 0) return reply(504, 'deadline_exceeded', TOO_LATE)
    const { body, method, query } = x.request
    const path = target.basePath + x.route!.path + query
    const fields = requestFields(x, this.#preserveHost, this.#pseudonym)
    const upload = body.empty ? undefined : new Upload(body)
    const options = {
      path: path.startsWith('/') ? path : `/${path}`,
      method,
      headers:
        this.#propagate === undefined
          ? fields
          : withTimeout(fields, this.#propagate, Math.min(left.head, this.#firstByte)),
      body: upload?.readable ?? null,
      // Else undici closes the connection after HEAD.
      reset: false,
    }
    // An upgrade takes over its connection.
    if (upgrade !== undefined) Object.assign(options, { upgrade, reset: undefined })
    const request = new UpstreamRequest(context, x, options, upload, left)
    attempt.onCancel(() => request.abandon())
    return request.send()
  }
}

/** Not an upstream error: nothing was sent. */
const TOO_LATE: ReplyOptions = {
  detail: 'The time limit of the request had passed before the upstream was called.',
  headers: { 'proxy-status': 'weir; error=http_response_timeout' },
}

const upgradeCounts = (env: FilterEnv): UpgradeCounts =>
  env.share('upgrades', {
    scope: 'factory',
    version: 1,
    make: () => new UpgradeCounts(env.meter),
    close: (counts) => counts.close(),
  })
