import * as z from 'zod'
import { duration, type StatisticsFigures, type StatisticsHistory } from '../../../core/index.ts'
import { type AnyOperation, operation } from './api-operation.ts'
import { count, time } from './api-schemas.ts'
import { json, noEndpoint, problem } from './contents.ts'
import { page, pageKeys, pageOf } from './pagination.ts'

const tag = 'stats'
const role = 'viewer'

const keys = {
  requests: count().describe('Requests that ended, or attempts of a target.'),
  client_errors: count().describe('Those with a status from 400 to 499.'),
  server_errors: count().describe('Those with a status from 500 on, and attempts that got no response.'),
  aborted: count().describe('Those that the client left.'),
  local_replies: count().describe('Those to which a filter or the engine replied.'),
  retries: count(),
  breaker_opens: count(),
  bytes_received: count(),
  bytes_sent: count(),
  latency_ms: z
    .strictObject({ mean: z.number(), p50: z.number(), p95: z.number(), p99: z.number() })
    .nullable()
    .describe('Null where nothing ended.'),
}

const figures: z.ZodType<StatisticsFigures> = z.strictObject(keys).meta({ id: 'Figures' })
const endpointFigures = z.strictObject({ endpoint: z.string(), ...keys }).meta({ id: 'EndpointFigures' })
const history: z.ZodType<StatisticsHistory> = z
  .strictObject({
    step: z.number().min(0).describe('Seconds.'),
    points: z.array(z.strictObject({ at: time(), ...keys })),
  })
  .meta({ id: 'History' })

const system = z
  .strictObject({
    version: z.string().describe('Of Weir.'),
    node: z.string(),
    uptime_seconds: z.number().min(0),
    memory: z
      .strictObject({ resident_bytes: count(), heap_used_bytes: count() })
      .describe('Of the process that serves this.'),
    seconds: z.number(),
    figures,
  })
  .meta({ id: 'SystemStats' })

const seconds = z.coerce.number().int().min(1).max(86_400).default(60).describe('What happened in the last seconds.')
const target = z.string().max(2048).optional().describe('URL of a target of that endpoint: then attempts are counted.')

const moment = z
  .string()
  .regex(
    /^(?:\d{1,15}|\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d))$/,
    'expected RFC 3339, or milliseconds since the Unix epoch',
  )
  .transform((text) => (/^\d{1,15}$/.test(text) ? Number(text) : Date.parse(text)))
  .refine((ms) => !Number.isNaN(ms), 'there is no such time')
  .optional()

const range = z
  .strictObject({
    endpoint: z.string().max(200).optional().describe('Id of an endpoint. Default: the whole gateway.'),
    target,
    range: duration().optional().describe('How far back it goes, such as `1h`; in place of `from` and `to`.'),
    from: moment.describe('Default: the oldest that is kept.'),
    to: moment.describe('Default: now.'),
    step: duration()
      .optional()
      .describe('Rounded up to a step that is kept. Default: the finest that covers the range.'),
  })
  .refine(({ range: back, from, to }) => back === undefined || (from === undefined && to === undefined), {
    path: ['range'],
    message: 'it takes the place of from and to',
  })
  .refine(({ target: of, endpoint }) => of === undefined || endpoint !== undefined, {
    path: ['target'],
    message: 'it needs the endpoint',
  })

const uses: AnyOperation['uses'] = ({ statistics }) => statistics

/** For a scope of which there is nothing. */
const nothing = (id: string | undefined) =>
  id === undefined ? problem(501, 'not_available', 'Statistics are off.') : noEndpoint(id)

export const STATISTICS: readonly AnyOperation[] = [
  operation({
    id: 'getSystemStats',
    method: 'GET',
    path: '/stats/system',
    tag,
    role,
    uses,
    summary: 'Figures of the whole gateway, and of the process',
    query: z.strictObject({ seconds }),
    responses: { 200: { about: 'The figures.', schema: system } },
    handle: async ({ parts, query }) => {
      const all = await parts.statistics!.summary({}, query.seconds)
      if (all === undefined) return nothing(undefined)
      const { rss, heapUsed } = process.memoryUsage()
      return json(200, {
        version: parts.status.version,
        node: process.version,
        uptime_seconds: Math.round(process.uptime()),
        memory: { resident_bytes: rss, heap_used_bytes: heapUsed },
        seconds: query.seconds,
        figures: all,
      })
    },
  }),
  operation({
    id: 'listEndpointStats',
    method: 'GET',
    path: '/stats/endpoints',
    tag,
    role,
    uses,
    summary: 'Figures of each endpoint',
    query: z.strictObject({ seconds, ...pageKeys }),
    responses: { 200: { about: 'A page.', schema: pageOf(endpointFigures, 'EndpointFigures') } },
    handle: async ({ parts, query, x }) => {
      const all = Object.entries(await parts.statistics!.summaries(query.seconds))
      const items = all.map(([endpoint, of]) => ({ endpoint, ...of }))
      return page(items, ({ endpoint }) => endpoint, query, x.request.query)
    },
  }),
  operation({
    id: 'getEndpointStats',
    method: 'GET',
    path: '/stats/endpoints/{id}',
    tag,
    role,
    uses,
    summary: 'Figures of one endpoint, or of one of its targets',
    query: z.strictObject({ seconds, target }),
    responses: { 200: { about: 'The figures.', schema: figures } },
    handle: async ({ parts, id, query }) => {
      const of = await parts.statistics!.summary({ endpoint: id, target: query.target }, query.seconds)
      return of === undefined ? nothing(id) : json(200, of)
    },
  }),
  operation({
    id: 'getStatsHistory',
    method: 'GET',
    path: '/stats/history',
    tag,
    role,
    uses,
    summary: 'Figures over time',
    query: range,
    responses: { 200: { about: 'The figures, step by step.', schema: history } },
    handle: async ({ parts, query }) => {
      const from = query.range === undefined ? query.from : Date.now() - query.range
      const step = query.step === undefined ? undefined : query.step / 1000
      const scope = { endpoint: query.endpoint, target: query.target }
      const points = await parts.statistics!.history(scope, { from, to: query.to, step })
      return points === undefined ? nothing(query.endpoint) : json(200, points)
    },
  }),
]
