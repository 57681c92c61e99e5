import { validateHeaderName, validateHeaderValue } from 'node:http'
import * as z from 'zod'
import { type LocalReply, reply } from '../../core/index.ts'

/** Fields of the connection and of framing, which the gateway sets (RFC 9110 §7.6.1, §8.6). */
const FRAMING = ['content-length', 'transfer-encoding', 'connection', 'keep-alive', 'upgrade', 'trailer', 'te'] as const

/** Statuses of responses without a body (RFC 9110 §15.3.5, §15.3.6). */
const BODILESS: readonly number[] = [204, 205]

export const defaultResponse = z
  .strictObject({
    status: z
      .int()
      .min(200)
      .max(599)
      .refine((status) => status !== 206 && status !== 304, { error: 'expected a status other than 206 and 304' })
      .default(200)
      .describe('Status of the response.'),
    headers: z
      .record(z.string(), z.string())
      .default({})
      .describe('Header fields of the response. `Content-Type` is required with a `body`.'),
    body: z
      .string()
      .optional()
      .describe('Body of the response, as text. Default: none, or a problem document if the status is 400 or more.'),
  })
  .superRefine(({ status, headers, body }, context) => {
    const wrong = (path: string[], message: string): void => context.addIssue({ code: 'custom', path, message })
    for (const [name, value] of Object.entries(headers)) {
      if (FRAMING.some((framing) => framing === name.toLowerCase()))
        wrong(['headers', name], 'the gateway sets this field itself')
      else if (!writable(name, value)) wrong(['headers', name], 'not a valid header field')
    }
    if (body === undefined || body === '') return
    if (BODILESS.includes(status)) wrong(['body'], `a response with status ${status} has no body`)
    else if (!named(headers, 'content-type')) wrong(['headers'], 'a body needs its Content-Type')
  })

export type DefaultResponse = z.output<typeof defaultResponse>

/** The operator's response, with further fields unless the operator sets them. */
export function defaultResponseReply(
  { status, headers, body }: DefaultResponse,
  more: Readonly<Record<string, string>>,
): LocalReply {
  const fields: Record<string, string> = { ...headers }
  for (const [name, value] of Object.entries(more)) if (!named(headers, name.toLowerCase())) fields[name] = value
  return reply(status, 'breaker_open', { headers: fields, ...(body === undefined ? {} : { body }) })
}

const named = (headers: Readonly<Record<string, string>>, lower: string): boolean =>
  Object.keys(headers).some((name) => name.toLowerCase() === lower)

function writable(name: string, value: string): boolean {
  try {
    validateHeaderName(name)
    validateHeaderValue(name, value)
    return true
  } catch {
    return false
  }
}
