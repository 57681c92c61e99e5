import { Readable } from 'node:stream'
import * as z from 'zod'
import { Body } from '../../../core/index.ts'
import { type AnyOperation, type Content, operation } from './api-operation.ts'
import { json, problem, text } from './contents.ts'
import { SWAGGER_FIELDS, SWAGGER_PAGE, swaggerAsset } from './swagger-ui.ts'

const tag = 'meta'

/** What orchestrators and load balancers ask for. */
export const PROBES: readonly AnyOperation[] = [
  operation({
    id: 'getLive',
    method: 'GET',
    path: '/livez',
    tag,
    role: 'open',
    summary: 'Whether the process is alive; if not, it wants a restart',
    responses: { 200: { about: 'It is.' }, 503: { about: 'No worker answers.' } },
    handle: async ({ parts: { status } }) =>
      (await status.live()) ? text(200, 'ok\n') : unavailable('no worker answers\n'),
  }),
  operation({
    id: 'getReady',
    method: 'GET',
    path: '/readyz',
    tag,
    role: 'open',
    summary: 'Whether the process takes traffic; ?verbose lists the checks',
    query: z.looseObject({ verbose: z.string().optional().describe('Whatever its value: lists the checks.') }),
    responses: { 200: { about: 'It does.' }, 503: { about: 'It does not; the checks are listed.' } },
    handle: async ({ parts: { status }, query }) => {
      const ready = await status.ready()
      if (ready && query.verbose === undefined) return text(200, 'ok\n')
      // Like the `/readyz` of Kubernetes, which always lists the checks if one fails (Kubernetes API health endpoints).
      const checks = Object.entries(await status.checks()).map(([name, holds]) =>
        holds ? `[+]${name} ok\n` : `[-]${name} failed\n`,
      )
      const list = `${checks.join('')}readyz check ${ready ? 'passed' : 'failed'}\n`
      return ready ? text(200, list) : unavailable(list)
    },
  }),
]

const unavailable = (data: string): Content => ({ ...text(503, data), headers: { 'Retry-After': '1' } })

/** @param described the OpenAPI document and the list of operations, of all operations of the API */
export const meta = (described: { document(version: string): unknown; list(): string }): readonly AnyOperation[] => [
  ...PROBES,
  operation({
    id: 'getMetrics',
    method: 'GET',
    path: '/metrics',
    tag,
    role: 'open',
    summary: 'Metrics for Prometheus',
    about: 'OpenMetrics, with exemplars, where `Accept` names it; else the Prometheus text format.',
    responses: { 200: { about: 'The exposition.', type: '*/*' } },
    handle: async ({ parts: { status }, x }) => {
      const { type, content } = await status.metrics(x.request.headers.joined('accept'))
      const length = content.reduce((sum, piece) => sum + piece.length, 0)
      return { status: 200, type, data: Body.from(Readable.from(content), length) }
    },
  }),
  operation({
    id: 'getDescription',
    method: 'GET',
    path: '/openapi.json',
    tag,
    role: 'viewer',
    summary: 'The OpenAPI document of this API',
    responses: { 200: { about: 'OpenAPI 3.1.', schema: z.record(z.string(), z.unknown()).meta({ id: 'OpenApi' }) } },
    handle: ({ parts: { status } }) => json(200, described.document(status.version)),
  }),
  operation({
    id: 'getDocs',
    method: 'GET',
    path: '/docs',
    tag,
    role: 'viewer',
    summary: 'This API in a browser (Swagger UI)',
    responses: { 200: { about: 'A page that loads nothing from elsewhere.', type: 'text/html' } },
    handle: () => ({ status: 200, type: 'text/html; charset=utf-8', data: SWAGGER_PAGE, headers: SWAGGER_FIELDS }),
  }),
  operation({
    id: 'getDocsAsset',
    method: 'GET',
    path: '/docs/{asset}',
    params: { asset: 'Name of a file of the page.' },
    tag,
    role: 'viewer',
    summary: 'Files of that page',
    responses: { 200: { about: 'The file.', type: '*/*' } },
    problems: {
      404: 'There is no such file (`admin_not_found`).',
      501: 'Swagger UI is not installed (`not_available`).',
    },
    handle: async ({ params: { asset = '' } }) =>
      (await swaggerAsset(asset)) ?? problem(404, 'admin_not_found', 'There is no such file.'),
  }),
  operation({
    id: 'getIndex',
    method: 'GET',
    path: '/',
    tag,
    role: 'open',
    summary: 'This list',
    responses: { 200: { about: 'The operations, as plain text.' } },
    handle: ({ parts: { status } }) => text(200, `weir ${status.version}\n\n${described.list()}`),
  }),
]
