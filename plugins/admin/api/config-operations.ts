import * as z from 'zod'
import type { ConfigControl, ConfigStatus } from '../../../core/index.ts'
import { type AnyOperation, operation } from './api-operation.ts'
import { configProblem, configuredEndpoint, count, time } from './api-schemas.ts'
import { faultOf } from './change-refusals.ts'
import { json, problem } from './contents.ts'
import { page, pageOf, pageQuery } from './pagination.ts'

const tag = 'config'
const trigger = z.enum(['start', 'file', 'signal', 'api']).meta({ id: 'LoadTrigger' })
const problems = z.array(configProblem)

const status: z.ZodType<ConfigStatus> = z
  .strictObject({
    version: z.string().describe("Digest of the documents' text."),
    source: z.string().describe('The main document.'),
    files: z.array(z.string()),
    loaded_at: time(),
    trigger,
    endpoints: count(),
    warnings: problems,
    last_failure: z.strictObject({ at: time(), trigger, problems }).nullable(),
    watch: z.strictObject({ mode: z.enum(['events', 'polling', 'off']), error: z.string().nullable() }),
    restart_due: z.array(z.strictObject({ plugin: z.string(), workers: z.array(z.int()) })),
  })
  .meta({ id: 'ConfigStatus' })

const outcome = z
  .strictObject({
    outcome: z.enum(['applied', 'unchanged']),
    version: z.string(),
    problems,
    warnings: problems,
    duration_ms: z.number().min(0),
  })
  .meta({ id: 'ReloadOutcome' })

const validation = z.strictObject({ valid: z.boolean(), problems, warnings: problems }).meta({ id: 'Validation' })

const difference = z
  .strictObject({
    valid: z.boolean(),
    problems,
    changes: z.array(z.record(z.string(), z.unknown())).describe('As `weir diff --json` tells them.'),
  })
  .meta({ id: 'ConfigDifference' })

/** A whole configuration, as text. */
const document = {
  types: ['application/yaml', 'application/x-yaml', 'text/yaml', 'text/x-yaml', 'text/plain', 'application/json'],
  cap: 4 * 1024 * 1024,
} as const

/** The methods that a source of configurations may lack. */
const uses =
  (method: 'validate' | 'diff' | 'schema') =>
  ({ config }: { readonly config: ConfigControl }): unknown =>
    config[method]

export const CONFIG: readonly AnyOperation[] = [
  operation({
    id: 'getConfigStatus',
    method: 'GET',
    path: '/config/status',
    tag,
    role: 'viewer',
    conditional: 'version',
    summary: 'The configuration that runs, and the last one that failed',
    responses: { 200: { about: 'Version, documents, warnings, and the last failure.', schema: status } },
    handle: async ({ parts: { config } }) => json(200, await config.status()),
  }),
  operation({
    id: 'reloadConfig',
    method: 'POST',
    path: '/config/reload',
    tag,
    role: 'operator',
    audited: true,
    summary: 'Loads the configuration again',
    responses: { 200: { about: 'It runs, or means what ran before.', schema: outcome } },
    problems: {
      422: 'It is not valid (`config_invalid`). The old one goes on; the members of the outcome are there, too.',
    },
    handle: async ({ parts: { config } }) => {
      const result = await config.reload('api')
      if (result.outcome !== 'failed') return json(200, result, { outcome: result.outcome })
      const errors = result.problems.map((one) => faultOf(one))
      return problem(422, 'config_invalid', 'The configuration is not valid. The old one goes on.', {
        extra: { ...result, errors },
      })
    },
  }),
  operation({
    id: 'validateConfig',
    method: 'POST',
    path: '/config/validate',
    tag,
    role: 'operator',
    summary: 'Checks a document as if it were the configuration',
    about: 'It stands in the place of the main document; nothing is changed.',
    body: document,
    uses: uses('validate'),
    responses: { 200: { about: 'Whether it would load, and what is wrong or unwise.', schema: validation } },
    handle: async ({ parts: { config }, body }) => json(200, await config.validate!(body as unknown as string)),
  }),
  operation({
    id: 'diffConfig',
    method: 'POST',
    path: '/config/diff',
    tag,
    role: 'operator',
    summary: 'Compares a document with the configuration that runs',
    body: document,
    uses: uses('diff'),
    responses: { 200: { about: 'What would change.', schema: difference } },
    handle: async ({ parts: { config }, body }) => json(200, await config.diff!(body as unknown as string)),
  }),
  operation({
    id: 'listConfiguredEndpoints',
    method: 'GET',
    path: '/config/endpoints',
    tag,
    role: 'viewer',
    conditional: 'version',
    summary: 'The entries of the endpoints, and where they are written',
    query: pageQuery,
    responses: {
      200: {
        about: 'A page, in the order of the configuration.',
        schema: pageOf(configuredEndpoint, 'ConfiguredEndpoint'),
      },
    },
    handle: async ({ parts, query, x }) => {
      const all = await parts.endpoints.list()
      const entries = all.map(({ id, entry, file, line }) => ({ id, entry, file, line }))
      return page(entries, ({ id }) => id, query, x.request.query)
    },
  }),
  operation({
    id: 'getConfigSchema',
    method: 'GET',
    path: '/config/schema',
    tag,
    role: 'viewer',
    conditional: 'version',
    summary: 'The JSON Schema of a configuration, with the plugins that run',
    uses: uses('schema'),
    responses: {
      200: {
        about: 'JSON Schema, draft 2020-12.',
        schema: z.record(z.string(), z.unknown()).meta({ id: 'JsonSchema' }),
      },
    },
    handle: async ({ parts: { config } }) => json(200, await config.schema!()),
  }),
]
