import * as z from 'zod'
import { type AnyOperation, operation } from './api-operation.ts'
import { breakerPhase, count, endpointStatus, targetHealth } from './api-schemas.ts'
import { problem } from './contents.ts'

const at = count().describe('Milliseconds since the Unix epoch.')
const of = { at, endpoint: z.string() }
const type = <const T extends string>(...names: readonly [T, ...T[]]) => z.enum(names)

/** What stands in `data` of an event. */
export const gatewayEvent = z
  .discriminatedUnion('type', [
    z.strictObject({ type: type('endpoint_added', 'endpoint_removed'), ...of }),
    z.strictObject({ type: type('endpoint_status'), ...of, from: endpointStatus, to: endpointStatus }),
    z.strictObject({
      type: type('target_health'),
      ...of,
      target: z.string(),
      from: targetHealth,
      to: targetHealth,
      reason: z.string(),
    }),
    z.strictObject({ type: type('target_ejected', 'target_returned'), ...of, target: z.string(), reason: z.string() }),
    z.strictObject({
      type: type('breaker_state'),
      ...of,
      filter: z.string(),
      target: z.string().optional().describe('Missing where one breaker guards the whole endpoint.'),
      from: breakerPhase,
      to: breakerPhase,
      reason: z.string(),
      until: z.number().optional().describe('When probes may go out; milliseconds since the Unix epoch.'),
    }),
    z.strictObject({
      type: type('config_applied', 'config_failed'),
      at,
      trigger: z.enum(['start', 'file', 'signal', 'api']),
      version: z.string(),
      problems: count(),
    }),
    z.strictObject({ type: type('worker_started', 'worker_ended'), at, worker: z.int() }),
    z.strictObject({ type: type('missed'), at }).describe('Events were missed: they are not kept any more.'),
  ])
  .meta({ id: 'GatewayEvent' })

export const EVENTS: readonly AnyOperation[] = [
  operation({
    id: 'readEvents',
    method: 'GET',
    path: '/events',
    tag: 'events',
    role: 'viewer',
    uses: ({ events }) => events,
    summary: 'What happens to the gateway, as server-sent events',
    about:
      'Each event has `id`, `event` (its `type`) and `data` (a `GatewayEvent` as JSON); comments keep the connection open. With `Last-Event-ID` it goes on behind that event; where events in between are not kept any more, an event `missed` comes first. A reader that does not read is dropped when it is 1,000 events behind.',
    responses: { 200: { about: 'Events, until the client leaves or the gateway stops.', type: 'text/event-stream' } },
    problems: { 503: 'There are 1,000 readers already (`events_busy`).' },
    handle: ({ parts, x }) => {
      const data = parts.events!.open(x.request.headers.get('last-event-id'))
      if (data !== undefined) return { status: 200, type: 'text/event-stream', data }
      return problem(503, 'events_busy', 'There are too many readers.', { headers: { 'Retry-After': '10' } })
    },
  }),
]
