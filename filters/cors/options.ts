import * as z from 'zod'
import { duration, TOKEN_PATTERN } from '../../core/index.ts'
import { type OriginPattern, parseOriginPattern } from './origin-pattern.ts'

const origin = z
  .string('expected a text; the origin of sandboxed frames stands in quotes: "null"')
  .transform((text, context): OriginPattern => {
    const pattern = parseOriginPattern(text)
    if (typeof pattern !== 'string') return pattern
    context.addIssue({ code: 'custom', message: pattern })
    return z.NEVER
  })

const method = z
  .string()
  .regex(TOKEN_PATTERN, 'expected a method (RFC 9110 §9.1)')
  .transform((name) => name.toUpperCase())
  .refine((name) => name !== '*', { error: 'list the methods by name' })
  .refine((name) => !['CONNECT', 'TRACE', 'TRACK'].includes(name), {
    error: 'browsers let no page send CONNECT, TRACE or TRACK (Fetch §2.2.1)',
  })

const field = z.string().regex(TOKEN_PATTERN, 'expected the name of a header field')

export const options = z
  .strictObject({
    origins: z
      .array(origin)
      .min(1, 'expected at least one origin')
      .describe(
        'Origins whose pages may read responses: `https://app.example.com`, every subdomain as `https://*.example.org`, `"null"`, or `"*"` for every origin.',
      ),
    credentials: z
      .boolean()
      .default(false)
      .describe('Whether pages may send cookies and other credentials. Not with `"*"`, `"null"` or `https://*.com`.'),
    methods: z
      .array(method)
      .prefault(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'])
      .describe(
        'Methods that pages may use. Browsers allow GET, HEAD and POST without a preflight, whatever this says.',
      ),
    headers: z
      .array(field.refine((name) => name !== '*', { error: 'leave "headers" out to allow every header field' }))
      .optional()
      .describe('Header fields that pages may send. Default: those that the preflight asks for.'),
    expose_headers: z
      .array(field)
      .default([])
      .describe('Header fields of responses that pages may read, beside those that browsers always show.'),
    max_age: duration()
      .optional()
      .describe('How long a browser may remember the response to a preflight. Default: browsers decide (5 s).'),
    private_network: z
      .boolean()
      .default(false)
      .describe('Whether pages of public sites may reach this gateway in a private network.'),
    enforce_origin: z
      .boolean()
      .default(false)
      .describe(
        '`true` refuses requests that change state, and upgrades (WebSocket), of origins that are neither allowed nor the own one: 403.',
      ),
  })
  .superRefine(({ origins, credentials, expose_headers, enforce_origin }, context) => {
    const wrong = (message: string, ...path: (string | number)[]): void =>
      context.addIssue({ code: 'custom', path, message })
    origins.forEach((pattern, i) => {
      const { text, kind } = pattern
      if (kind === 'any' && origins.length > 1) wrong('"*" allows every origin: take the others out', 'origins', i)
      if (kind === 'any' && enforce_origin)
        wrong('"*" allows every origin, so enforce_origin would refuse none: name the origins', 'origins', i)
      if (!credentials) return
      const mend = 'or take "credentials" out'
      if (kind === 'any')
        wrong(`with credentials "*" would let every site act as its visitors: name the origins, ${mend}`, 'origins', i)
      else if (kind === 'exact' && text === 'null')
        wrong(
          `with credentials "null" would let every site act as its visitors, in a sandboxed frame: take it out, ${mend}`,
          'origins',
          i,
        )
      else if (kind === 'subdomains' && pattern.labels < 2)
        wrong(
          `with credentials "${text}" would let strangers' sites act as their visitors: keep two names or more behind "*.", such as https://*.example.org, ${mend}`,
          'origins',
          i,
        )
    })
    const star = expose_headers.indexOf('*')
    if (credentials && star !== -1)
      wrong('with credentials "*" is no wildcard (Fetch §3.3.3): name the header fields', 'expose_headers', star)
  })

export type Options = z.output<typeof options>
