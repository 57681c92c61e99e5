import * as z from 'zod'
import type { ConnectivityTest, RouteView } from '../../../core/index.ts'
import { type AnyOperation, operation } from './api-operation.ts'
import { time } from './api-schemas.ts'
import { json, noEndpoint, problem } from './contents.ts'
import { page, pageOf, pageQuery } from './pagination.ts'

const tag = 'router'
const role = 'viewer'

const route: z.ZodType<RouteView> = z
  .strictObject({
    endpoint: z.string(),
    host: z.string().nullable().describe('Null: any.'),
    path: z.string().describe('As the configuration writes it.'),
    methods: z.array(z.string()).nullable().describe('Null: any.'),
    conditions: z.array(z.string()).describe('Names of headers, cookies and query keys on which it depends.'),
    file: z.string(),
    line: z.int().min(1).nullable(),
  })
  .meta({ id: 'Route' })

const test: z.ZodType<ConnectivityTest> = z
  .strictObject({
    target: z.string(),
    passed: z.boolean(),
    steps: z.array(
      z.strictObject({
        step: z.enum(['dns', 'tcp', 'tls', 'http']),
        passed: z.boolean(),
        duration_ms: z.number().min(0),
        detail: z.string(),
        valid_from: time().optional(),
        valid_to: time().optional(),
      }) as z.ZodType<ConnectivityTest['steps'][number]>,
    ),
  })
  .meta({ id: 'ConnectivityTest' })

const request = z.strictObject({
  method: z
    .string()
    .regex(/^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,64}$/, 'expected a method')
    .default('GET'),
  url: z.string().min(1).max(8192).describe('`http://host/path?query`, or a path alone.'),
  header: z
    .array(z.string().regex(/^[!#$%&'*+.^_`|~0-9A-Za-z-]+:[^\r\n\0]*$/, 'expected "name: value"'))
    .max(100)
    .optional()
    .describe('`name: value`; may be repeated.'),
  listener: z.string().max(100).optional().describe('Default: the first that leads to endpoints.'),
  client: z.string().max(100).optional().describe('Address of the client.'),
})

const uses: AnyOperation['uses'] = ({ router }) => router

export const ROUTER: readonly AnyOperation[] = [
  operation({
    id: 'listRoutes',
    method: 'GET',
    path: '/router/routes',
    tag,
    role,
    uses,
    summary: 'What leads to endpoints',
    query: pageQuery,
    responses: { 200: { about: 'A page, in the order in which they are looked at.', schema: pageOf(route, 'Route') } },
    handle: async ({ parts, query, x }) =>
      page(await parts.router!.routes(), (one) => JSON.stringify(one), query, x.request.query),
  }),
  operation({
    id: 'testEndpoint',
    method: 'GET',
    path: '/router/test/{id}',
    tag,
    role,
    uses,
    summary: 'Whether the targets of an endpoint can be reached from here, step by step',
    responses: {
      200: {
        about: 'What each step found.',
        schema: z.strictObject({ tests: z.array(test) }).meta({ id: 'ConnectivityTests' }),
      },
    },
    handle: async ({ parts, id }) => {
      const tests = await parts.router!.test(id)
      return tests === undefined ? noEndpoint(id) : json(200, { tests })
    },
  }),
  operation({
    id: 'explainRequest',
    method: 'GET',
    path: '/router/explain',
    tag,
    role,
    uses,
    summary: 'What would happen to a request; nothing is sent',
    query: request,
    repeated: ['header'],
    responses: {
      200: {
        about: 'As `weir explain --json` tells it.',
        schema: z.record(z.string(), z.unknown()).meta({ id: 'Explanation' }),
      },
    },
    problems: { 422: 'There is no explanation; the detail says why (`not_explained`).' },
    handle: async ({ parts, query: { header, ...rest } }) => {
      const headers = header?.flatMap((line) => {
        const colon = line.indexOf(':')
        return [line.slice(0, colon), line.slice(colon + 1).trim()]
      })
      const explained = await parts.router!.explain({ ...rest, headers })
      const [[key, error] = [], ...others] = Object.entries(explained)
      if (key !== 'error' || others.length > 0) return json(200, explained)
      return problem(422, 'not_explained', String(error))
    },
  }),
]
