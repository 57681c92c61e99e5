import * as z from 'zod'
import { statusPatterns } from '../../core/api/status-pattern.ts'
import { ACCESS_FIELDS, DEFAULT_FIELDS } from '../../core/observe/access-fields.ts'
import { oneOrMore, section } from './value-kinds.ts'

const LISTENERS = ['proxy', 'admin'] as const

const pathPattern = () =>
  z
    .string()
    .regex(/^\/(?:[^\s?#*]*\/)?\*$|^\/[^\s?#*]*$/, 'expected a path, /healthz, or what is below one, /static/*')
    .meta({ title: 'path, or path/*' })

export const accessLogShape = {
  enabled: z.boolean().default(true).describe('`false` turns the access log off.'),
  statuses: statusPatterns()
    .min(1)
    .optional()
    .describe('Statuses that are logged: numbers (`429`) or classes (`5xx`). Default: all.'),
  paths: section({
    include: oneOrMore(pathPattern()).optional().describe('Paths that are logged. Default: all.'),
    exclude: z.array(pathPattern()).default([]).describe('Paths that are not logged.'),
  })
    .prefault({})
    .describe('Paths as clients send them, `/healthz`, or all below one, `/static/*`.'),
  listeners: oneOrMore(z.enum(LISTENERS))
    .optional()
    .describe('Listeners whose requests are logged; others get no lines, not even for errors. Default: all.'),
  share: z.number().min(0).max(1).default(1).describe('Share of the requests that is logged, chosen at random.'),
  keep_errors: z
    .boolean()
    .default(true)
    .describe(
      'Whether requests that end in a 5xx, or whose response breaks off, are logged whatever `statuses`, `paths` and `share` say.',
    ),
  format: z
    .enum(['json', 'common', 'combined'])
    .default('json')
    .describe("JSON, or Apache's Common or Combined Log Format."),
  fields: oneOrMore(z.enum(ACCESS_FIELDS))
    .default([...DEFAULT_FIELDS])
    .describe('Fields of a JSON line, besides level, time and msg. Default: all but `peer` and `referer`.'),
}
