// A gateway with one wrong filter in its chain.
import type { RequestListener } from 'node:http'
import type { Test } from 'tap'
import { defineFilter, type Filter, type Outcome } from '../../core/index.ts'
import { specOf, startGateway } from '../../core/testing.ts'
import { startUpstream } from './upstream.ts'

export interface BadFilterSetup {
  upstream?: RequestListener
  proxy?: object
  hookTimeoutMs?: number
}
export const TEXT = 'from the upstream'
export const GET = 'GET /api HTTP/1.1\r\nHost: a\r\n\r\n'
export const GET_LAST = 'GET /api HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n'

/** A gateway whose chain has the filter, behind one that keeps how attempts ended. */
export async function gatewayWith(
  t: Test,
  filter: object,
  { upstream, proxy = {}, hookTimeoutMs }: BadFilterSetup = {},
) {
  const server = await startUpstream(
    upstream ?? ((request, response) => void request.resume().on('end', () => response.end(TEXT))),
  )
  const outcomes: Outcome[] = []
  const witness = { settled: (_x: unknown, _attempt: unknown, outcome: Outcome) => void outcomes.push(outcome) }
  const made = (name: string, hooks: object) => defineFilter({ name, apiVersion: 1, create: () => hooks as Filter })
  const chain = [
    ['route-match', { prefix: '' }],
    'witness',
    { factory: 'bad', hookTimeoutMs },
    ['proxy', proxy],
    'metrics',
  ]
  const gateway = await startGateway(specOf([{ name: 'api', url: server.url }], chain as never), {
    filters: [made('bad', filter), made('witness', witness)],
  })
  t.teardown(async () => {
    server.server.closeAllConnections()
    await Promise.all([gateway.close(), server.close()])
  })
  const errors = async () => (await gateway.metric('weir_filter_errors_total', { filter: 'bad' })) ?? 0
  return { ...gateway, upstream: server.server, outcomes, errors }
}
