import { Resolver } from 'node:dns'
import * as z from 'zod'
import { duration, TOKEN_PATTERN } from '../../core/index.ts'
import { BALANCER_NAMES } from './balancers/balancers-by-name.ts'
import { WHEN_UNHEALTHY } from './target-choice.ts'

const above0 = duration().refine((ms) => ms > 0, { error: 'expected a duration above zero' })

/** What switches an option off: the word, or YAML's `false`. */
const off = z.literal(['off', false])

/** An address, or one with a port, as resolvers take it. */
function isServer(text: string): boolean {
  try {
    new Resolver().setServers([text])
    return true
  } catch {
    return false
  }
}

const upgrade = z.strictObject({
  max_connections: z
    .int()
    .min(1)
    .default(10_000)
    .describe('How many there may be at once, of the endpoint; the next is answered 503.'),
  idle_timeout: z
    .union([off.transform(() => Infinity), above0], { error: 'expected off, or a duration above zero' })
    .prefault('1h')
    .describe('Silence, both ways, after which one is ended, or `off`.'),
})

/** Fields that the gateway writes itself, or that frame the message. */
const TAKEN =
  /^(?:host|via|connection|content-length|transfer-encoding|te|trailer|upgrade|expect|keep-alive|forwarded|x-forwarded-.*|authorization|cookie|traceparent|tracestate)$/i

const fieldName = z
  .string()
  .regex(TOKEN_PATTERN, 'expected the name of a header field')
  .refine((name) => !TAKEN.test(name), 'this field has a meaning of its own')

export const options = z.strictObject({
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
  balancer: z
    .enum(BALANCER_NAMES)
    .default('round_robin')
    .describe(
      'How one of several targets is chosen: in turn, the one with the fewest requests in flight, or the better of two at random. All by weight.',
    ),
  when_unhealthy: z
    .enum(WHEN_UNHEALTHY)
    .default('refuse')
    .describe('What is done when no target is healthy: answer 503, or call them all the same (`panic`).'),
  total_timeout: z
    .union([off.transform(() => Infinity), above0], { error: 'expected off, or a duration above zero' })
    .prefault('off')
    .describe(
      'Time from the head of the request to the end of its answer, all attempts included; tunnels are not cut. It ends event streams, which is why it is `off`.',
    ),
  propagate_deadline: z
    .union([off.transform(() => undefined), fieldName], { error: 'expected the name of a header field, or off' })
    .prefault('off')
    .describe(
      'Field that tells the upstream how many milliseconds its answer is waited for, such as `X-Request-Timeout-Ms`.',
    ),
  preserve_host: z.boolean().default(false).describe("`true` sends the client's Host on, instead of the target's."),
  keep_alive: duration()
    .prefault('4s')
    .describe('How long an idle upstream connection is kept, unless the upstream says otherwise.'),
  dns: z
    .strictObject({
      min_ttl: above0.prefault('5s').describe('Addresses are used for at least this long, whatever their TTL.'),
      max_ttl: above0.prefault('5m').describe('Addresses are used for at most this long, whatever their TTL.'),
      default_ttl: above0
        .prefault('30s')
        .describe('How long they are used where no TTL is known, as of names from the hosts file.'),
      servers: z
        .array(z.string().refine(isServer, { error: 'expected an IP address, or one with a port: 10.0.0.2:53' }))
        .min(1)
        .optional()
        .describe(
          'Name servers to ask, `address` or `address:port`, instead of the system: neither its hosts file nor its search domains count then. Default: the system.',
        ),
    })
    .refine(({ min_ttl, max_ttl }) => min_ttl <= max_ttl, { error: 'expected min_ttl to be at most max_ttl' })
    .prefault({})
    .describe('How the names of targets are resolved.'),
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
  upgrade: z
    .union([off.transform(() => undefined), upgrade], { error: 'expected a mapping or off' })
    .prefault({})
    .describe(
      'Connections that switch to another protocol, such as WebSocket; `off` serves the offer as an ordinary request.',
    ),
})

export type Options = z.output<typeof options>
