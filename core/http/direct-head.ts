import type { Response } from '../api/reply.ts'
import { httpDate } from '../base/http-date.ts'
import { equalsIgnoreCase, isFieldName } from '../base/tokens.ts'
import { reasonOf } from './head-writer.ts'
import { framedFields, hasBody } from './response-framing.ts'

/** What a field value may hold (RFC 9110 §5.5). */
const VALUE = /^[\t -~\x80-\xff]*$/

/** The head of a response to HTTP/1.1. */
export interface DirectHead {
  /** In latin-1. */
  readonly text: string
  readonly chunked: boolean
  /** False for a response that has no body, whatever its source gives (RFC 9110 §6.4.1). */
  readonly hasBody: boolean
}

/**
 * The head of a final response, as Node would write it to a client of HTTP/1.1. Undefined if a filter has set a field that belongs to the
 * connection, which Node obeys.
 * @param close whether the connection ends after the response
 * @param idleMs how long it may be idle otherwise
 * @throws TypeError for a head that can't be on the wire
 */
export function directHead(response: Response, method: string, close: boolean, idleMs: number): DirectHead | undefined {
  const { status, body } = response
  if (!(status >= 200 && status <= 999)) throw new TypeError(`${status} is no status of a final response`)
  const fields = framedFields(response, method)
  const sends = hasBody(status, method)
  const chunked = sends && body.length === undefined
  let dated = false
  let text = `HTTP/1.1 ${status} ${reasonOf(response)}\r\n`
  for (let i = 0; i < fields.length; i += 2) {
    const name = fields[i]!
    const value = fields[i + 1]!
    if (!isFieldName(name) || !VALUE.test(value)) throw new TypeError('a header field can not be on the wire')
    if (name.length === 4) dated ||= equalsIgnoreCase(name, 'date')
    else if (name.length === 10 && (equalsIgnoreCase(name, 'connection') || equalsIgnoreCase(name, 'keep-alive')))
      return undefined
    text += `${name}: ${value}\r\n`
  }
  if (!dated) text += `Date: ${httpDate()}\r\n`
  if (chunked) text += 'Transfer-Encoding: chunked\r\n'
  const end = close
    ? 'Connection: close\r\n\r\n'
    : `Connection: keep-alive\r\nKeep-Alive: timeout=${Math.floor(idleMs / 1000)}\r\n\r\n`
  return { text: text + end, chunked, hasBody: sends }
}
