import * as z from 'zod'
import {
  AUTHENTICATION,
  defineFilter,
  type HeaderList,
  RequestIdSlot,
  RouteSlot,
  TOKEN_PATTERN,
} from '../../core/index.ts'
import { idSource, isValidId } from './id.ts'

/** Fields with a meaning of their own: an id in one of them would break framing, authentication or sessions. */
const TAKEN = new Set([
  'authorization',
  'connection',
  'content-length',
  'content-type',
  'cookie',
  'expect',
  'host',
  'set-cookie',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
])

const options = z.strictObject({
  header: z
    .string()
    .regex(TOKEN_PATTERN, 'expected the name of a header field (RFC 9110 §5.1)')
    .refine((name) => !TAKEN.has(name.toLowerCase()), { error: 'this header field has a meaning of its own' })
    .default('X-Request-Id')
    .describe('Header field with the id, in upstream requests and in responses. It must not have another meaning.'),
  trust_incoming: z
    .union([z.boolean(), z.literal('trusted_proxies')], { error: 'expected true, false or trusted_proxies' })
    .default(true)
    .describe(
      'Whether a valid id that comes is kept: of everyone, or of `trusted_proxies` alone. `false` always creates a new one.',
    ),
  max_length: z.int().min(1).max(1024).default(128).describe('Longest incoming id that is kept, in characters.'),
})

/** Whose id is kept, by `trust_incoming`. */
const KEPT = { true: 'anyone', trusted_proxies: 'trusted', false: 'nobody' } as const

const nextId = idSource()

/** The field's value if all its lines have the same one; undefined otherwise. */
function unanimous(headers: HeaderList, lower: string): string | undefined {
  const first = headers.get(lower)
  if (first === undefined) return undefined
  for (const value of headers.all(lower)) if (value !== first) return undefined
  return first
}

export const requestId = defineFilter({
  name: 'request-id',
  apiVersion: 1,
  summary: 'Gives every request an id, or keeps the one that the client sent.',
  prompt: true,
  options,
  offline: true,
  writes: [RequestIdSlot],
  advises: [{ enforces: AUTHENTICATION }, { writes: RouteSlot }].map((before) => ({
    before,
    why: 'requests that {other} refuses have no request id, neither in the response nor in the log',
  })),
  sets: ({ header, trust_incoming }) => [{ name: header, keep: KEPT[String(trust_incoming) as keyof typeof KEPT] }],
  create({ header, trust_incoming, max_length }) {
    const lower = header.toLowerCase()
    return {
      request(x) {
        const trusted = trust_incoming === 'trusted_proxies' ? x.downstream.trusted : trust_incoming
        const incoming = trusted ? unanimous(x.request.headers, lower) : undefined
        const id = incoming !== undefined && isValidId(incoming, max_length) ? incoming : nextId()
        // Set even if the id is kept: a repeated field becomes a single one.
        x.request.headers.set(header, id)
        x.set(RequestIdSlot, id)
        x.trace?.attribute('weir.request_id', id)
      },
      response(x) {
        const id = x.requestId
        if (id !== undefined) x.response.headers.set(header, id)
      },
    }
  },
})
