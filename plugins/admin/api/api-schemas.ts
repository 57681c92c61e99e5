import * as z from 'zod'
import type { BreakerView, ConfigProblem, EndpointView, TargetView } from '../../../core/index.ts'

// What several groups of operations show. The types of the services hold the schemas to what there is.

export const time = () => z.iso.datetime().describe('RFC 3339.')
export const count = () => z.int().min(0)

export const endpointStatus = z.enum(['active', 'inactive', 'disabled', 'unhealthy']).meta({ id: 'EndpointStatus' })
export const targetHealth = z.enum(['unknown', 'healthy', 'unhealthy']).meta({ id: 'TargetHealth' })
export const breakerPhase = z.enum(['closed', 'open', 'half_open']).meta({ id: 'BreakerPhase' })

export const configProblem: z.ZodType<ConfigProblem> = z
  .strictObject({
    file: z.string().describe('Name of the document.'),
    line: z.int().min(1).optional(),
    col: z.int().min(1).optional(),
    path: z.string().describe('`endpoints[0].url`, or empty.'),
    message: z.string().describe('What is wrong and what to do.'),
  })
  .meta({ id: 'ConfigProblem' })

export const problemDocument = z
  .looseObject({
    type: z.string(),
    title: z.string(),
    status: z.int().min(400).max(599),
    detail: z.string().optional(),
    instance: z.string(),
    code: z.string().describe('Machine-readable, in snake case.'),
    request_id: z.string().optional(),
    trace_id: z.string().optional(),
    errors: z
      .array(
        z.looseObject({
          detail: z.string(),
          pointer: z.string().optional().describe('JSON Pointer (RFC 6901) into the body.'),
          parameter: z.string().optional().describe('Name in the query.'),
        }),
      )
      .optional()
      .describe(
        'Each thing that is wrong, and its place; those of a configuration have `file`, `line`, `col` and `path`, too.',
      ),
  })
  .describe('RFC 9457.')
  .meta({ id: 'Problem' })

const targetView: z.ZodType<TargetView> = z
  .strictObject({
    url: z.string(),
    weight: z.number().min(0),
    health: targetHealth,
    ejected: z.boolean().describe('Whether live traffic found it bad.'),
    outstanding: count().describe('Attempts in flight.'),
    attempts: count().describe('Attempts that are over.'),
    failures: count().describe('Attempts that failed.'),
    changed_at: time(),
  })
  .meta({ id: 'Target' })

export const breakerView: z.ZodType<BreakerView> = z
  .strictObject({
    filter: z.string().describe('Name of the filter in the chain.'),
    target: z
      .string()
      .nullable()
      .describe('URL of the target that it guards; null where it guards the whole endpoint.'),
    phase: breakerPhase,
  })
  .meta({ id: 'Breaker' })

export const endpointView: z.ZodType<EndpointView> = z
  .strictObject({
    id: z.string(),
    entry: z
      .record(z.string(), z.unknown())
      .describe('Its entry in the document: references as they are written, secrets masked.'),
    file: z.string(),
    line: z.int().min(1).optional(),
    status: endpointStatus,
    changed_at: time(),
    targets: z.array(targetView),
    breakers: z.array(breakerView),
  })
  .meta({ id: 'Endpoint' })

export const endpointHealth = z
  .strictObject({
    id: z.string(),
    status: endpointStatus,
    changed_at: time(),
    targets: z.array(targetView),
    breakers: z.array(breakerView),
  })
  .meta({ id: 'EndpointHealth' })

export const configuredEndpoint = z
  .strictObject({
    id: z.string(),
    entry: z.record(z.string(), z.unknown()),
    file: z.string(),
    line: z.int().min(1).optional(),
  })
  .meta({ id: 'ConfiguredEndpoint' })
