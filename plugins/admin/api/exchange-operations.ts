import * as z from 'zod'
import { duration, type ExplainedExchange } from '../../../core/index.ts'
import { type AnyOperation, operation } from './api-operation.ts'
import { count, time } from './api-schemas.ts'
import { json, problem } from './contents.ts'
import { page, pageKeys, pageOf } from './pagination.ts'

const tag = 'exchanges'
const role = 'viewer'
const text = z.string()
const ms = z.number()

const keys = {
  request_id: text.nullable(),
  trace_id: text.nullable(),
  at: time(),
  listener: text.nullable(),
  client: text,
  method: text,
  host: text,
  path: text,
  endpoint: text.nullable(),
  target: text.nullable(),
  attempts: count(),
  status: z.int().describe('0: the client left before a response began.'),
  outcome: z.enum(['completed', 'aborted']),
  filter: text.nullable().describe('The filter that replied in place of the upstream.'),
  reason: text.nullable(),
  error: text.nullable(),
  duration_ms: ms,
  worker: z.int().nullable(),
  explained: z.boolean().describe('Whether `/explain/{request_id}` tells more.'),
}

const recent = z.strictObject(keys).meta({ id: 'RecentExchange' })
const names = z.array(text)

const explained: z.ZodType<ExplainedExchange> = z
  .strictObject({
    ...keys,
    route: z.strictObject({ by: text, file: text, line: z.int().nullable() }).nullable(),
    rejected: z.array(z.strictObject({ endpoint: text, why: text })),
    steps: z.array(
      z.strictObject({
        filter: text,
        file: text.nullable(),
        line: z.int().nullable(),
        verdict: z.enum(['continue', 'reply', 'error', 'not reached', 'off']),
        reason: text.nullable(),
        start_ms: ms.nullable(),
        self_ms: ms.nullable(),
        changes: z.array(z.strictObject({ on: z.enum(['request', 'response']), set: names, removed: names })),
      }),
    ),
    calls: z.array(
      z.strictObject({
        number: count(),
        target: text.nullable(),
        result: z.enum(['success', 'failure', 'ignored']),
        status: z.int().nullable(),
        error: text.nullable(),
        start_ms: ms,
        head_ms: ms.nullable(),
        total_ms: ms,
      }),
    ),
  })
  .meta({ id: 'ExplainedExchange' })

const uses: AnyOperation['uses'] = ({ exchanges }) => exchanges
/** As many as the service gives at once. */
const MOST = 1000

export const EXCHANGES: readonly AnyOperation[] = [
  operation({
    id: 'listRecentRequests',
    method: 'GET',
    path: '/requests/recent',
    tag,
    role,
    uses,
    summary: 'The last requests, the newest first',
    query: z.strictObject({
      endpoint: z.string().max(200).optional().describe('Id of an endpoint.'),
      errors: z
        .enum(['true', 'false'])
        .transform((value) => value === 'true')
        .optional()
        .describe('`true`: only a status from 500 on, or broken off by upstream or gateway.'),
      slower_than: duration().optional().describe('Only those that took at least so long, such as `500ms`.'),
      ...pageKeys,
    }),
    responses: { 200: { about: 'A page.', schema: pageOf(recent, 'RecentExchange') } },
    handle: async ({ parts, query, x }) => {
      const { endpoint, errors, slower_than: slower_than_ms } = query
      const all = await parts.exchanges!.list({ endpoint, errors, slower_than_ms, limit: MOST })
      return page(all, (one) => JSON.stringify([one.at, one.request_id, one.client, one.path]), query, x.request.query)
    },
  }),
  operation({
    id: 'explainExchange',
    method: 'GET',
    path: '/explain/{request_id}',
    params: { request_id: 'Id of the request, percent-encoded.' },
    tag,
    role,
    uses,
    summary: 'What the gateway did with a request',
    responses: { 200: { about: 'Route, filters and attempts.', schema: explained } },
    problems: { 404: 'It is not kept any more, or was never recorded (`exchange_not_found`).' },
    handle: async ({ parts, params: { request_id: id = '' } }) => {
      const found = await parts.exchanges!.explain(id)
      if (found !== undefined) return json(200, found)
      return problem(
        404,
        'exchange_not_found',
        'There is no such request: it is not kept any more, or was never recorded.',
      )
    },
  }),
]
