import { validateHeaderName, validateHeaderValue } from 'node:http'
import * as z from 'zod'
import { type LocalReply, reply } from '../../core/index.ts'

/** Fields that belong to the connection or the framing (RFC 9110 §7.6.1, §8.6), which the gateway sets. */
const FRAMING = ['content-length', 'transfer-encoding', 'connection', 'keep-alive', 'upgrade', 'trailer', 'te'] as const

/** Statuses whose answers have no body (RFC 9110 §15.3.5, §15.3.6). */
const BODILESS: readonly number[] = [204, 205]

export const defaultResponse = z
  .strictObject({
    status: z
      .int()
      .min(200)
      .max(599)
      .refine((status) => status !== 206 && status !== 304, { error: 'expected a status that stands for itself' })
      .default(200)
      .describe('Its status.'),
    headers: z
      .record(z.string(), z.string())
      .default({})
      .describe('Its fields; `Content-Type` is required with a `body`.'),
    body: z
      .string()
      .optional()
      .describe('Its body, as text. Default: none; from status 400 on, a problem document like that of other errors.'),
  })
  .superRefine(({ status, headers, body }, context) => {
    const wrong = (path: string[], message: string): void => context.addIssue({ code: 'custom', path, message })
    for (const [name, value] of Object.entries(headers)) {
      if (FRAMING.some((framing) => framing === name.toLowerCase()))
        wrong(['headers', name], 'the gateway sets this field')
      else if (!writable(name, value)) wrong(['headers', name], 'no field can be written like this')
    }
    if (body === undefined || body === '') return
    if (BODILESS.includes(status)) wrong(['body'], `an answer with status ${status} has no body`)
    else if (!named(headers, 'content-type')) wrong(['headers'], 'a body needs its Content-Type')
  })

export type DefaultResponse = z.output<typeof defaultResponse>

/** Makes the operator's answer. The caller adds what every refusal carries. */
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
