import * as z from 'zod'
import { duration } from '../core/units.ts'
import { type Parsed, parseHostPattern, parseListen, parsePathPattern, parseRange, parseTarget } from './address.ts'

// Messages that start with "expected" get ", found …" behind them (explain.ts); others are whole sentences.

const parsed =
  <I, T>(parse: (value: I) => Parsed<T>) =>
  (value: I, context: z.RefinementCtx): T => {
    const result = parse(value)
    if ('value' in result) return result.value
    context.addIssue({ code: 'custom', message: result.problem })
    return z.NEVER
  }

/** An object whose unknown keys are reported together with the known ones. */
function section<S extends z.ZodRawShape>(shape: S) {
  return z.strictObject(shape, {
    error: (issue) => (issue.code === 'unrecognized_keys' ? Object.keys(shape).join(' ') : undefined),
  })
}

const text = () => z.string().min(1)
const oneOrMore = <T extends z.ZodType>(item: T) => z.array(item).min(1)
const listOrOne = <T extends z.ZodType>(item: T) =>
  z.union([item.transform((value) => [value]), oneOrMore(item)], { error: 'expected a value or a list of them' })
const textOrTexts = () => z.union([text(), oneOrMore(text())], { error: 'expected a text or a list of texts' })
const anyCase = <const T extends readonly string[]>(values: T) => z.string().toLowerCase().pipe(z.enum(values))

const listen = () =>
  z
    .union([z.int().min(0).max(65535), z.string()], { error: 'expected a port or "host:port"' })
    .transform(parsed(parseListen))
const url = () => z.string().transform(parsed(parseTarget))
const absolutePath = () => z.string().regex(/^\/[\x21-\x7e]*$/, 'expected a path that starts with /')
const httpUrl = () =>
  z
    .string()
    .refine((value) => /^https?:$/.test(URL.parse(value)?.protocol ?? ''), 'expected an http:// or https:// URL')

/** What switches a thing off: the word, or YAML's `false`. */
export const off = () => z.union([z.literal('off'), z.literal(false)])

const options = () => z.record(z.string(), z.unknown())
const namePattern = /^(?!\.\.?$)[A-Za-z0-9._~-]+$/
const NAME = 'expected letters, digits and . _ ~ - only'

export const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const
export type LogLevel = (typeof LOG_LEVELS)[number]
// Names that other loggers give the same levels.
const LEVEL_NAMES: Readonly<Record<string, string>> = { warning: 'warn', critical: 'fatal' }
const logLevel = () =>
  z
    .string()
    .transform((level) => LEVEL_NAMES[level.toLowerCase()] ?? level.toLowerCase())
    .pipe(z.enum(LOG_LEVELS))

export const filterEntryShape = {
  filter: text().describe('Name of the filter factory.'),
  name: text().optional().describe('Name of this filter in the chain; default: the name of the factory.'),
  options: options().nullable().optional().describe('Options of the filter.'),
}

const filterEntry = () =>
  z.union([
    z.string().describe('A filter with its default options.'),
    section(filterEntryShape),
    z
      .record(z.string(), z.union([options(), off(), z.null()]))
      .describe('A filter with options, or `off` to leave it out.'),
  ])

export const adminShape = {
  listen: listen().optional().describe('Address of the admin listener; a port alone listens on 127.0.0.1.'),
  filters: z.array(filterEntry()).optional().describe('Chain of the admin listener.'),
}

const echoShape = {
  listen: listen().optional().describe('Address of the echo service; a port alone listens on 127.0.0.1.'),
}

const targetShape = {
  url: url().describe('Where requests go: http or https, optionally with a path.'),
  weight: z.int().min(1).default(1).describe('Relative share of the traffic.'),
}

const healthCheckShape = {
  enabled: z.boolean().default(true).describe('Whether targets are checked.'),
  interval: duration().default(30_000).describe('Time between two checks of a target.'),
  timeout: duration().default(10_000).describe('When a check without an answer counts as failed.'),
  unhealthy_threshold: z.int().min(1).default(3).describe('Failed checks in a row that make a target unhealthy.'),
  healthy_threshold: z.int().min(1).default(2).describe('Passed checks in a row that make it healthy again.'),
}

export const endpointShape = {
  name: z.string().regex(namePattern, NAME).describe('Name of the endpoint; part of its id and of its path.'),
  version: z.string().regex(namePattern, NAME).optional().describe('Version of the endpoint; part of its id and path.'),
  url: url().optional().describe('Where requests go: http or https, optionally with a path.'),
  targets: oneOrMore(section(targetShape)).optional().describe('In place of `url`; one for now.'),
  methods: oneOrMore(text()).optional().describe('Allowed methods (option `methods` of method-check).'),
  auth_type: anyCase(['bearer', 'none']).optional().describe('`bearer` demands a token (option `required` of auth).'),
  roles: oneOrMore(text()).optional().describe('Roles of which the caller needs one (option `roles` of auth).'),
  scopes: oneOrMore(text()).optional().describe('Scopes that the caller needs (option `scopes` of auth).'),
  disabled: z.boolean().default(false).describe('Answers 503 and takes no traffic.'),
  timeout: z
    .union([z.number(), z.string()], { error: 'expected a duration: seconds, or a string such as 250ms, 30s, 5m' })
    .optional()
    .describe('How long the upstream may take (option `timeout` of proxy).'),
  health_check_path: absolutePath().optional().describe('Path that a health check asks for.'),
  host: listOrOne(z.string().transform(parsed(parseHostPattern)))
    .optional()
    .describe('Hosts that belong to the endpoint.'),
  path: listOrOne(z.string().transform(parsed(parsePathPattern)))
    .optional()
    .describe('Path prefixes that belong to the endpoint.'),
  filters: z
    .record(z.string(), z.union([options(), off(), z.null()], { error: 'expected options (a mapping) or off' }))
    .nullable()
    .optional()
    .describe('Options of filters for this endpoint, by the name of the filter in the chain; `off` leaves it out.'),
}

export const documentShape = {
  listen: listen().optional().describe('Address of the proxy listener.'),
  admin: z
    .union([off(), section(adminShape)], { error: 'expected a mapping or off' })
    .optional()
    .describe('The admin listener, or `off`.'),
  log_level: logLevel()
    .optional()
    .describe(`Least severe level that is logged: ${LOG_LEVELS.join(', ')}.`),
  access_log: z.boolean().optional().describe('Whether each request is logged.'),
  debug: z
    .boolean()
    .optional()
    .describe('Whether requests may ask for debugging details (option `debug` of route-match).'),
  trusted_proxies: z
    .array(z.string().transform(parsed(parseRange)))
    .nullable()
    .optional()
    .describe('Addresses whose X-Forwarded-For and Forwarded fields are believed.'),
  shutdown: section({
    grace_period: duration().default(0).describe('Time between the signal to stop and the end of listening.'),
    timeout: duration().default(30_000).describe('Time that requests in flight get to finish.'),
  })
    .nullable()
    .optional()
    .describe('How the process ends.'),
  plugins: z.array(text()).nullable().optional().describe('Packages or files that bring more filters.'),
  filters: z.array(filterEntry()).optional().describe('Chain of the proxy listener, in order.'),
  tracing: section({
    enabled: z.boolean().optional().describe('Whether traces are exported.'),
    endpoint: httpUrl().optional().describe('URL of the OTLP collector.'),
    sample_ratio: z.number().min(0).max(1).optional().describe('Share of requests that are traced, 0 to 1.'),
    service_name: text().optional().describe('`service.name` of the traces.'),
  })
    .nullable()
    .optional()
    .describe('Defaults for OpenTelemetry; the OTEL_* variables win.'),
  echo: z
    .union([off(), section(echoShape)], { error: 'expected a mapping or off' })
    .optional()
    .describe('A small upstream to try things with, or `off`.'),
  endpoints: z.array(section(endpointShape)).nullable().optional().describe('The upstream APIs.'),
  circuit_breaker: options().nullable().optional().describe('Options of the filter breaker.'),
  health_check: section(healthCheckShape).nullable().optional().describe('Active health checks.'),
  metrics_enabled: z.boolean().optional().describe('`false` leaves the filter metrics out.'),
  auth_algorithm: text().optional().describe('Option `algorithm` of auth.'),
  auth_issuer: textOrTexts().optional().describe('Option `issuer` of auth.'),
  auth_audience: textOrTexts().optional().describe('Option `audience` of auth.'),
}

/** The whole document, for JSON Schema. Loading goes key by key (explain.ts), so that one problem hides no other. */
export const documentSchema = z.strictObject(documentShape)
