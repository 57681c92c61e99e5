import * as z from 'zod'
import { statusPatterns } from '../../core/api/status-pattern.ts'
import { isFieldValue, isToken, TOKEN_PATTERN } from '../../core/base/tokens.ts'
import { parseBodyMatch } from '../../core/control/health-control.ts'
import { absolutePath, positiveDuration } from './value-kinds.ts'

/** Those that are the connection's own business. */
const FRAMING = /^(?:connection|content-length|expect|keep-alive|te|trailer|transfer-encoding|upgrade)$/i

const headers = () =>
  z
    .record(z.string(), z.string({ error: 'expected a text' }))
    .meta({ propertyNames: { type: 'string', pattern: TOKEN_PATTERN.source } })
    .superRefine((fields, context) => {
      for (const [name, value] of Object.entries(fields)) {
        const message = !isToken(name)
          ? 'this is no name of a header field'
          : FRAMING.test(name)
            ? 'this header field is not to be set: it belongs to the connection'
            : !isFieldValue(value)
              ? 'the value of a header field is printable ASCII, without blanks around it'
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
        context.addIssue({ code: 'custom', message: `this is no regular expression: ${(error as Error).message}` })
      }
    })

const threshold = () => z.int().min(1)

export const healthCheckShape = {
  enabled: z.boolean().default(true).describe('Whether targets are checked.'),
  path: absolutePath().optional().describe("What a check asks for, behind the target's host. Default: `/`."),
  method: z.enum(['GET', 'HEAD']).default('GET').describe('How it asks.'),
  headers: headers().optional().describe('Header fields that it sends. Default: `user-agent` alone.'),
  interval: positiveDuration().prefault('30s').describe('Time between two checks of a target.'),
  timeout: positiveDuration().prefault('10s').describe('When a check without an answer counts as failed.'),
  unhealthy_threshold: threshold().default(3).describe('Failed checks in a row that make a target unhealthy.'),
  healthy_threshold: threshold().default(2).describe('Passed checks in a row that make it healthy.'),
  statuses: statusPatterns()
    .min(1)
    .default(['2xx'])
    .describe('Statuses that pass: numbers (`204`) or classes (`2xx`). Redirects are not followed.'),
  body_match: bodyMatch()
    .optional()
    .describe('What the first 64 KiB of the body must hold: a text, or `/a regular expression/`. Default: anything.'),
}

type Shape = typeof healthCheckShape
type OwnShape = { [K in keyof Shape]: z.ZodOptional<ReturnType<Shape[K]['unwrap']>> }

/** The same keys at an endpoint: each defaults to what the document says. */
export const ownHealthCheckShape = Object.fromEntries(
  Object.entries(healthCheckShape).map(([key, kind]) => [
    key,
    (kind.unwrap() as z.ZodType)
      .optional()
      .describe(`${kind.description!.replace(/ Default: .*$/, '')} Default: as \`health_check\` of the document says.`),
  ]),
) as unknown as OwnShape

/** `health_check` of the document as it was read, and of an endpoint. */
export type HealthCheckValues = z.output<z.ZodObject<Shape>>
export type OwnHealthCheckValues = z.output<z.ZodObject<OwnShape>>
