import * as z from 'zod'
import { duration, size } from '../../core/base/units.ts'
import { whyNotKept, whyNotRemoved } from '../../core/http/client-headers.ts'
import { DEFAULT_LIMITS } from '../../core/http/downstream-limits.ts'
import { filterEntry } from './chain-shape.ts'
import {
  fieldName,
  host,
  httpUrl,
  listen,
  positiveDuration,
  section,
  sizeBetween,
  text,
  upgradeProtocol,
} from './value-kinds.ts'

// The sections of the document that are mappings, except for health_check.

export const adminShape = {
  listen: listen()
    .prefault('127.0.0.1:8001')
    .describe('Address of the admin listener. A port alone means that port of 127.0.0.1.'),
  probes_listen: listen()
    .optional()
    .describe(
      'Address that serves `/livez` and `/readyz` alone, without a token, for orchestrators and load balancers. A port alone means every address. Default: none.',
    ),
  allowed_hosts: z
    .array(host())
    .optional()
    .describe(
      'Host names that browsers may use for the admin listener, besides `localhost`, IP addresses and that of `listen`; `*.example.com` means every name below it. Others get 421. Default: none.',
    ),
  changes: z
    .enum(['file', 'memory', 'off'])
    .default('file')
    .describe(
      'What becomes of changes of endpoints at run time: `file` writes them into the document, `memory` keeps them until the process ends, `off` refuses them.',
    ),
  filters: z.array(filterEntry()).prefault(['admin']).describe('The chain of the admin listener, in order.'),
}

export const echoShape = {
  listen: listen()
    .prefault('127.0.0.1:8002')
    .describe('Address that it listens on. A port alone means that port of 127.0.0.1.'),
}

export const shutdownShape = {
  grace_period: duration().prefault('0s').describe('Time between the signal to stop and the closing of the listeners.'),
  timeout: duration().prefault('30s').describe('Time in which requests in flight may finish.'),
}

export const downstreamShape = {
  headers_timeout: positiveDuration()
    .prefault('60s')
    .describe('Time for the head of a request, from the start of the connection or of the head; then 408.'),
  idle_timeout: positiveDuration()
    .prefault('65s')
    .describe(
      'How long a connection without a request stays open; should be longer than that of a load balancer in front of Weir. Blank lines do not extend it.',
    ),
  body_timeout: positiveDuration()
    .prefault('60s')
    .describe('Time between two parts of a request body, while the upstream accepts them; then 408.'),
  send_timeout: positiveDuration()
    .prefault('60s')
    .describe('Time in which a client must accept some of a response; then the connection is reset.'),
  min_rate: size()
    .refine((bytes) => bytes > 0, 'expected a size above zero')
    .optional()
    .describe(
      'Bytes per second that a client must send of a body, and accept of a response, while Weir waits for it; it may fall behind by 10 s in all. Then 408, or the connection is reset. Default: no limit.',
    ),
  max_connections: z
    .int()
    .min(1)
    .optional()
    .describe(
      'Number of connections of clients at once; more are closed at once. Default: half of the file descriptors that the process may open, without 32 for itself.',
    ),
  max_connections_per_address: z
    .int()
    .min(1)
    .optional()
    .describe(
      'Number of connections of one address at once, proxies included; more are closed at once. An IPv6 network of 64 bits counts as one address. Default: no limit.',
    ),
  max_headers_size: sizeBetween(1024, 1024 ** 2, 'expected a size from 1KiB to 1MiB')
    .prefault('16KiB')
    .describe('Size of the request line and the header fields; beyond it 431, or 414 if the line alone is longer.'),
  max_headers_count: z
    .int()
    .min(1)
    .max(10_000)
    .default(DEFAULT_LIMITS.maxHeadersCount)
    .describe('Number of header fields of a request; beyond it 431.'),
  max_target_size: sizeBetween(64, 1024 ** 2, 'expected a size from 64 bytes to 1MiB')
    .prefault('8KiB')
    .describe('Size of path and query as the client sends them; beyond it 414.'),
  upgrade_protocols: z
    .array(upgradeProtocol())
    .default([...DEFAULT_LIMITS.upgradeProtocols])
    .describe(
      'Protocols that clients may switch to with `Upgrade`; others, alone or in a list, are ignored. Default: `websocket`.',
    ),
}

export const clientHeadersShape = {
  underscores: z
    .enum(['drop', 'allow', 'refuse'])
    .default('drop')
    .describe(
      'Names with underscores, which CGI and WSGI read as others: removed, passed if no other field reads the same, or refused with 400.',
    ),
  keep: z
    .array(fieldName(whyNotKept))
    .default([])
    .describe('Fields that pass although the client is no trusted proxy, such as `X-Forwarded-Prefix`. Default: none.'),
  remove: z
    .array(fieldName(whyNotRemoved))
    .default([])
    .describe(
      'More fields that are removed from every request, trusted or not. `X-Internal-*` means all that begin so. Default: none.',
    ),
}

export const overloadShape = {
  max_requests: z
    .int()
    .min(1)
    .optional()
    .describe(
      'Number of requests in flight, including WebSockets and event streams; beyond it 503. Default: no limit.',
    ),
  max_memory: size()
    .refine((bytes) => bytes >= 64 * 1024 ** 2, 'expected a size of 64MiB or more')
    .optional()
    .describe('Resident memory of the process; beyond it 503, until it is below 90 % of the limit. Default: no limit.'),
  max_lag: positiveDuration()
    .optional()
    .describe(
      'Delay of the event loop, as the median of half a second; beyond it 503, until it is below half of the limit. Default: no limit.',
    ),
}

const ratio = () => z.number().min(0).max(1)

const keepShape = {
  errors: z
    .boolean()
    .default(true)
    .describe('Whether those with a status from 500 on are kept, and those that the gateway or an upstream broke off.'),
  slower_than: positiveDuration()
    .optional()
    .describe('Time from which on an exchange is kept. Default: none is kept because of its time.'),
}

export const tracingShape = {
  enabled: z
    .boolean()
    .optional()
    .describe('`true` exports traces, `false` never does. Default: that of the environment, or off.'),
  endpoint: httpUrl().optional().describe('Base URL of the OTLP/HTTP collector. Default: that of the SDK.'),
  sample_ratio: ratio().optional().describe('Share of requests that are traced. Default: all.'),
  endpoint_ratios: z
    .record(text(), ratio())
    .optional()
    .describe(
      'Share of requests that are traced by id of the endpoint, `{ v1/orders: 0.1 }`. Default: `sample_ratio`.',
    ),
  trust: z
    .enum(['always', 'trusted_proxies', 'never'])
    .default('always')
    .describe('Whose `traceparent` is continued. For others a new trace begins, with a link to theirs.'),
  keep: section(keepShape)
    .optional()
    .describe('What is traced although the ratio said no, decided when the exchange is over. Default: nothing.'),
  service_name: text().optional().describe('`service.name` of the traces. Default: `weir`.'),
  redact_query_keys: z
    .array(text())
    .optional()
    .describe('Query keys whose values are hidden in traces, besides the usual ones such as `token`. Default: none.'),
}

const kept = () => z.int().min(0).max(10_000)

export const recentShape = {
  keep: kept().default(200).describe('Number of exchanges that are neither errors nor slow.'),
  errors: kept()
    .default(200)
    .describe('Number of those with a status from 500 on, or that the gateway or an upstream broke off.'),
  slow: kept().default(100).describe('Number of slow ones.'),
  slower_than: positiveDuration().prefault('1s').describe('Time from which on an exchange is slow.'),
}

export const explainShape = {
  header: fieldName(whyNotRemoved)
    .prefault('X-Weir-Explain')
    .describe('Field of a request that asks for an explanation. It never goes upstream.'),
  secret: z
    .string()
    .regex(/^[\x21-\x7e]{16,}$/, 'expected at least 16 characters, without spaces')
    .optional()
    .describe('The value of the field that is accepted; keep it in a file. Default: none.'),
  roles: z
    .array(text())
    .min(1)
    .optional()
    .describe('Roles of which a caller needs one to ask with any value, once `auth` knows the caller. Default: none.'),
}
