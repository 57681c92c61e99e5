import * as z from 'zod'
import { statusPatterns } from '../../core/api/status-pattern.ts'
import { isFieldValue, isToken, TOKEN_PATTERN } from '../../core/base/tokens.ts'
import { parseBodyMatch } from '../../core/control/health-control.ts'
import { absolutePath, positiveDuration } from './value-kinds.ts'

/** Header fields that the connection sets. */
const FRAMING = /^(?:connection|content-length|expect|keep-alive|te|trailer|transfer-encoding|upgrade)$/i

const headers = () =>
  z
    .record(z.string(), z.string({ error: 'expected a text' }))
    .meta({ propertyNames: { type: 'string', pattern: TOKEN_PATTERN.source } })
    .superRefine((fields, context) => {
      for (const [name, value] of Object.entries(fields)) {
        const message = !isToken(name)
          ? 'this is not the name of a header field'
          : FRAMING.test(name)
            ? "this header field can't be set: it belongs to the connection"
            : !isFieldValue(value)
              ? 'the value of a header field must be printable ASCII without spaces around it'
              : undefined
        if (message !== undefined) context.addIssue({ code: 'custom', path: [name], message })
      }
    })
    .transform((fields) => Object.fromEntries(Object.entries(fields).map(([name, v]) => [name.toLowerCase(), v])))

const bodyMatch = () =>
  z
    .string()
    .min(1)
    .superRefine((text, context) => {
      try {
        parseBodyMatch(text)
      } catch (error) {
        context.addIssue({ code: 'custom', message: `this is not a regular expression: ${(error as Error).message}` })
      }
    })

const threshold = () => z.int().min(1)

export const healthCheckShape = {
  enabled: z.boolean().default(true).describe('`false` turns the checks off.'),
  path: absolutePath().optional().describe('Path of the check request, on the host of the target. Default: `/`.'),
  method: z.enum(['GET', 'HEAD']).default('GET').describe('Method of the check request.'),
  headers: headers().optional().describe('Header fields of the check request. Default: `user-agent` alone.'),
  interval: positiveDuration().prefault('30s').describe('Time between two checks of a target.'),
  timeout: positiveDuration().prefault('10s').describe('Time after which a check without a response has failed.'),
  unhealthy_threshold: threshold()
    .default(3)
    .describe('Number of failed checks in a row that make a target unhealthy.'),
  healthy_threshold: threshold().default(2).describe('Number of passed checks in a row that make a target healthy.'),
  statuses: statusPatterns()
    .min(1)
    .default(['2xx'])
    .describe('Statuses with which a check passes: numbers (`204`) or classes (`2xx`). Redirects are not followed.'),
  body_match: bodyMatch()
    .optional()
    .describe('A text that the first 64 KiB of the body must contain, or `/a regular expression/`. Default: none.'),
}

type Shape = typeof healthCheckShape
type OwnShape = { [K in keyof Shape]: z.ZodOptional<ReturnType<Shape[K]['unwrap']>> }

/** The same keys at an endpoint: the default of each is the value of the document. */
export const ownHealthCheckShape = Object.fromEntries(
  Object.entries(healthCheckShape).map(([key, kind]) => [
    key,
    (kind.unwrap() as z.ZodType)
      .optional()
      .describe(`${kind.description!.replace(/ Default: .*$/, '')} Default: that of \`health_check\` of the document.`),
  ]),
) as unknown as OwnShape

/** The values of `health_check` in the document, and at an endpoint. */
export type HealthCheckValues = z.output<z.ZodObject<Shape>>
export type OwnHealthCheckValues = z.output<z.ZodObject<OwnShape>>
