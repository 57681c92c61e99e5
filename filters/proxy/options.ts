import { Resolver } from 'node:dns'
import * as z from 'zod'
import { duration, TOKEN_PATTERN } from '../../core/index.ts'
import { BALANCER_NAMES } from './balancers/balancers-by-name.ts'
import type { MappingRules } from './response-mapping.ts'
import { WHEN_UNHEALTHY } from './target-choice.ts'

const above0 = duration().refine((ms) => ms > 0, { error: 'expected a duration above zero' })

/** Values that switch an option off: `off`, or YAML's `false`. */
const off = z.literal(['off', false])

/** Whether the text is an address, with or without port, as resolvers accept it. */
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
    .describe('Largest number of upgraded connections of the endpoint. Further upgrades get 503.'),
  idle_timeout: z
    .union([off.transform(() => Infinity), above0], { error: 'expected off, or a duration above zero' })
    .prefault('1h')
    .describe('Time without traffic, either way, after which an upgraded connection is closed, or `off`.'),
})

/** Fields with another meaning: the gateway writes them itself, or they frame or authenticate the message. */
const TAKEN =
  /^(?:host|via|connection|content-length|transfer-encoding|te|trailer|upgrade|expect|keep-alive|forwarded|x-forwarded-.*|authorization|cookie|traceparent|tracestate)$/i

/** A name, not an address: SNI holds no addresses (RFC 6066 §3). */
const SERVER_NAME =
  /^(?!.*\.\d+\.?$)(?!\d+\.?$)[a-z\d_](?:[a-z\d_-]*[a-z\d_])?(?:\.[a-z\d_](?:[a-z\d_-]*[a-z\d_])?)*\.?$/i

const fieldName = z
  .string()
  .regex(TOKEN_PATTERN, 'expected the name of a header field')
  .refine((name) => !TAKEN.test(name), 'this field has another meaning')

/** A path that can stand in `Set-Cookie` (RFC 6265 §4.1.1). */
const path = z.string().regex(/^\/[\x21-\x3a\x3c-\x7e]*$/, 'expected a path without ";" and spaces, such as /shop')

const domain = z.string().regex(/^[a-z\d.-]+$/i, 'expected a domain, such as example.com')

export const options = z.strictObject({
  timeout: duration()
    .prefault('30s')
    .describe(
      'Default of the three timeouts below. It does not limit the whole exchange, because that would cut event streams.',
    ),
  connect_timeout: duration()
    .optional()
    .describe(
      'Time until there is a connection, with the TLS handshake and the wait for a free one. Default: `timeout`, at most `10s`.',
    ),
  first_byte_timeout: duration()
    .optional()
    .describe('Time from the last byte of the request to the head of the response. Default: `timeout`.'),
  idle_timeout: duration().optional().describe('Time between two chunks of a body, either way. Default: `timeout`.'),
  balancer: z
    .enum(BALANCER_NAMES)
    .default('round_robin')
    .describe(
      'How one of several targets is picked: in turn, the one with the fewest requests in flight, or the better of two random ones. All respect weights.',
    ),
  when_unhealthy: z
    .enum(WHEN_UNHEALTHY)
    .default('refuse')
    .describe('What happens if no target is healthy: requests get 503, or targets are called all the same (`panic`).'),
  total_timeout: z
    .union([off.transform(() => Infinity), above0], { error: 'expected off, or a duration above zero' })
    .prefault('off')
    .describe(
      'Time from the head of the request to the end of the response, with all attempts. It ends event streams, but no tunnels.',
    ),
  propagate_deadline: z
    .union([off.transform(() => undefined), fieldName], { error: 'expected the name of a header field, or off' })
    .prefault('off')
    .describe(
      'Field that tells the upstream how many milliseconds the gateway waits for the response, such as `X-Request-Timeout-Ms`.',
    ),
  preserve_host: z
    .boolean()
    .default(false)
    .describe("`true` sends the client's `Host` to the upstream, instead of the target's."),
  rewrite_location: z
    .boolean()
    .default(true)
    .describe(
      'Whether `Location` and `Content-Location` that lead to a target, or are paths below its base path, are changed to the address that the client knows.',
    ),
  cookie_path: z
    .union([off.transform(() => undefined), z.literal('auto'), z.record(path, path)], {
      error: 'expected auto, off, or a mapping of paths such as { /cart: /shop/cart }',
    })
    .prefault('auto')
    .describe(
      'What becomes of `Path` in `Set-Cookie`: `auto` maps it as `rewrite_location` maps paths, a mapping replaces the paths that it names, by whole segments.',
    ),
  cookie_domain: z
    .record(domain, z.union([z.literal(''), domain]))
    .default({})
    .describe('Domains of `Set-Cookie` that are replaced, or removed where the new one is empty.'),
  keep_alive: duration()
    .prefault('4s')
    .describe('How long an idle upstream connection is kept, unless the upstream says otherwise.'),
  dns: z
    .strictObject({
      min_ttl: above0.prefault('5s').describe('Shortest time for which addresses are used, whatever their TTL.'),
      max_ttl: above0.prefault('5m').describe('Longest time for which addresses are used, whatever their TTL.'),
      default_ttl: above0
        .prefault('30s')
        .describe('How long addresses without a known TTL are used, as those of the hosts file.'),
      servers: z
        .array(z.string().refine(isServer, { error: 'expected an IP address, or one with a port: 10.0.0.2:53' }))
        .min(1)
        .optional()
        .describe(
          'Name servers that resolve, `address` or `address:port`. The hosts file and the search domains of the system do not count then. Default: the system resolves.',
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
          'PEM bundle of authorities that are trusted instead of those of the system. A relative path starts at the folder of the configuration. Default: those of the system.',
        ),
      server_name: z
        .string()
        .regex(SERVER_NAME, 'expected a host name, such as orders.internal')
        .optional()
        .describe(
          "Name that is sent (SNI) and verified. Default: the host of the target's URL, never what a client sends in `Host`.",
        ),
      verify: z
        .boolean()
        .default(true)
        .describe("Whether the upstream's certificate and name are verified. `false` gives a warning at load."),
    })
    .prefault({})
    .describe('TLS to https targets.'),
  upgrade: z
    .union([off.transform(() => undefined), upgrade], { error: 'expected a mapping or off' })
    .prefault({})
    .describe(
      'Connections that switch to another protocol, such as WebSocket. `off` treats an upgrade as an ordinary request.',
    ),
})

export type Options = z.output<typeof options>

export const mappingRules = ({ rewrite_location, cookie_path, cookie_domain }: Options): MappingRules => ({
  location: rewrite_location,
  cookiePath: cookie_path,
  cookieDomain: Object.fromEntries(
    Object.entries(cookie_domain).map(([from, to]) => [from.toLowerCase().replace(/^\./, ''), to]),
  ),
})
