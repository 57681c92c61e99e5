import { type Endpoint, TargetSlot } from '../api/endpoint.ts'
import type { Exchange } from '../api/exchange.ts'
import type { Finished } from '../api/filter.ts'
import { propertyOf } from '../base/error-text.ts'
import { equalsIgnoreCase } from '../base/tokens.ts'
import { jsonText, withoutQuery } from './log-text.ts'

const LONGEST_PATH = 2048
const LONGEST_USER_AGENT = 512

type Write = (finished: Finished, x: Exchange | undefined) => string

const optional = (start: string, value: string | undefined, longest?: number): string =>
  value === undefined ? '' : start + jsonText(value, longest)

/** JSON of the endpoints' ids. */
const ids = new WeakMap<Endpoint, string>()

/** The same as `optional`, for a value that most lines share with the line before (measured: 0.2 µs less for a user agent). */
function repeated(start: string, longest?: number): (value: string | undefined) => string {
  let last: string | undefined
  let json = ''
  return (value) => {
    if (value !== last) {
      json = optional(start, value, longest)
      last = value
    }
    return json
  }
}

const host = repeated(',"host":')
const protocol = repeated(',"protocol":')
const userAgent = repeated(',"user_agent":', LONGEST_USER_AGENT)

/**
 * The fields that an access line can have, in their order, with what writes each: its JSON with a comma in front, or nothing where
 * it has no value. They are assembled by hand, because they are written for every request (measured). What came from a client is
 * escaped, and bounded in length.
 */
const WRITERS = {
  request_id: (_, x) => optional(',"request_id":', x?.requestId),
  trace_id: (_, x) => (x?.traceId === undefined ? '' : `,"trace_id":"${x.traceId}"`),
  listener: ({ listener }) => (listener === undefined ? '' : `,"listener":"${listener}"`),
  client: ({ peer }, x) => optional(',"client":', x?.downstream.address ?? peer),
  peer: ({ peer }, x) => optional(',"peer":', x?.downstream.peer ?? peer),
  method: (_, x) => optional(',"method":', x?.request.method),
  host: (_, x) => host(x?.downstream.host || undefined),
  path: (_, x) => (x === undefined ? '' : `,"path":${jsonText(x.request.path, LONGEST_PATH)}`),
  protocol: (_, x) => protocol(x && `HTTP/${x.request.httpVersion}`),
  user_agent: (_, x) => userAgent(received(x, 'user-agent')),
  referer: (_, x) => {
    const referer = received(x, 'referer')
    return optional(',"referer":', referer && withoutQuery(referer), LONGEST_PATH)
  },
  caller: (_, x) => optional(',"caller":', x?.identity?.subject),
  endpoint: (_, x) => {
    const endpoint = x?.endpoint
    if (endpoint === undefined) return ''
    let id = ids.get(endpoint)
    if (id === undefined) {
      id = `,"endpoint":${jsonText(endpoint.id)}`
      ids.set(endpoint, id)
    }
    return id
  },
  target: (_, x) => optional(',"target":', x?.get(TargetSlot)?.host),
  attempts: ({ attempts }, x) => (x?.get(TargetSlot) === undefined ? '' : `,"attempts":${attempts}`),
  reason: ({ reason }, x) => optional(',"reason":', x?.response?.local?.reason ?? reason),
  filter: (_, x) => optional(',"filter":', x?.response?.local?.filter),
  status: ({ status }) => `,"status":${status}`,
  error: ({ error }) => (error === undefined ? '' : `,"error":"${error.code}"`),
  cause: ({ error }) => optional(',"cause":', error && causeCode(error)),
  outcome: ({ outcome }) => `,"outcome":"${outcome}"`,
  bytes_received: ({ bytesReceived }) => (bytesReceived === undefined ? '' : `,"bytes_received":${bytesReceived}`),
  bytes_sent: ({ bytesSent }) => (bytesSent === undefined ? '' : `,"bytes_sent":${bytesSent}`),
  duration_ms: ({ durationMs }) => `,"duration_ms":${millis(durationMs)}`,
} as const satisfies Record<string, Write>

export type AccessField = keyof typeof WRITERS

export const ACCESS_FIELDS = Object.keys(WRITERS) as readonly AccessField[]

/** Those of a line that says nothing else; the others cost time or space in every line, and few need them. */
export const DEFAULT_FIELDS: readonly AccessField[] = ACCESS_FIELDS.filter(
  (field) => field !== 'peer' && field !== 'referer',
)

/** What writes these fields, in the order of `ACCESS_FIELDS`. */
export function writersOf(fields: readonly AccessField[]): readonly Write[] {
  return ACCESS_FIELDS.filter((field) => fields.includes(field)).map((field) => WRITERS[field])
}

/** The first field of that name as the client sent it: filters may have changed or removed it. */
export function received(x: Exchange | undefined, name: string): string | undefined {
  const fields = x?.downstream.fields
  if (fields === undefined) return undefined
  for (let i = 0; i < fields.length; i += 2) if (equalsIgnoreCase(fields[i]!, name)) return fields[i + 1]
  return undefined
}

/** The code of the system, TLS or undici: `ECONNREFUSED`. Codes are a fixed set; a message might contain anything. */
export function causeCode({ cause }: Error): string | undefined {
  const code = propertyOf(cause, 'code')
  return typeof code === 'string' && /^[A-Z][A-Z0-9_]{1,60}$/.test(code) ? code : undefined
}

/** Milliseconds with three decimals, from whole numbers: printing a double costs as much as the rest of the line (measured). */
function millis(duration: number): string {
  const micros = Math.round(duration * 1000)
  const rest = micros % 1000
  return `${(micros - rest) / 1000}.${rest < 10 ? '00' : rest < 100 ? '0' : ''}${rest}`
}
