import * as z from 'zod'
import type { LogStatus } from '../../../core/index.ts'
import { type AnyOperation, operation } from './api-operation.ts'
import { json } from './contents.ts'

const level = z.enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent']).meta({ id: 'LogLevel' })
const status: z.ZodType<LogStatus> = z
  .strictObject({ level, configured: level.describe('What the configuration says.') })
  .meta({ id: 'LogStatus' })

const tag = 'logging'
const path = '/logging'
const uses: AnyOperation['uses'] = ({ log }) => log

export const LOGGING: readonly AnyOperation[] = [
  operation({
    id: 'getLogging',
    method: 'GET',
    path,
    tag,
    role: 'viewer',
    uses,
    summary: 'The level of the log',
    responses: { 200: { about: 'The level.', schema: status } },
    handle: async ({ parts }) => json(200, await parts.log!.status()),
  }),
  operation({
    id: 'setLogging',
    method: 'PUT',
    path,
    tag,
    role: 'operator',
    // Afterwards the log may be silent.
    audited: 'first',
    uses,
    summary: 'Changes the level of the log, in every process',
    about: 'Until the process ends, or a reload brings another level.',
    body: {
      types: ['application/json'],
      cap: 64 * 1024,
      schema: z.strictObject({ level }).meta({ id: 'LogLevelChange' }),
    },
    responses: { 200: { about: 'The level now.', schema: status } },
    handle: async ({ parts, body }) => json(200, await parts.log!.setLevel(body.level), { outcome: body.level }),
  }),
]
