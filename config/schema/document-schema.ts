import * as z from 'zod'
import { parseRange } from './address.ts'
import { DEFAULT_CHAIN, filterEntry } from './chain-shape.ts'
import { endpointShape, URL_OR_TARGETS } from './endpoint-shape.ts'
import { healthCheckShape } from './health-check-shape.ts'
import { adminShape, downstreamShape, echoShape, overloadShape, shutdownShape, tracingShape } from './section-shapes.ts'
import { listen, logLevel, off, options, section, text, textOrTexts, type Values, written } from './value-kinds.ts'

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

export type DocumentValues = Values<typeof documentShape>
