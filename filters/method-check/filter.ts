import * as z from 'zod'
import { defineFilter, RouteSlot, reply, TOKEN_PATTERN } from '../../core/index.ts'
import { allowed } from './allow-field.ts'

const method = z
  .string()
  .regex(TOKEN_PATTERN, 'expected a method (RFC 9110 §9.1)')
  .transform((name) => name.toUpperCase())
  .refine((name) => name !== 'CONNECT' && name !== 'TRACE', { error: 'CONNECT and TRACE are never forwarded' })

const options = z.strictObject({
  methods: z
    .array(method)
    .min(1, 'expected at least one method; leave the option out to allow every method')
    .optional()
    .describe('Methods that are forwarded, in upper or lower case. GET includes HEAD. Default: every method.'),
  check_override: z
    .boolean()
    .default(false)
    .describe(
      '`true`: the method in `X-HTTP-Method-Override`, `X-HTTP-Method` or `X-Method-Override` must be listed, too. For upstreams that obey these fields.',
    ),
})

const NONE: readonly string[] = []

/** Fields in which clients that can send GET and POST alone name another method. */
const OVERRIDES = ['x-http-method-override', 'x-http-method', 'x-method-override']

export const methodCheck = defineFilter({
  name: 'method-check',
  apiVersion: 1,
  summary: 'Refuses methods that the endpoint does not list.',
  prompt: true,
  options,
  offline: true,
  reads: [RouteSlot],
  create({ methods, check_override }) {
    // RFC 9110 §9.1: 501 for a method that the server implements for no resource. 405 would say that another resource has it.
    const notImplemented = reply(501, 'method_not_implemented', {
      detail: 'This gateway does not implement the method.',
    })
    if (methods === undefined) {
      return {
        routed({ request: { method } }) {
          if (method === 'TRACE' || method === 'CONNECT') return notImplemented
        },
      }
    }
    const { forwarded, allow } = allowed(methods)
    const headers = { Allow: allow }
    // RFC 9110 §15.5.6: a 405 must carry Allow.
    const notAllowed = reply(405, 'method_not_allowed', { headers, detail: `Allowed methods: ${allow}.` })
    // RFC 9110 §9.3.7: OPTIONS asks which methods there are, and the gateway knows them.
    const options = reply(204, 'options', { headers })
    return {
      routed({ request: { method, headers } }) {
        if (forwarded.has(method)) {
          const named = check_override ? OVERRIDES.flatMap((field) => headers.all(field)) : NONE
          return named.every((one) => forwarded.has(one.trim().toUpperCase())) ? undefined : notAllowed
        }
        if (method === 'OPTIONS') return options
        return method === 'TRACE' || method === 'CONNECT' ? notImplemented : notAllowed
      },
    }
  },
})
