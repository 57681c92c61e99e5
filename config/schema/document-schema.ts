import * as z from 'zod'
import { accessLogShape } from './access-log-shape.ts'
import { parseRange } from './address.ts'
import { DEFAULT_CHAIN, filterEntry, groups } from './chain-shape.ts'
import { endpointShape, URL_OR_TARGETS } from './endpoint-shape.ts'
import { healthCheckShape } from './health-check-shape.ts'
import {
  adminShape,
  clientHeadersShape,
  downstreamShape,
  echoShape,
  explainShape,
  overloadShape,
  recentShape,
  shutdownShape,
  tracingShape,
} from './section-shapes.ts'
import { statistics } from './statistics-shape.ts'
import { tokens } from './tokens-shape.ts'
import { listen, logLevel, off, options, section, text, textOrTexts, type Values, written } from './value-kinds.ts'
import { workers } from './workers-shape.ts'

export const documentShape = {
  listen: listen()
    .prefault(8000)
    .describe('The address of the proxy listener, where clients connect. A port alone means every address.'),
  admin: z
    .union([off(), section(adminShape)], { error: 'expected a mapping or off' })
    .prefault({})
    .describe('The listener for health, metrics and the dashboard; `off` for none.'),
  log_level: logLevel()
    .prefault('info')
    .describe('Least severe level that is logged, in upper or lower case; `warning` and `critical` are accepted too.'),
  log_format: z
    .enum(['auto', 'json', 'pretty'])
    .default('auto')
    .describe('`pretty` is for people, `json` for programs, `auto` is `pretty` on a terminal and `json` elsewhere.'),
  log_time: z
    .enum(['epoch', 'iso'])
    .default('epoch')
    .describe(
      'Time of JSON lines: milliseconds since 1970, or `2026-01-31T12:00:00.000Z`. With `iso`, `pretty` has the date.',
    ),
  log_level_names: z
    .boolean()
    .default(false)
    .describe('Whether `level` of JSON lines is a name, `"info"`, not a number, 30.'),
  access_log: z
    .union([z.boolean(), section(accessLogShape)], { error: 'expected true, false or a mapping' })
    .default(true)
    .describe('Whether each request is logged, or which are, and how. Needs `log_level` info or below.'),
  debug: z
    .boolean()
    .default(false)
    .describe(
      '`true` names the nearest endpoints in a 404. Not for production: it tells strangers which endpoints exist.',
    ),
  trusted_proxies: z
    .array(written('address or range', /^[0-9A-Fa-f:.]+(?:\/\d{1,3})?$/, parseRange))
    .nullable()
    .prefault([])
    .describe('Addresses and ranges (`10.0.0.0/8`) whose X-Forwarded-* and Forwarded fields are believed.'),
  trust_forwarded_host: z
    .boolean()
    .default(false)
    .describe('`true` routes by the host that `trusted_proxies` forward, instead of by `Host`.'),
  client_headers: section(clientHeadersShape)
    .nullable()
    .prefault({})
    .describe('What is removed from the header fields of requests before the first filter.'),
  downstream: section(downstreamShape)
    .nullable()
    .prefault({})
    .describe('Timeouts and limits for clients, of every listener.'),
  overload: section(overloadShape)
    .nullable()
    .prefault({})
    .describe('Limits of the process, beyond which requests get 503; never those of the admin listener.'),
  workers: workers()
    .nullable()
    .prefault(1)
    .describe('Number of processes that carry traffic, or how they run. `WEIR_WORKERS` wins over the number.'),
  shutdown: section(shutdownShape).nullable().prefault({}).describe('How the process stops.'),
  plugins: z
    .array(text())
    .nullable()
    .prefault([])
    .describe('Plugins: npm packages, or files relative to this one, that add filters.'),
  include: z
    .union([text(), z.array(text())], { error: 'expected a text or a list of texts' })
    .nullable()
    .optional()
    .describe('More files of this configuration, by path or glob pattern. Default: none.'),
  filters: z
    .array(filterEntry())
    .prefault([...DEFAULT_CHAIN])
    .describe('The chain of the proxy listener: the filters that every request passes, in order.'),
  groups: groups()
    .nullable()
    .optional()
    .describe(
      'Named sets of what endpoints may say of filters, `{ public: { auth: off } }`; an endpoint names them in `use`. Default: none.',
    ),
  tracing: section(tracingShape)
    .nullable()
    .prefault({})
    .describe("OpenTelemetry: defaults for what the OTEL_* variables don't set."),
  recent: z
    .union([off(), section(recentShape)], { error: 'expected a mapping or off' })
    .prefault({})
    .describe('The last exchanges, which each process keeps for the admin side; `off` keeps none.'),
  explain: z
    .union([off(), section(explainShape)], { error: 'expected a mapping or off' })
    .prefault('off')
    .describe('Who may have an exchange explained by the running gateway, or `off`.'),
  statistics: statistics()
    .nullable()
    .prefault({})
    .describe('Figures of the last hours, by endpoint and target, for the admin API; `off` for none.'),
  tokens: tokens().prefault('off').describe('Tokens that the gateway issues itself, for its own endpoints, or `off`.'),
  echo: z
    .union([off(), section(echoShape)], { error: 'expected a mapping or off' })
    .prefault('off')
    .describe('A small upstream for trials, or `off`.'),
  endpoints: z
    .array(section(endpointShape).meta({ title: 'endpoint', ...URL_OR_TARGETS }))
    .nullable()
    .prefault([])
    .describe('The upstream APIs. Without endpoints, every request gets 404.'),
  circuit_breaker: options()
    .nullable()
    .optional()
    .describe('Options of the breaker in the chain. Default: its own defaults.'),
  health_check: section(healthCheckShape)
    .nullable()
    .optional()
    .describe('Active health checks of every target; an endpoint may set other values. Default: none.'),
  metrics_enabled: z.boolean().default(true).describe('`false` leaves the filter metrics out of the chain.'),
  auth_algorithm: text().optional().describe('The only signature algorithm that is accepted. Default: that of auth.'),
  auth_issuer: textOrTexts().optional().describe('The value that `iss` of a token must have. Default: any.'),
  auth_audience: textOrTexts().optional().describe('A value that `aud` of a token must contain. Default: any.'),
}

/** Top-level keys that are ignored: a place for anchors. */
export const IGNORED = '^x-'

/** The whole document, for JSON Schema. Loading reads key by key (read-shape.ts), so that one problem hides no other. */
export const documentSchema = z.strictObject(documentShape)

export type DocumentValues = Values<typeof documentShape>
