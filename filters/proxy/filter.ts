import type { Pool } from 'undici'
import * as z from 'zod'
import {
  type Attempt,
  defineFilter,
  type Exchange,
  type FilterEnv,
  type LocalReply,
  type Response,
  RouteSlot,
  reply,
  type Target,
  type TerminalFilter,
  type UpstreamCall,
} from '../../core/index.ts'
import { duration } from '../../core/units.ts'
import { upstreamFields } from './fields.ts'
import type { UpstreamContext } from './limits.ts'
import { makePool, type PoolSettings } from './pools.ts'
import { Upload } from './upload.ts'
import { UpstreamRequest } from './upstream-request.ts'

const options = z.strictObject({
  timeout: duration()
    .prefault('30s')
    .describe(
      'Default of the three timeouts below. There is no limit on the whole exchange: it would cut event streams.',
    ),
  connect_timeout: duration()
    .optional()
    .describe('Time until a connection is had, TLS handshake and waiting included. Default: `timeout`, at most `10s`.'),
  first_byte_timeout: duration()
    .optional()
    .describe("Time from the request's last byte to the head of the answer. Default: `timeout`."),
  idle_timeout: duration().optional().describe('Time between two chunks of a body, either way. Default: `timeout`.'),
  preserve_host: z.boolean().default(false).describe("`true` sends the client's Host on, instead of the target's."),
  keep_alive: duration()
    .prefault('4s')
    .describe('How long an idle upstream connection is kept, unless the upstream says otherwise.'),
  tls: z
    .strictObject({
      ca_file: z
        .string()
        .optional()
        .describe(
          'PEM bundle of authorities to trust instead of those of the system; starts at the folder of this file. Default: the system.',
        ),
      verify: z
        .boolean()
        .default(true)
        .describe("Whether the upstream's certificate and name are verified; `false` warns at load."),
    })
    .prefault({})
    .describe('TLS towards https targets.'),
})

type Options = z.output<typeof options>

/** The terminal filter: streams the request to the endpoint's target and the answer back. */
export const proxy = defineFilter<Options>({
  name: 'proxy',
  apiVersion: 1,
  summary: "Streams the request to the endpoint's target and the answer back.",
  options,
  offline: true,
  terminal: true,
  perEndpoint: true,
  reads: [RouteSlot],
  create: (options, env) => new ProxyFilter(options, env),
})

class ProxyFilter implements TerminalFilter {
  readonly #preserveHost: boolean
  readonly #targets: readonly Target[]
  /** By target. */
  readonly #contexts: ReadonlyMap<Target, UpstreamContext>

  constructor(options: Options, env: FilterEnv) {
    const { tls, timeout, first_byte_timeout: firstByte = timeout, idle_timeout: idle = timeout } = options
    if (!tls.verify) env.warn("tls.verify is off: whoever answers at the upstream's address is believed")
    const settings = {
      connectTimeoutMs: options.connect_timeout ?? Math.min(timeout, 10_000),
      keepAliveMs: options.keep_alive,
      ca: tls.ca_file === undefined ? undefined : env.readFile(tls.ca_file).toString(),
      verify: tls.verify,
    }
    const { timers } = env
    const limits = { connect: settings.connectTimeoutMs, firstByte, idle }
    this.#preserveHost = options.preserve_host
    this.#targets = env.endpoint?.targets ?? []
    this.#contexts = new Map(
      this.#targets.map((target) => [
        target,
        { pool: sharedPool({ ...settings, origin: target.origin }, env), limits, timers },
      ]),
    )
  }

  pick({ request: { method, headers } }: Exchange): Target | LocalReply {
    // RFC 9110 §7.6.2: at 0 it is this gateway that is asked.
    if (method === 'OPTIONS' && headers.get('max-forwards') === '0') return reply(204, 'options')
    return (
      this.#targets[0] ??
      reply(503, 'no_target', { detail: 'The endpoint has no target.', headers: { 'retry-after': '30' } })
    )
  }

  call(x: Exchange, attempt: Attempt, { upgrade }: UpstreamCall): Promise<Response> {
    const target = attempt.target!
    const { body, method, query } = x.request
    const path = target.basePath + x.route!.path + query
    const upload = body.empty ? undefined : new Upload(body)
    const request = new UpstreamRequest(
      this.#contexts.get(target)!,
      x,
      {
        path: path.startsWith('/') ? path : `/${path}`,
        method,
        headers: upstreamFields(x, this.#preserveHost),
        body: upload ?? null,
        // A handshake takes its connection with it; all else leaves it open, HEAD included, which undici would close.
        ...(upgrade === undefined ? { reset: false } : { upgrade }),
      },
      upload,
    )
    x.onAbort(() => request.cancel())
    return request.send()
  }
}

/** Connections to one origin, shared by every endpoint and outliving reloads, until no endpoint uses them. */
function sharedPool(settings: PoolSettings, env: FilterEnv): Pool {
  return env.share(`pool ${JSON.stringify(settings)}`, {
    scope: 'factory',
    version: 1,
    make: () => makePool(settings),
    // Requests in flight finish first.
    close: (pool) => void pool.close(),
  })
}
