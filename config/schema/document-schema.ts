import * as z from 'zod'
import { duration, size } from '../../core/base/units.ts'
import { DEFAULT_LIMITS } from '../../core/http/downstream-limits.ts'
import { healthCheckShape, ownHealthCheckShape } from '../read/health-check.ts'
import { parseHostPattern, parsePathPattern, parseRange } from './address.ts'
import {
  absolutePath,
  authType,
  FILTER_NAME,
  filterName,
  httpUrl,
  label,
  listen,
  listOrOne,
  logLevel,
  off,
  oneOrMore,
  options,
  positiveDuration,
  section,
  sizeBetween,
  text,
  textOrTexts,
  upgradeProtocol,
  url,
  written,
} from './value-kinds.ts'

export { FILTER_NAME, LOG_LEVELS, type LogLevel, off } from './value-kinds.ts'

export const DEFAULT_CHAIN = [
  'request-id',
  'auth',
  'route-match',
  'method-check',
  'breaker',
  'proxy',
  'metrics',
] as const

export const filterEntryShape = {
  filter: filterName().describe('The filter, by the name that it or its plugin gives it.'),
  name: text()
    .optional()
    .meta({ pattern: FILTER_NAME.source })
    .describe('What it is called in the chain, in traces and metrics; unique there. Default: the name of the filter.'),
  options: options().nullable().optional().describe('Its options. Default: none, each has its own default.'),
}

/** Titled, because JSON Schema works the options of known filters in (json-schema.ts). */
const filterEntry = () =>
  z
    .union([
      filterName(),
      section(filterEntryShape),
      z.record(
        z.string().regex(FILTER_NAME),
        z.union([options(), z.literal(['off', 'on', false, true, null]).meta({ title: 'on or off' })]),
      ),
    ])
    .meta({ title: 'filter' })

const refinements = () =>
  z
    .record(z.string(), z.union([options(), off(), z.null()], { error: 'expected options (a mapping) or off' }))
    .meta({ title: 'options by filter' })

export const adminShape = {
  listen: listen().prefault('127.0.0.1:8001').describe('Where the admin listener is. A port alone is on 127.0.0.1.'),
  filters: z.array(filterEntry()).prefault(['admin']).describe('The chain of the admin listener, in order.'),
}

const echoShape = {
  listen: listen().prefault('127.0.0.1:8002').describe('Where it answers. A port alone is on 127.0.0.1.'),
}

const targetShape = {
  url: url().describe('Where requests go. A path is put before theirs; no user name, query or fragment.'),
  weight: z
    .int()
    .min(0)
    .max(1000)
    .default(1)
    .describe('Share of the traffic, relative to the other targets; 0 drains it: it gets no new requests.'),
}

// Loading reports these two with sentences of its own (endpoints.ts).
const URL_OR_TARGETS = {
  anyOf: [{ required: ['url'] }, { required: ['targets'] }],
  not: { required: ['url', 'targets'] },
}

export const endpointShape = {
  name: label().describe('Name; with the version it makes the id, `v1/orders`, which is unique, and the path.'),
  version: label().optional().describe('Version, part of id and path; `1.0` keeps its text. Default: none.'),
  url: url()
    .optional()
    .describe(
      'Where requests go; this or `targets` is required. A path is put before theirs; no user name, query or fragment.',
    ),
  targets: oneOrMore(section(targetShape)).optional().describe('Several URLs, in place of `url`. Default: none.'),
  methods: oneOrMore(text())
    .optional()
    .describe(
      'Methods that are forwarded, in any case; HEAD comes with GET. Default: what the chain says, or every method.',
    ),
  auth_type: authType()
    .optional()
    .describe(
      '`bearer` demands a valid token, `none` never does; in any case. Short for `required` of auth. Default: what the chain says.',
    ),
  roles: oneOrMore(text())
    .optional()
    .describe(
      'The caller needs any one of these; demands a token if `auth_type` is absent. Default: what the chain says.',
    ),
  scopes: oneOrMore(text())
    .optional()
    .describe(
      'The caller needs every one of these; demands a token if `auth_type` is absent. Default: what the chain says.',
    ),
  disabled: z.boolean().default(false).describe('`true` is short for `status: disabled`.'),
  status: z
    .enum(['active', 'inactive', 'disabled'])
    .optional()
    .describe(
      '`inactive` and `disabled` answer 503 and take no traffic; health checks go on for `inactive`. Default: `active`.',
    ),
  timeout: z
    .union([z.number(), z.string()], { error: 'expected a duration: seconds, or a string such as 250ms, 30s, 5m' })
    .optional()
    .describe('How long each step of the upstream may take. Default: what the chain says, or `30s`.'),
  health_check_path: absolutePath()
    .optional()
    .describe(
      'What a health check asks for; short for `path` of `health_check`. Default: as that of the document says.',
    ),
  health_check: z
    .union([off(), section(ownHealthCheckShape)], { error: 'expected a mapping or off' })
    .nullable()
    .optional()
    .describe(
      'How its targets are checked, laid over `health_check` of the document, or `off`. Default: as that says, or not at all.',
    ),
  host: listOrOne(written('host', /^(?:\[.+\]|[^\s[\]:/?#@]+)$/, parseHostPattern))
    .optional()
    .describe('Hosts of the endpoint, without port; `*.example.com` is every name below it. Default: every host.'),
  path: listOrOne(written('path prefix', /^\/[\x21-\x7e]*$/, parsePathPattern))
    .optional()
    .describe('Path prefixes that reach the endpoint beside its name. Default: none.'),
  filters: refinements()
    .nullable()
    .optional()
    .describe('By name in the chain: options laid over those of the chain for this endpoint, or `off`. Default: none.'),
}

const shutdownShape = {
  grace_period: duration().prefault('0s').describe('Time between the signal to stop and the end of listening.'),
  timeout: duration().prefault('30s').describe('Time that requests in flight get to finish.'),
}

const downstreamShape = {
  headers_timeout: positiveDuration()
    .prefault('60s')
    .describe("Time for the head of a request, from the connection's beginning or the head's; then 408."),
  idle_timeout: positiveDuration()
    .prefault('65s')
    .describe('How long a connection without a request is kept; longer than that of a load balancer before Weir.'),
  body_timeout: positiveDuration()
    .prefault('60s')
    .describe("Time between two pieces of a request's body, while the upstream takes them; then 408."),
  send_timeout: positiveDuration()
    .prefault('60s')
    .describe('Time in which a client must take something of an answer; then the connection is cut.'),
  max_headers_size: sizeBetween(1024, 1024 ** 2, 'expected a size from 1KiB to 1MiB')
    .prefault('16KiB')
    .describe('Size of a request line with its header fields; beyond it 431, or 414 if it is the line.'),
  max_headers_count: z
    .int()
    .min(1)
    .max(10_000)
    .default(DEFAULT_LIMITS.maxHeadersCount)
    .describe('Number of header fields of a request; beyond it 431.'),
  max_target_size: sizeBetween(64, 1024 ** 2, 'expected a size from 64 bytes to 1MiB')
    .prefault('8KiB')
    .describe('Size of path and query as they are sent; beyond it 414.'),
  upgrade_protocols: z
    .array(upgradeProtocol())
    .default([...DEFAULT_LIMITS.upgradeProtocols])
    .describe('Protocols that clients may switch to by `Upgrade`; other offers are ignored. Default: `websocket`.'),
}

const overloadShape = {
  max_requests: z
    .int()
    .min(1)
    .optional()
    .describe('Requests in flight, WebSockets and event streams included; beyond it 503. Default: no limit.'),
  max_memory: size()
    .refine((bytes) => bytes >= 64 * 1024 ** 2, 'expected a size of 64MiB or more')
    .optional()
    .describe('Resident memory of the process; beyond it 503, until it is below nine tenths of it. Default: no limit.'),
  max_lag: positiveDuration()
    .optional()
    .describe(
      'How late the event loop may be, as the median of half a second; beyond it 503, until it is below half of it. Default: no limit.',
    ),
}

const tracingShape = {
  enabled: z
    .boolean()
    .optional()
    .describe('`true` exports traces, `false` never does. Default: as the environment says, else off.'),
  endpoint: httpUrl().optional().describe('Base URL of the OTLP/HTTP collector. Default: that of the SDK.'),
  sample_ratio: z.number().min(0).max(1).optional().describe('Share of requests that are traced. Default: all.'),
  service_name: text().optional().describe('`service.name` of the traces. Default: `weir`.'),
  redact_query_keys: z
    .array(text())
    .optional()
    .describe('Query keys whose values traces hide, beside the usual ones such as `token`. Default: none.'),
}

export const documentShape = {
  listen: listen().prefault(8000).describe('Where clients connect, the proxy listener. A port alone is every address.'),
  admin: z
    .union([off(), section(adminShape)], { error: 'expected a mapping or off' })
    .prefault({})
    .describe('The listener for health, metrics and the dashboard; `off` for none.'),
  log_level: logLevel()
    .prefault('info')
    .describe('Least severe level that is logged, in any case; `warning` and `critical` are understood.'),
  access_log: z.boolean().default(true).describe('Whether each request is logged. Needs `log_level` info or below.'),
  debug: z
    .boolean()
    .default(false)
    .describe('`true` names the nearest endpoints in a 404. Not for production: it tells strangers what exists.'),
  trusted_proxies: z
    .array(written('address or range', /^[0-9A-Fa-f:.]+(?:\/\d{1,3})?$/, parseRange))
    .nullable()
    .prefault([])
    .describe('Addresses and ranges (`10.0.0.0/8`) whose X-Forwarded-* and Forwarded fields are believed.'),
  downstream: section(downstreamShape)
    .nullable()
    .prefault({})
    .describe('How far clients are borne with: timeouts and limits of every listener.'),
  overload: section(overloadShape)
    .nullable()
    .prefault({})
    .describe('When requests are refused because the process has too much to do; never those of the admin listener.'),
  shutdown: section(shutdownShape).nullable().prefault({}).describe('How the process ends.'),
  plugins: z
    .array(text())
    .nullable()
    .prefault([])
    .describe('Packages, or files relative to this one, that bring more filters.'),
  include: z
    .union([text(), z.array(text())], { error: 'expected a text or a list of texts' })
    .nullable()
    .optional()
    .describe(
      'Further files, by path or glob pattern, whose endpoints, plugins and other keys belong to this document. Default: none.',
    ),
  filters: z
    .array(filterEntry())
    .prefault([...DEFAULT_CHAIN])
    .describe('What every request passes, in order: the chain of the proxy listener.'),
  tracing: section(tracingShape)
    .nullable()
    .prefault({})
    .describe('OpenTelemetry: defaults for what the OTEL_* variables leave open.'),
  echo: z
    .union([off(), section(echoShape)], { error: 'expected a mapping or off' })
    .prefault('off')
    .describe('A small upstream to try things with, or `off`.'),
  endpoints: z
    .array(section(endpointShape).meta({ title: 'endpoint', ...URL_OR_TARGETS }))
    .nullable()
    .prefault([])
    .describe('The upstream APIs. Without any, every request gets 404.'),
  circuit_breaker: options().nullable().optional().describe('Options of the breaker in the chain. Default: its own.'),
  health_check: section(healthCheckShape)
    .nullable()
    .optional()
    .describe('Active health checks of every target, unless its endpoint says otherwise. Default: none.'),
  metrics_enabled: z.boolean().default(true).describe('`false` leaves the filter metrics out of the chain.'),
  auth_algorithm: text().optional().describe('The only signature algorithm that is accepted. Default: what auth says.'),
  auth_issuer: textOrTexts().optional().describe('What `iss` of a token must be. Default: anything.'),
  auth_audience: textOrTexts().optional().describe('What `aud` of a token must contain. Default: anything.'),
}

/** The whole document, for JSON Schema. Loading goes key by key (explain.ts), so that one problem hides no other. */
export const documentSchema = z.strictObject(documentShape)
