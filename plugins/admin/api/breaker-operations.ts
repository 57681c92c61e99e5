import * as z from 'zod'
import type { BreakerSelection } from '../../../core/index.ts'
import { type AnyOperation, operation } from './api-operation.ts'
import { breakerView } from './api-schemas.ts'
import { json, noEndpoint } from './contents.ts'

const selection: z.ZodType<BreakerSelection> = z
  .strictObject({
    filter: z.string().optional().describe('Name of the filter in the chain.'),
    target: z
      .string()
      .nullable()
      .optional()
      .describe('URL of the target that it guards; null: the breaker of the whole endpoint.'),
  })
  .describe('Which breakers are meant: all, where nothing is given.')
  .meta({ id: 'BreakerSelection' })

const breakers = z.strictObject({ breakers: z.array(breakerView) }).meta({ id: 'Breakers' })

const change = (name: 'reset' | 'trip', summary: string, about: string): AnyOperation =>
  operation({
    id: `${name}Breakers`,
    method: 'POST',
    path: `/circuit-breakers/{id}/${name}`,
    tag: 'health',
    role: 'operator',
    audited: true,
    summary,
    about,
    body: { types: ['application/json'], schema: selection, cap: 64 * 1024, required: false },
    responses: { 200: { about: 'All breakers of the endpoint as they are now.', schema: breakers } },
    handle: async ({ parts: { endpoints }, id, body }) => {
      const all = await (name === 'trip' ? endpoints.tripBreakers(id, body) : endpoints.resetBreakers(id, body))
      return all === undefined ? noEndpoint(id) : json(200, { breakers: all })
    },
  })

export const BREAKERS: readonly AnyOperation[] = [
  change('reset', 'Closes breakers of an endpoint, and resets their counts', 'In every worker.'),
  change(
    'trip',
    'Opens breakers of an endpoint',
    'In every worker. They recover as if calls had failed: after their reset timeout.',
  ),
]
